package graph_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
)

func globalEvent(e *event.Event) string { return id.Global(id.EventKind, e.ID) }
func globalDeal(e *event.Event) string  { return id.Global(id.DealKind, e.EntityID) }

// TestTheAuditLogTellsWhoDidWhat follows a deal through its writes, and a refused attempt.
func TestTheAuditLogTellsWhoDidWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.url = w.another().URL
	made := w.ok("Rita", `mutation { dealCreate(input: {name: "Robots", amount: {amount: "12.50", currency: "USD"}}) { deal { id } errors { message } } }`).at("dealCreate", "deal", "id")
	w.clock.add(time.Minute)
	w.ok("Olga", fmt.Sprintf(`mutation { dealUpdate(input: {dealId: %q, name: "Arms", amount: null, reason: "typo"}) { errors { message } } }`, made))
	assert.Equal(t, "FORBIDDEN", w.as("Rita", `{ auditLog { nodes { id } } }`).code())
	assert.Equal(t, "FORBIDDEN", w.as("Lea", fmt.Sprintf(`mutation { dealUpdate(input: {dealId: %q, name: "mine"}) { deal { name } } }`, made)).code(), "leadership reads and does not write")

	a := w.ok("Ada", `query($deal: ID!) { auditLog(where: {entityId: {eq: $deal}}) { totalCount nodes { kind entity entityId version by { name } client requestId detail changes { field before after } occurredAt } } }`, map[string]any{"deal": made})
	assert.EqualValues(t, 2, a.at("auditLog", "totalCount"))
	update := a.at("auditLog", "nodes", 0).(map[string]any)
	assert.NotEmpty(t, update["requestId"])
	assert.Contains(t, update["client"], "Go-http-client")
	delete(update, "requestId")
	delete(update, "client")
	assert.Equal(t, map[string]any{
		"kind": "UPDATED", "entity": "deal", "entityId": made, "version": 2.0, "by": map[string]any{"name": "Olga"}, "detail": "typo",
		"occurredAt": "2026-03-31T12:01:00Z", "changes": []any{
			map[string]any{"field": "amount", "before": `{"amount": "12.50", "currency": "USD"}`, "after": nil},
			map[string]any{"field": "name", "before": `"Robots"`, "after": `"Arms"`},
		},
	}, update)
	assert.Equal(t, "CREATED", a.at("auditLog", "nodes", 1, "kind"))
	assert.Equal(t, "Rita", a.at("auditLog", "nodes", 1, "by", "name"))

	require.Eventually(t, func() bool {
		a = w.ok("Lea", `{ auditLog(where: {kind: {eq: DENIED}}, orderBy: [{field: OCCURRED_AT}]) { nodes { kind detail by { name } } } }`)
		return len(a.at("auditLog", "nodes").([]any)) == 2
	}, 10*time.Second, 100*time.Millisecond, "refused attempts are written soon")
	nodes := fmt.Sprint(a.at("auditLog", "nodes"))
	assert.Contains(t, nodes, "audit:read")
	assert.Contains(t, nodes, "deal:update")
	a = w.ok("Ada", `{ auditLog(first: 3, where: {kind: {in: [POLICY_CHANGED, CREATED]}}) { nodes { kind entity changes { field } } pageInfo { hasNextPage endCursor } } }`)
	assert.Equal(t, true, a.at("auditLog", "pageInfo", "hasNextPage"))
	a = w.ok("Ada", `query($c: String) { auditLog(first: 3, after: $c, where: {kind: {in: [POLICY_CHANGED, CREATED]}}) { nodes { kind } } }`, map[string]any{"c": a.at("auditLog", "pageInfo", "endCursor")})
	assert.Len(t, a.at("auditLog", "nodes"), 3)
}
