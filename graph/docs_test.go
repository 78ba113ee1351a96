package graph_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var fenced = regexp.MustCompile("(?ms)^```graphql\n# ([A-Z_]+)\n(.*?)^```$")

// TestTheExamplesOfAccessRun runs every example of the documentation, in its order, as the role that its first line
// names. Nothing may be wrong with any of them.
func TestTheExamplesOfAccessRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(deal{name: "open", owner: "Rita", stage: "Proposal"})
	text, err := os.ReadFile("../docs/domain/access.md")
	require.NoError(t, err)
	who := map[string]string{"ADMIN": "Ada", "OPS": "Olga"}
	vars := object{
		"user": gid(w.users["Rita"]), "successor": gid(w.users["Rob"]), "manager": gid(w.users["Mina"]), "team": gid(w.teams["West"]),
		"parent": gid(w.teams["Revenue"]), "territory": gid(w.territories["West"]),
		"token": w.ok("Ada", `{ tokens(where: {name: {eq: "Wes"}}) { nodes { id } } }`).at("tokens", "nodes", 0, "id"),
	}
	examples := fenced.FindAllStringSubmatch(string(text), -1)
	require.Len(t, examples, strings.Count(string(text), "```graphql"), "an example's first line names a role")
	for _, e := range examples {
		a := w.as(who[e[1]], e[2], vars)
		assert.Empty(t, a.Errors, "%s\n%s", e[2], a.Body)
		for field, payload := range a.Data {
			if m, ok := payload.(object); ok && m["errors"] != nil {
				assert.Empty(t, m["errors"], "%s\n%s", field, a.Body)
			}
		}
	}
}
