package graph_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
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

// ask sends the operation to the handler itself, from several clients at once.
func ask(b *testing.B, w *world, query string, vars map[string]any) {
	b.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		b.Fatal(err)
	}
	handler := graph.NewHandler(w.resolver())
	b.ReportAllocs()
	b.SetParallelism(8)
	before := processorTime()
	defer func() { b.ReportMetric(float64(processorTime()-before)/float64(b.N)/1000, "cpu-µs/op") }()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			askOnce(b, handler, body)
		}
	})
}

// processorTime is what this process has used of the processor, which a busy machine does not change as it does the time.
func processorTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func askOnce(b *testing.B, handler http.Handler, body []byte) {
	b.Helper()
	req := httptest.NewRequestWithContext(b.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer acme-robotics.olga")
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, req)
	if rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), `"errors"`) {
		b.Error(rec.Body.String())
	}
}
