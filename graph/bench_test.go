package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/period"
)

// The read operations of docs/performance.md, without the network: what remains is the program's own work and that of
// PostgreSQL. For a profile: go test ./graph -run '^$' -bench Deals -cpuprofile cpu.out
const (
	benchDeal = `id name amount { amount currency } closeDate owner { id name } account { id name } stage { id name }`
	benchOne  = `query($id: ID!) { deal(id: $id) { ` + benchDeal + ` } }`
	benchList = `{ deals(first: 50, where: {stageKind: {eq: OPEN}}, orderBy: [{field: CLOSE_DATE}]) { nodes { ` + benchDeal +
		` stageHistory(last: 3) { stage { name } enteredAt leftAt } } pageInfo { hasNextPage endCursor } } }`
)

func BenchmarkDeal(b *testing.B) {
	w, deals := benchWorld(b)
	ask(b, w, benchOne, map[string]any{"id": gid(deals[7])})
}

func BenchmarkDeals(b *testing.B) {
	w, _ := benchWorld(b)
	ask(b, w, benchList, nil)
}

func benchWorld(b *testing.B) (*world, []any) {
	b.Helper()
	w := newWorld(b)
	var deals []deal
	for i := range 500 {
		deals = append(deals, deal{
			name: fmt.Sprintf("deal %d", i), owner: []string{"Rita", "Rob", "Wes"}[i%3], account: []string{"Acme", "Globex"}[i%2],
			stage: []string{"Prospecting", "Discovery", "Proposal"}[i%3], amount: ptr(int64(i * 1000)),
			close: period.DayOf(start.Add(time.Duration(i)*time.Hour), time.UTC),
		})
	}
	var ids []any
	for _, d := range w.put(deals...) {
		ids = append(ids, d)
	}
	return w, ids
}

// ask sends the operation to the handler itself, from one client after another.
func ask(b *testing.B, w *world, query string, vars map[string]any) {
	b.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		b.Fatal(err)
	}
	handler := graph.NewHandler(w.resolver())
	b.ReportAllocs()
	for b.Loop() {
		req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer acme-robotics.olga")
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, req)
		if rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), `"errors"`) {
			b.Fatal(rec.Body.String())
		}
	}
}
