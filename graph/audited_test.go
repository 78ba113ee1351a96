package graph_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
)

// TestEveryMutationIsAudited makes each mutation once and wants its row: a new mutation without a case fails.
func TestEveryMutationIsAudited(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rita, east, acme := gid(w.users["Rita"]), gid(w.teams["East"]), gid(w.accounts["Acme"])
	d := gid(w.put(deal{name: "d", owner: "Rita", stage: "Prospecting"})[0])
	contact := w.ok("Rita", `mutation { contactCreate(input: {name: "Jo", email: "jo@acme.example"}) { contact { id } } }`).at("contactCreate", "contact", "id")
	token := w.ok("Ada", `mutation { tokenCreate(input: {name: "x", roles: [OPS]}) { token { id } } }`).at("tokenCreate", "token", "id")
	cases := map[string]struct{ who, input, selection, kind, field string }{
		"policySet":     {"Ada", `role: SALES, object: "account", action: "merge", reaches: [OWN]`, "errors { message }", "POLICY_CHANGED", "reaches"},
		"roleGrant":     {"Ada", fmt.Sprintf(`userId: %q, role: OPS`, rita), "errors { message }", "POLICY_CHANGED", "role"},
		"roleRevoke":    {"Ada", fmt.Sprintf(`userId: %q, role: SALES`, rita), "errors { message }", "POLICY_CHANGED", "role"},
		"tokenCreate":   {"Ada", `name: "sync", roles: [INTEGRATION], allow: ["deal:read:all"]`, "errors { message }", "CREATED", "allow"},
		"tokenRevoke":   {"Ada", fmt.Sprintf(`tokenId: %q`, token), "errors { message }", "UPDATED", "revokedAt"},
		"userInvite":    {"Ada", `name: "New", email: "new@acme.example"`, "errors { message }", "CREATED", "email"},
		"userUpdate":    {"Ada", fmt.Sprintf(`userId: %q, teamId: %q, title: "Lead"`, gid(w.users["Rob"]), gid(w.teams["West"])), "errors { message }", "UPDATED", "team"},
		"teamSet":       {"Ada", fmt.Sprintf(`teamId: %q, name: "Orient"`, east), "errors { message }", "UPDATED", "name"},
		"accountCreate": {"Olga", `name: "New"`, "errors { message }", "CREATED", "name"},
		"accountUpdate": {"Olga", fmt.Sprintf(`accountId: %q, country: "France"`, acme), "errors { message }", "UPDATED", "country"},
		"contactCreate": {"Olga", `name: "New"`, "errors { message }", "CREATED", "name"},
		"contactUpdate": {"Olga", fmt.Sprintf(`contactId: %q, phone: "123"`, contact), "errors { message }", "UPDATED", "phone"},
		"dealCreate":    {"Olga", `name: "New"`, "errors { message }", "CREATED", "stage"},
		"dealUpdate":    {"Olga", fmt.Sprintf(`dealId: %q, nextStep: "call"`, d), "errors { message }", "UPDATED", "nextStep"},
		"productDefine": {"Olga", `key: "gtx", name: "GTX"`, "errors { message }", "CREATED", "key"},
	}
	for _, f := range published(t).Mutation.Fields {
		c, ok := cases[f.Name]
		if !assert.True(t, ok, "%s has no case here", f.Name) {
			continue
		}
		count := func() (n int, newest answer) {
			a := w.ok("Lea", `{ auditLog(first: 5, orderBy: [{field: OCCURRED_AT, direction: DESC}]) { totalCount nodes { kind by { name } changes { field before after } requestId } } }`)
			return int(a.at("auditLog", "totalCount").(float64)), a
		}
		before, _ := count()
		w.clock.add(1e9)
		a := w.ok(c.who, "mutation { "+f.Name+"(input: {"+c.input+"}) { "+c.selection+" } }")
		assert.Empty(t, a.at(f.Name, "errors"), f.Name)
		after, log := count()
		assert.Equal(t, 1, after-before, "%s is told once", f.Name)
		row := log.at("auditLog", "nodes", 0).(map[string]any)
		assert.Equal(t, c.kind, row["kind"], f.Name)
		assert.Equal(t, map[string]any{"name": c.who}, row["by"], f.Name)
		assert.NotEmpty(t, row["requestId"], f.Name)
		var fields []any
		for _, change := range row["changes"].([]any) {
			fields = append(fields, change.(map[string]any)["field"])
		}
		assert.Contains(t, fields, c.field, f.Name)
	}
	total := func() string {
		return fmt.Sprint(w.ok("Lea", `{ auditLog { totalCount } }`).at("auditLog", "totalCount"))
	}
	before := total()
	w.ok("Olga", fmt.Sprintf(`mutation { accountUpdate(input: {accountId: %q, country: "France"}) { account { version } } }`, acme))
	assert.Equal(t, before, total(), "a change of nothing is none")
}
