package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// result is what an operation's rounds came to.
type result struct {
	op      *operation
	ours    target
	other   *target
	scripts []string // files

	limit, served, otherServed []float64 // per second
	cpu, statements, p50, p99  []float64 // per request: ms of the server's processor, statements, ms
	limitCPU, wholeCPU         []float64 // per transaction: ms of PostgreSQL's; per request: of PostgreSQL's and the server's
	alone                      float64   // statements per request over one connection
	bytes                      int
}

func (r *result) String() string {
	s := fmt.Sprintf("%-9s limit %8.0f/s  served %7.0f/s  ratio %.3f  by processor %.3f  cpu %.2f ms  statements %.2f  p99 %.0f ms", r.op.name,
		last(r.limit), last(r.served), last(r.served)/last(r.limit), last(r.limitCPU)/last(r.wholeCPU), last(r.cpu), last(r.statements), last(r.p99))
	if r.other != nil {
		s += fmt.Sprintf("  postgraphile %.0f/s", last(r.otherServed))
	}
	return s
}

func last(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	return v[len(v)-1]
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s) == 0 {
		return 0
	}
	return s[len(s)/2]
}

// prepare writes the scripts and learns the answers, by which every later one is checked.
func (b *stand) prepare(ctx context.Context, op *operation) (*result, error) {
	r := &result{op: op}
	if op.moves {
		m, err := b.newMover(ctx)
		if err != nil {
			return nil, err
		}
		r.ours = target{address: b.server.address, next: m.next, slack: 4} // the version's digits
		op.sql = []map[string]string{m.script()}
	} else {
		requests := make([]*request, len(op.variables))
		for i, v := range op.variables {
			requests[i] = &request{bytes: post("Bearer "+token, encode(op.query, v)), must: []byte(`"data":{"deal`)}
		}
		if err := learn(ctx, b.server.address, requests); err != nil {
			return nil, fmt.Errorf("%s: %w", op.name, err)
		}
		r.bytes = requests[0].size
		r.ours = target{address: b.server.address, next: func(c, n int) *request { return requests[(c*7+n)%len(requests)] }}
	}
	if b.other != nil && op.other != "" {
		t, err := b.otherTarget(ctx, op)
		if err != nil {
			return nil, err
		}
		r.other = t
	}
	for i, values := range op.sql {
		text, err := script(strings.ToLower(op.name[:2]), values)
		if err != nil {
			return nil, err
		}
		file := filepath.Join(b.Data, fmt.Sprintf("%s-%d.sql", strings.ReplaceAll(op.name, " ", "-"), i))
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			return nil, err
		}
		r.scripts = append(r.scripts, file)
	}
	return r, b.lone(ctx, r)
}

// lone counts the statements of requests that nothing else goes on beside.
func (b *stand) lone(ctx context.Context, r *result) error {
	before, err := b.server.values(ctx, "entente_sql_round_trips_total")
	if err != nil {
		return err
	}
	o, err := load(ctx, r.ours, 1, time.Second/2)
	if err != nil {
		return err
	}
	after, err := b.server.values(ctx, "entente_sql_round_trips_total")
	if err != nil {
		return err
	}
	r.alone = (after[0] - before[0]) / float64(o.requests)
	return nil
}

// round measures the limit and then what is served, one right after the other.
func (b *stand) round(ctx context.Context, r *result) error {
	busy := b.databaseLoad(b.For)
	limit, err := b.pgbench(ctx, r.scripts)
	if err != nil {
		return err
	}
	r.limitCPU = append(r.limitCPU, 1000*busy()/limit)
	counters := []string{"process_cpu_seconds_total", "entente_sql_round_trips_total"}
	before, err := b.server.values(ctx, counters...)
	if err != nil {
		return err
	}
	busy = b.databaseLoad(b.For)
	o, err := load(ctx, r.ours, b.Connections, b.For)
	if err != nil {
		return err
	}
	after, err := b.server.values(ctx, counters...)
	if err != nil {
		return err
	}
	n := float64(o.requests)
	r.wholeCPU = append(r.wholeCPU, 1000*((after[0]-before[0])/n+busy()/o.perSecond()))
	r.limit, r.served = append(r.limit, limit), append(r.served, o.perSecond())
	r.cpu, r.statements = append(r.cpu, 1000*(after[0]-before[0])/n), append(r.statements, (after[1]-before[1])/n)
	r.p50, r.p99 = append(r.p50, milliseconds(o.p50)), append(r.p99, milliseconds(o.p99))
	if r.other == nil {
		return nil
	}
	if o, err = load(ctx, *r.other, b.Connections, b.For); err != nil {
		return fmt.Errorf("postgraphile: %w", err)
	}
	r.otherServed = append(r.otherServed, o.perSecond())
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

var tps = regexp.MustCompile(`tps = ([0-9.]+) \(without initial`)

// limitConnections is as many as the server's own pool has: more of them are slower.
func limitConnections() int { return 2*runtime.NumCPU() + 2 }

// pgbench gives how many of the scripts' transactions a second PostgreSQL takes.
func (b *stand) pgbench(ctx context.Context, files []string) (float64, error) {
	program, err := b.cluster.Program("pgbench")
	if err != nil {
		return 0, err
	}
	args := []string{
		"-n", "-M", "prepared", "-c", strconv.Itoa(limitConnections()), "-j", strconv.Itoa(runtime.NumCPU()),
		"-T", strconv.Itoa(max(1, int(b.For.Seconds()))),
	}
	for _, f := range files {
		args = append(args, "-f", f)
	}
	out, err := exec.CommandContext(ctx, program, append(args, b.cluster.SuperURL(""))...).CombinedOutput()
	m := tps.FindSubmatch(out)
	if err != nil || m == nil {
		return 0, fmt.Errorf("pgbench: %w\n%s", err, out)
	}
	return strconv.ParseFloat(string(m[1]), 64)
}
