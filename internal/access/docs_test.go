package access_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
)

var rewrite = flag.Bool("rewrite", false, "write the documentation's tables anew")

const docsFile = "../../docs/domain/access.md"

// TestTheBuiltInPolicyIsDocumented holds the documentation's matrix to the built-in policy.
func TestTheBuiltInPolicyIsDocumented(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(docsFile)
	require.NoError(t, err)
	head, rest, ok := strings.Cut(string(text), "-rewrite -->\n")
	require.True(t, ok)
	got, tail, ok := strings.Cut(rest, "<!-- /matrix -->")
	require.True(t, ok)
	want := matrix()
	if *rewrite {
		require.NoError(t, os.WriteFile(docsFile, []byte(head+"-rewrite -->\n"+want+"<!-- /matrix -->"+tail), 0o644))
		return
	}
	assert.Equal(t, want, got, "the matrix is stale: go test ./internal/access -run Documented -rewrite")
}

// matrix renders the policy, with a row for each permission and a column for each role that has any.
func matrix() string {
	roles := access.Roles[:len(access.Roles)-1] // INTEGRATION grants nothing by itself
	var b strings.Builder
	b.WriteString("\n| permission |")
	for _, r := range roles {
		fmt.Fprintf(&b, " %s |", r)
	}
	b.WriteString(" can reach |\n|" + strings.Repeat("---|", len(roles)+2) + "\n")
	for _, p := range access.Permissions() {
		fmt.Fprintf(&b, "| %s %s |", p.Object, p.Action)
		for _, role := range roles {
			var granted []string
			for _, r := range access.Builtin {
				if r.Role == role && r.Object == p.Object && r.Action == p.Action {
					granted = append(granted, string(r.Reach))
				}
			}
			if granted == nil {
				granted = []string{"–"}
			}
			fmt.Fprintf(&b, " %s |", strings.Join(granted, ", "))
		}
		var reaches []string
		for _, r := range access.ReachesOf(p.Object, p.Action) {
			reaches = append(reaches, string(r))
		}
		fmt.Fprintf(&b, " %s |\n", strings.Join(reaches, ", "))
	}
	return b.String() + "\n"
}

// TestTheBuiltInPolicyCanBeSet holds the policy that orgs start from to what policySet accepts.
func TestTheBuiltInPolicyCanBeSet(t *testing.T) {
	t.Parallel()
	for _, r := range access.Builtin {
		assert.Contains(t, access.ReachesOf(r.Object, r.Action), r.Reach, "%s %s:%s", r.Role, r.Object, r.Action)
		assert.NoError(t, access.SetPolicyParams{Role: r.Role, Object: r.Object, Action: r.Action, Reaches: []access.Reach{r.Reach}}.Validate())
	}
	for _, p := range access.Permissions() {
		of := access.ReachesOf(p.Object, p.Action)
		assert.Equal(t, access.All, of[len(of)-1], p)
		assert.True(t, slices.IsSortedFunc(of, func(a, b access.Reach) int {
			return slices.Index(order, a) - slices.Index(order, b)
		}), p)
	}
}

var order = []access.Reach{access.Own, access.Credited, access.Team, access.Territory, access.Customers, access.Won, access.CSVisible, access.All}
