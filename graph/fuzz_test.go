package graph_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/period"
)

var (
	fuzzOperations = flag.Int("fuzz-operations", 2_000, "how many random operations TestNoOrgSeesAnother sends")
	fuzzSeed       = flag.Uint64("fuzz-seed", uint64(time.Now().UnixNano()), "makes the same operations again, though not in the same order")
)

// tenants are three orgs with the same people, whose every row bears its org's canary.
type tenants struct {
	*world
	orgs  []*tenant
	owner map[string]string // a global id's org
	gen   *opSource
	log   *lockedBuffer

	sent, answered, refused, cancelled atomic.Int64
	mu                                 sync.Mutex
	codes                              map[string]int
}

type tenant struct {
	key, canary string
	rows        atomic.Int64 // no list has more: the deals made at first, and everything that was asked to be made
}

// lockedBuffer keeps what the server logs.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// TestNoOrgSeesAnother sends random valid operations with ids, names and cursors of three orgs, some of them given up
// half-way, over few connections, and looks for one org's canary in what another got: data, errors, counts, cursors and
// the log. For more of it: go test ./graph -run TestNoOrgSeesAnother -fuzz-operations 100000 -timeout 1h
func TestNoOrgSeesAnother(t *testing.T) {
	t.Parallel()
	x := settleTenants(t)
	t.Logf("-fuzz-seed %d", *fuzzSeed)
	var wg sync.WaitGroup
	var next atomic.Int64
	for range 8 {
		wg.Go(func() {
			for !t.Failed() {
				n := next.Add(1)
				if n > int64(*fuzzOperations) {
					return
				}
				x.try(rand.New(rand.NewPCG(*fuzzSeed, uint64(n))))
			}
		})
	}
	wg.Wait()
	t.Logf("%d operations: %d with data, %d with errors, %d given up; codes %v",
		x.sent.Load(), x.answered.Load(), x.refused.Load(), x.cancelled.Load(), x.codes)
	assert.NotContains(t, x.log.b.String(), "canary", "rows in the log")
	assert.Greater(t, x.answered.Load(), x.sent.Load()/4, "most operations must get somewhere, or they prove nothing")
	assert.Zero(t, x.codes["INTERNAL"], "%s", x.log.b.String())
}

func settleTenants(t *testing.T) *tenants {
	t.Helper()
	log := &lockedBuffer{}
	x := &tenants{world: newWorldOver(t, 4, log, graph.Rate{Burst: 1 << 40}), log: log, owner: map[string]string{}, gen: newOpSource(t), codes: map[string]int{}}
	x.orgs = make([]*tenant, 3)
	for i, key := range []string{"acme-robotics", "beta-works", "gamma-labs"} {
		if i > 0 {
			x.org = x.settle(key)
		}
		o := &tenant{}
		x.orgs[i] = o
		o.key, o.canary = key, "canary"+strings.Split(key, "-")[0]
		var deals []deal
		for n := range 30 {
			deals = append(deals, deal{
				name: fmt.Sprintf("%s deal %d", o.canary, n), owner: pick(rand.New(rand.NewPCG(1, uint64(n))), []string{"Rita", "Rob", "Wes"}),
				account: []string{"Acme", "Globex"}[n%2], stage: []string{"Prospecting", "Discovery", "Proposal", "Won", "Lost"}[n%5],
				amount: ptr(int64(n * 100)), close: period.DayOf(start.AddDate(0, 0, n), time.UTC),
			})
		}
		x.put(deals...)
		o.rows.Store(int64(len(deals)))
		x.gen.names = append(x.gen.names, o.canary, o.canary+" deal 3", "Rita", "salesforce", "a")
	}
	x.mark()
	return x
}

// mark puts the canaries into every text that people wrote, past the program, and learns whose each id is.
func (x *tenants) mark() {
	x.t.Helper()
	super, err := sql.Open("postgres", x.db.SuperURL)
	require.NoError(x.t, err)
	defer super.Close()
	for _, o := range x.orgs {
		for _, table := range []string{"app_user", "team", "territory", "account", "pipeline", "stage", "service_token"} {
			_, err := super.Exec(fmt.Sprintf(`update %s set name = $1 || ' ' || name where org_id = (select id from org where key = $2)`, table), o.canary, o.key)
			require.NoError(x.t, err, table)
		}
		_, err = super.Exec(`update org set name = $1, reference_version = reference_version + 1 where key = $2`, o.canary, o.key)
		require.NoError(x.t, err)
	}
	for _, kind := range []struct {
		table string
		kind  id.Kind
	}{
		{"app_user", id.UserKind}, {"team", id.TeamKind}, {"territory", id.TerritoryKind}, {"account", id.AccountKind},
		{"pipeline", id.PipelineKind}, {"stage", id.StageKind}, {"deal", id.DealKind},
	} {
		x.own(super, kind.table, kind.kind)
	}
}

// own notes whose each row of a table is.
func (x *tenants) own(super *sql.DB, table string, kind id.Kind) {
	rows, err := super.Query(fmt.Sprintf(`select t.id, o.key from %s t join org o on o.id = t.org_id`, table))
	require.NoError(x.t, err)
	defer rows.Close()
	for rows.Next() {
		var u id.UUID
		var key string
		require.NoError(x.t, rows.Scan(&u, &key))
		x.owner[id.Global(kind, u)] = key
		x.gen.addID(id.Global(kind, u))
	}
	require.NoError(x.t, rows.Err())
}

// try sends one operation as somebody of one of the orgs.
func (x *tenants) try(r *rand.Rand) {
	o := x.orgs[r.IntN(len(x.orgs))]
	query := x.gen.operation(r)
	o.rows.Add(int64(strings.Count(query, "Create") + strings.Count(query, "Define")))
	ctx, cancel := context.WithCancel(x.t.Context())
	defer cancel()
	if r.IntN(100) < 5 {
		time.AfterFunc(time.Duration(r.IntN(5_000))*time.Microsecond, cancel)
	}
	body, err := json.Marshal(map[string]any{"query": query})
	if err != nil {
		x.t.Error(err)
		return
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.url, bytes.NewReader(body))
	if err != nil {
		x.t.Error(err)
		return
	}
	who := pick(r, []string{"vera", "max", "rita", "wes", "olga", "carla", "lea", "ada", "finn"})
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+o.key+"."+who)
	x.sent.Add(1)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		x.given(ctx, err)
		return
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		x.given(ctx, err)
		return
	}
	x.judge(o, who, query, answer, r)
}

func (x *tenants) given(ctx context.Context, err error) {
	x.cancelled.Add(1)
	if ctx.Err() == nil {
		x.t.Errorf("no answer: %v", err)
	}
}

var globalID = regexp.MustCompile(`[a-z]+_[0-9a-z]{26}`)

// judge looks for what is another org's. What the request itself held may come back in a message.
func (x *tenants) judge(o *tenant, who, query string, body []byte, r *rand.Rand) {
	var a struct {
		Data   any
		Errors []struct{ Extensions struct{ Code string } }
	}
	if err := json.Unmarshal(body, &a); err != nil {
		x.t.Errorf("%v: %s", err, body)
		return
	}
	fault := func(what string) {
		x.t.Errorf("%s of %s got %s\nasked: %s\ngot: %s", who, o.key, what, query, body)
	}
	for _, other := range x.orgs {
		if other.key != o.key && bytes.Contains(body, []byte(other.canary)) && !strings.Contains(query, other.canary) {
			fault("the canary of " + other.key)
		}
	}
	for _, global := range globalID.FindAllString(string(body), -1) {
		if key := x.owner[global]; key != "" && key != o.key && !strings.Contains(query, global) {
			fault("the id " + global + " of " + key)
		}
	}
	x.walk(o, "", a.Data, fault, r)
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, e := range a.Errors {
		x.codes[e.Extensions.Code]++
	}
	if len(a.Errors) > 0 {
		x.refused.Add(1)
	}
	if a.Data != nil {
		x.answered.Add(1)
	}
}

// walk looks into cursors and at counts, and keeps cursors for others to send.
func (x *tenants) walk(o *tenant, key string, v any, fault func(string), r *rand.Rand) {
	switch v := v.(type) {
	case map[string]any:
		for k, item := range v {
			x.walk(o, k, item, fault, r)
		}
	case []any:
		for _, item := range v {
			x.walk(o, key, item, fault, r)
		}
	case float64:
		if strings.HasSuffix(key, "totalCount") && int64(v) > o.rows.Load()+60 {
			fault(fmt.Sprintf("a count of %.0f", v))
		}
	case string:
		inside, err := base64.RawURLEncoding.DecodeString(v)
		if err != nil || len(inside) < 8 {
			return
		}
		x.gen.keepCursor(v, r)
		for _, other := range x.orgs {
			if other.key != o.key && bytes.Contains(inside, []byte(other.canary)) {
				fault("a cursor with the canary of " + other.key)
			}
		}
	}
}
