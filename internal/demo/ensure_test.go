package demo_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/demo"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// now stands still, so that the tests see the same org every day.
var now = time.Date(2026, 8, 19, 15, 4, 5, 0, time.UTC)

func open(t testing.TB, inDemoMode bool) demo.Deps {
	t.Helper()
	pool, err := pg.Open(context.Background(), dbtest.New(t).AppURL, pg.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	orgs := org.NewService(pool, clock.Fixed(now))
	return demo.Deps{
		Pool: pool, Orgs: orgs,
		Access: access.NewService(pool, clock.Fixed(now), inDemoMode),
		CRM:    crm.NewService(pool, clock.Fixed(now), orgs),
	}
}

// tables are those that the demo org fills.
var tables = []string{
	"org", "app_user", "team", "reporting_line", "territory", "territory_assignment", "access_policy", "role_grant",
	"service_token", "token_allow", "pipeline", "stage", "account", "deal", "deal_version", "stage_visit",
}

func rowCounts(t *testing.T, d demo.Deps, o id.Org) map[string]int {
	t.Helper()
	h := d.Pool.Read(pg.Session{Org: o.UUID})
	defer h.Close()
	counts := map[string]int{}
	for _, table := range tables {
		var n int
		require.NoError(t, h.Get(context.Background(), &n, "select count(*) from "+table))
		counts[table] = n
	}
	return counts
}

func TestEnsure(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	var steps []string
	began := time.Now()
	first, created, err := demo.Ensure(context.Background(), d, demo.Params{Seed: 1, Today: now, Progress: func(step string, done, total int) {
		if done == total {
			steps = append(steps, step)
		}
	}})
	require.NoError(t, err)
	t.Logf("made in %s", time.Since(began))
	assert.True(t, created)
	assert.Equal(t, []string{"plan", "people", "accounts", "deals"}, steps)
	counts := rowCounts(t, d, first.Org)
	t.Log(counts)
	assert.Equal(t, 3_000, counts["deal"])
	assert.Equal(t, 400, counts["account"])
	for table, n := range counts {
		assert.Positive(t, n, table)
	}

	began = time.Now()
	again, created, err := demo.Ensure(context.Background(), d, demo.Params{Seed: 2, Today: now})
	require.NoError(t, err)
	took := time.Since(began)
	t.Logf("found in %s", took)
	assert.Less(t, took, 500*time.Millisecond)
	assert.False(t, created)
	assert.Equal(t, first.Org, again.Org)
	assert.Equal(t, first.People, again.People)
	assert.Equal(t, counts, rowCounts(t, d, first.Org))

	_, _, err = demo.Ensure(context.Background(), d, demo.Params{Today: now, Size: demo.Large})
	assert.ErrorContains(t, err, "small size")

	t.Run("tokens", func(t *testing.T) { checkTokens(t, d, first) })
	t.Run("reaches", func(t *testing.T) { checkReaches(t, d) })
	t.Run("placements", func(t *testing.T) { checkPlacements(t, d, first.Org) })
	t.Run("questions", func(t *testing.T) { checkQuestions(t, first) })
}

func principal(t *testing.T, d demo.Deps, token string) *access.Principal {
	t.Helper()
	i, err := d.Access.Identify(context.Background(), token)
	require.NoError(t, err)
	h := d.Pool.Read(pg.Session{Org: i.Org.UUID})
	defer h.Close()
	p, err := d.Access.Resolve(context.Background(), h, i)
	require.NoError(t, err)
	return p
}

func checkTokens(t *testing.T, d demo.Deps, r *demo.Result) {
	require.Len(t, r.People, 8)
	for _, l := range r.People {
		p := principal(t, d, l.Token)
		assert.Equal(t, []access.Role{l.Role}, p.Roles, l.Token)
		assert.NotEmpty(t, l.Title)
		if l.Role != access.Integration {
			assert.Equal(t, l.Name, p.Name)
			assert.False(t, p.User.IsZero())
		}
	}
	p := principal(t, d, "demo-integration")
	assert.True(t, p.User.IsZero())
	for _, object := range []string{"deal", "account", "contact"} {
		assert.True(t, p.Can(object, "read") && p.Can(object, "create") && p.Can(object, "update"), object)
	}
	for _, object := range []string{"customer", "user", "team", "territory", "stage"} {
		assert.True(t, p.Can(object, "read") && !p.Can(object, "update"), object)
	}
	assert.False(t, p.Can("token", "create"))

	outside := access.NewService(d.Pool, clock.Fixed(now), false)
	i, err := outside.Identify(context.Background(), "demo-ops")
	require.NoError(t, err)
	h := d.Pool.Read(pg.Session{Org: i.Org.UUID})
	defer h.Close()
	_, err = outside.Resolve(context.Background(), h, i)
	assert.ErrorContains(t, err, "not valid")
}

// visible are the deals that a token may read, of those that the condition holds for.
func visible(t *testing.T, d demo.Deps, token, condition string) map[id.Deal]bool {
	t.Helper()
	p := principal(t, d, token)
	h := d.Pool.Read(p.Session())
	defer h.Close()
	var args entity.Args
	predicate := crm.Deals.Condition(p.Scope("deal", "read"), &args)
	var ids []id.Deal
	err := h.Select(context.Background(), &ids, `
		select d.id
		  from deal d
		  join stage s on s.org_id = d.org_id and s.id = d.stage_id
		  join account a on a.org_id = d.org_id and a.id = d.account_id
		 where (`+predicate+`) and `+condition, args.Values()...)
	require.NoError(t, err)
	set := map[id.Deal]bool{}
	for _, i := range ids {
		set[i] = true
	}
	return set
}

func strictlyMore(t *testing.T, more, fewer map[id.Deal]bool) {
	t.Helper()
	assert.NotEmpty(t, fewer)
	assert.Greater(t, len(more), len(fewer))
	for i := range fewer {
		require.True(t, more[i])
	}
}

func checkReaches(t *testing.T, d demo.Deps) {
	rep, manager, ops := visible(t, d, "demo-sales", "true"), visible(t, d, "demo-manager", "true"), visible(t, d, "demo-ops", "true")
	t.Logf("rep %d, manager %d, ops %d", len(rep), len(manager), len(ops))
	strictlyMore(t, manager, rep)
	strictlyMore(t, ops, manager)

	me, boss := principal(t, d, "demo-sales").User.String(), principal(t, d, "demo-manager").User.String()
	assert.NotEmpty(t, visible(t, d, "demo-sales", "d.stage_kind = 'OPEN' and d.owner_id = '"+me+"' and d.team_id = (select id from team where manager_id = '"+boss+"')"))

	csm := principal(t, d, "demo-cs").User.String()
	early := "d.stage_kind = 'OPEN' and not s.cs_visible"
	theirs := visible(t, d, "demo-cs", early)
	assert.NotEmpty(t, theirs)
	assert.Equal(t, visible(t, d, "demo-ops", early+" and a.csm_id = '"+csm+"'"), theirs)
	assert.NotEmpty(t, visible(t, d, "demo-ops", early+" and a.csm_id <> '"+csm+"'"))
	assert.NotEmpty(t, visible(t, d, "demo-ops", early+" and a.csm_id is null"))
	assert.Empty(t, visible(t, d, "demo-integration", "false"))
	assert.Len(t, visible(t, d, "demo-integration", "true"), 3_000)
}

// checkPlacements holds the teams and territories of deals to the directory's answer for the moment the owner was set.
func checkPlacements(t *testing.T, d demo.Deps, o id.Org) {
	ctx := context.Background()
	h := d.Pool.Read(pg.Session{Org: o.UUID})
	defer h.Close()
	directory, err := d.Orgs.Directory(ctx, h, o)
	require.NoError(t, err)
	assert.Equal(t, 2, directory.Org.FiscalMonth)
	var versions []struct {
		ID        id.Deal      `db:"id"`
		Owner     id.User      `db:"owner_id"`
		Team      id.Team      `db:"team_id"`
		Territory id.Territory `db:"territory_id"`
		From      time.Time    `db:"valid_from"`
	}
	require.NoError(t, h.Select(ctx, &versions, `
		select id, owner_id, team_id, territory_id, valid_from
		  from deal_version
		 order by id, version`))
	var last struct {
		deal  id.Deal
		owner id.User
		place org.Placement
	}
	for _, v := range versions {
		if v.ID != last.deal || v.Owner != last.owner {
			last.deal, last.owner, last.place = v.ID, v.Owner, directory.PlacementOf(v.Owner, v.From)
		}
		require.Equal(t, org.Placement{Team: v.Team, Territory: v.Territory}, last.place)
	}
	catalogue, err := d.CRM.Catalogue(ctx, h, o)
	require.NoError(t, err)
	require.Len(t, catalogue.Pipelines, 2)
	assert.Equal(t, "Prospecting", catalogue.Pipelines[0].First().Name)
}

func checkQuestions(t *testing.T, r *demo.Result) {
	require.GreaterOrEqual(t, len(r.Questions), 3)
	for _, q := range r.Questions {
		assert.NotContains(t, q.Query, "{me}")
		assert.NotContains(t, q.Query, "user_00000000000000000000000000")
		assert.True(t, slices.ContainsFunc(r.People, func(l demo.Login) bool { return l.Token == q.Token && l.Role == q.Role }), q.Token)
	}
}

// TestKilledHalfWay holds that a start that ended early leaves nothing behind.
func TestKilledHalfWay(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	ctx, kill := context.WithCancel(context.Background())
	_, _, err := demo.Ensure(ctx, d, demo.Params{Seed: 1, Today: now, Progress: func(step string, done, _ int) {
		if step == "deals" && done >= 2_000 {
			kill()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	_, err = d.Orgs.Find(context.Background(), demo.Key)
	require.ErrorContains(t, err, "There is no org")
	_, created, err := demo.Ensure(context.Background(), d, demo.Params{Seed: 1, Today: now})
	require.NoError(t, err)
	assert.True(t, created)
}

// TestSeveralAtOnce holds that of several starts one makes the org and the others find it.
func TestSeveralAtOnce(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	var made atomic.Int32
	var wg sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		wg.Go(func() {
			_, created, err := demo.Ensure(context.Background(), d, demo.Params{Seed: uint64(i), Today: now})
			if errs[i] = err; created {
				made.Add(1)
			}
		})
	}
	wg.Wait()
	require.NoError(t, errors.Join(errs...))
	assert.EqualValues(t, 1, made.Load())
}

func TestAnotherOrgOfThatName(t *testing.T) {
	t.Parallel()
	d := open(t, true)
	theirs := org.CreateParams{Key: demo.Key, Name: "Northwind", Currency: "USD", TimeZone: "UTC", FiscalMonth: 1}
	_, err := d.Orgs.Create(context.Background(), theirs)
	require.NoError(t, err)
	_, err = d.Orgs.Create(context.Background(), theirs)
	require.ErrorContains(t, err, "Choose another key")
	_, _, err = demo.Ensure(context.Background(), d, demo.Params{Today: now})
	assert.ErrorContains(t, err, "is not the demo org")
}

func TestNotInDemoMode(t *testing.T) {
	t.Parallel()
	_, _, err := demo.Ensure(context.Background(), open(t, false), demo.Params{Today: now})
	assert.ErrorContains(t, err, "demo mode only")
}

// BenchmarkEnsure makes whole orgs: go test -run - -bench Ensure -benchtime 1x ./internal/demo
func BenchmarkEnsure(b *testing.B) {
	for _, size := range []demo.Size{demo.Small, demo.Large} {
		b.Run(string(size), func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				d := open(b, true)
				b.StartTimer()
				_, created, err := demo.Ensure(context.Background(), d, demo.Params{Seed: 1, Today: now, Size: size})
				require.NoError(b, err)
				require.True(b, created)
			}
		})
	}
}
