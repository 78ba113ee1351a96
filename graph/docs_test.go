package graph_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/errs"
)

// example is a fenced graphql block: who sends it, the code that is expected of it if any, and the json block of its
// variables if one follows.
var example = regexp.MustCompile("(?m)^```graphql (\\w+)(?: (\\w+))?\\n((?:.*\\n)*?)```\\n(?:```json\\n((?:.*\\n)*?)```\\n)?")

// TestExamplesOfTheAPI sends every example of docs/api.md.
func TestExamplesOfTheAPI(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.put(deal{name: "one", owner: "Rita", stage: "Proposal", account: "Acme"})
	who := map[string]string{"sales": "Rita", "manager": "Max", "ops": "Olga", "cs": "Carla", "leadership": "Lea", "admin": "Ada", "finance": "Finn"}
	fill := strings.NewReplacer("deal_…", gid(ids[0]), "account_…", gid(w.accounts["Acme"]), "user_…", gid(w.users["Rita"]))
	text, err := os.ReadFile("../docs/api.md")
	require.NoError(t, err)
	found := example.FindAllStringSubmatch(string(text), -1)
	assert.Len(t, found, strings.Count(string(text), "```graphql"), "an example that names no role is not run")
	assert.Greater(t, len(found), 5)
	for _, e := range found {
		require.Contains(t, who, e[1])
		vars := map[string]any{}
		if e[4] != "" {
			require.NoError(t, json.Unmarshal([]byte(fill.Replace(e[4])), &vars), e[4])
		}
		a := w.as(who[e[1]], fill.Replace(e[3]), vars)
		assert.Equal(t, e[2], a.code(), "%s\n%s", e[3], a.Body)
		for _, payload := range a.Data {
			if p, ok := payload.(map[string]any); ok && p["errors"] != nil {
				assert.Empty(t, p["errors"], "%s\n%s", e[3], a.Body)
			}
		}
		if strings.Contains(e[3], "first: 50") {
			assert.InDelta(t, 102, a.cost("requested"), 0, "the cost that the page works out")
		}
	}
}

// TestTheCodesAreDocumented holds the page's list of codes to the program's.
func TestTheCodesAreDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../docs/api.md")
	require.NoError(t, err)
	for _, code := range []errs.Code{
		errs.Unauthenticated, errs.Forbidden, errs.NotFound, errs.BadInput, errs.BadCursor, errs.Conflict, errs.LimitExceeded,
		errs.CostExceeded, errs.RateLimited, errs.Timeout, errs.Internal,
	} {
		assert.Contains(t, string(text), "| "+string(code)+" |")
	}
}
