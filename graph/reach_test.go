package graph_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/page"
	"github.com/ententehq/entente/internal/pg"
)

var reachPairs = flag.Int("reach-pairs", 20_000, "how many pairs of a row and a person the two renderings of a reach are compared on")

// TestBothRenderingsOfAReachAgree compares SQL and Go for random rows and people, each with one reach at a time.
func TestBothRenderingsOfAReachAgree(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	people := len(roles)
	reaches := []access.Reach{access.Own, access.Credited, access.Team, access.Territory, access.Customers, access.Won, access.CSVisible, access.All}
	deals := make([]deal, *reachPairs/people/len(reaches)+1)
	for i := range deals {
		deals[i] = deal{
			name: fmt.Sprint(i), owner: pick("Rita", "Rob", "Max", "Wes", "Mina", "Vera"), account: pick("Acme", "Globex", ""),
			stage: pick("Prospecting", "Discovery", "Proposal", "Won", "Lost"), typ: crm.DealType(pick("NEW", "RENEWAL")),
		}
	}
	w.put(deals...)
	h := w.pool.Read(pg.Session{Org: w.org.UUID})
	defer h.Close()
	var rows []*crm.Deal
	require.NoError(t, h.Select(t.Context(), &rows, `select `+crm.Deals.Columns()+` from deal d`))
	ids := make([]id.UUID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID.UUID
	}
	pairs, covered := 0, 0
	for who := range roles {
		for _, reach := range reaches {
			p := w.allowed(who, "deal:amend:"+string(reach))
			sc := p.Scope("deal", "amend")
			asker, err := p.Asker(t.Context(), h)
			require.NoError(t, err)
			bySQL, err := crm.Deals.Covered(t.Context(), h, sc, ids)
			require.NoError(t, err)
			for _, r := range rows {
				pairs++
				byGo := crm.Deals.Covers(sc, asker, r)
				if byGo {
					covered++
				}
				require.Equal(t, bySQL[r.ID.UUID], byGo, "%s, %s: %+v", who, reach, r)
			}
		}
	}
	t.Logf("%d pairs, %d of them covered", pairs, covered)
	assert.NotZero(t, covered)
	assert.Less(t, covered, pairs)
}

// allowed is the person's principal with one permission more.
func (w *world) allowed(who, permission string) *access.Principal {
	w.t.Helper()
	token, err := w.access.CreateToken(w.t.Context(), access.Operator(w.org), access.TokenParams{
		Name: who, Allow: []string{permission}, DemoSecret: who + permission, DemoUser: w.users[who],
	})
	require.NoError(w.t, err)
	i, err := w.access.Identify(w.t.Context(), token)
	require.NoError(w.t, err)
	h := w.pool.Read(pg.Session{Org: i.Org.UUID})
	defer h.Close()
	p, err := w.access.Resolve(w.t.Context(), h, i)
	require.NoError(w.t, err)
	return p
}

// TestListsAreReadOffIndexesUnderRowLevelSecurity explains, as the app role, each entity's list by every sortable field
// and with every filterable one: the order must come from an index, at any depth, and no filter may lead to other orgs'
// rows. An operator that is not leakproof loses its index under row level security.
func TestListsAreReadOffIndexesUnderRowLevelSecurity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	explain(t, w, crm.Deals)
	explain(t, w, crm.Accounts)
	explain(t, w, crm.Contacts)
	explain(t, w, crm.Products)
	explain(t, w, org.Users)
	explain(t, w, org.Teams)
	explain(t, w, org.Territories)
}

func explain[T any](t *testing.T, w *world, e *entity.Entity[T]) {
	t.Helper()
	plan := func(q entity.Query) string {
		h := w.pool.Read(pg.Session{Org: w.org.UUID})
		defer h.Close()
		x := &explainer{Handle: h}
		q.Page = page.Page{Size: 50}
		_, err := e.List(t.Context(), x, access.Operator(w.org).Scope(e.Name(), "read"), q)
		require.NoError(t, err)
		return x.plan
	}
	for name, f := range e.Fields() {
		filtered := plan(entity.Query{Where: entity.Filter{name: map[string]any{"isNull": false}}})
		assert.NotContains(t, filtered, "Seq Scan", "%s where %s", e.Name(), name)
		if !f.Sortable() {
			continue
		}
		for _, desc := range []bool{false, true} {
			sorted := plan(entity.Query{Order: []entity.Order{{Field: name, Desc: desc}}})
			assert.Regexp(t, `Index Scan.*\n\s*Index Cond: \(org_id = `, sorted, "%s by %s", e.Name(), name)
			assert.NotContains(t, sorted, "Sort", "%s by %s is sorted for each page", e.Name(), name)
		}
	}
}

// explainer explains a list's statement instead of running it. Other ways than an index scan are priced out, since small
// tables are not worth an index: the question is whether there is one.
type explainer struct {
	*pg.Handle
	plan string
}

func (x *explainer) Select(ctx context.Context, _ any, query string, args ...any) error {
	var off string
	err := x.Get(ctx, &off, `
		select set_config('enable_seqscan', 'off', true) || set_config('enable_bitmapscan', 'off', true) || set_config('enable_sort', 'off', true)
		 where $1`, true)
	if err != nil {
		return err
	}
	var lines []string
	if err := x.Handle.Select(ctx, &lines, "explain "+query, args...); err != nil {
		return err
	}
	x.plan = strings.Join(lines, "\n")
	return nil
}
