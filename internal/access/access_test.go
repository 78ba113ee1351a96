package access_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

var now = time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)

type fixture struct {
	pool *pg.Pool
	org  id.Org
	by   *access.Principal
}

func setUp(t *testing.T) fixture {
	t.Helper()
	pool, err := pg.Open(t.Context(), dbtest.New(t).AppURL, pg.Options{MaxConns: 4})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	o, err := org.NewService(pool, clock.Fixed(now)).Create(t.Context(), org.CreateParams{Key: "acme", Name: "Acme", Currency: "USD", TimeZone: "UTC", FiscalMonth: 1})
	require.NoError(t, err)
	return fixture{pool, o, access.Operator(o)}
}

func (f fixture) service(at time.Time, demo bool) *access.Service {
	return access.NewService(f.pool, clock.Fixed(at), demo)
}

func (f fixture) resolve(t *testing.T, s *access.Service, token string) (*access.Principal, error) {
	t.Helper()
	i, err := s.Identify(t.Context(), token)
	if err != nil {
		return nil, err
	}
	h := f.pool.Read(pg.Session{Org: i.Org.UUID})
	defer h.Close()
	return s.Resolve(t.Context(), h, i)
}

func (f fixture) exec(t *testing.T, query string, args ...any) {
	t.Helper()
	require.NoError(t, f.pool.Write(t.Context(), f.by.Session(), func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), query, args...)
		return err
	}))
}

// TestTheBuiltInPolicyIsTheTable spot-checks each column of the access table, both ways.
func TestTheBuiltInPolicyIsTheTable(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	s := f.service(now, true)
	tokens := map[access.Role]*access.Principal{}
	for _, r := range access.Roles {
		token, err := s.CreateToken(t.Context(), f.by, access.TokenParams{Name: string(r), Roles: []access.Role{r}})
		require.NoError(t, err)
		tokens[r], err = f.resolve(t, s, token)
		require.NoError(t, err)
	}
	for _, c := range []struct {
		role   access.Role
		object string
		action string
		want   string // reaches, in order; "" for none
	}{
		{access.Sales, "deal", "read", "credited team"}, {access.Sales, "deal", "update", "own"}, {access.Sales, "deal", "amend", ""},
		{access.SalesManager, "deal", "read", "team territory"}, {access.Ops, "deal", "amend", "all"},
		{access.CS, "deal", "read", "customers won cs_visible"}, {access.CS, "deal", "update", ""}, {access.CS, "deal", "expand", "customers"},
		{access.Leadership, "deal", "read", "all"}, {access.Leadership, "deal", "update", ""}, {access.Finance, "deal", "read", ""},
		{access.Finance, "statement", "pay", "all"}, {access.Leadership, "statement", "pay", ""}, {access.Ops, "statement", "approve", ""},
		{access.Admin, "statement", "read", "own"}, {access.Admin, "policy", "update", "all"}, {access.Ops, "policy", "read", ""},
		{access.SalesManager, "proposal", "sign_sales", "all"}, {access.Sales, "proposal", "sign_sales", ""}, {access.Admin, "proposal", "sign_ops", ""},
		{access.CS, "handoff", "accept", "all"}, {access.Sales, "handoff", "accept", ""}, {access.Leadership, "audit", "read", "all"}, {access.Ops, "audit", "read", ""},
		{access.Integration, "deal", "read", ""}, {access.Admin, "token", "create", "all"}, {access.Ops, "token", "create", ""},
	} {
		got := ""
		for _, g := range tokens[c.role].Grants() {
			if g.Object == c.object && g.Action == c.action {
				for _, r := range g.Reaches {
					got += " " + string(r)
				}
			}
		}
		if c.want != "" {
			c.want = " " + c.want
		}
		assert.Equal(t, c.want, got, "%s %s:%s", c.role, c.object, c.action)
		assert.Equal(t, c.want != "", tokens[c.role].Can(c.object, c.action))
	}
	assert.Empty(t, tokens[access.Integration].Grants(), "an integration's token lists what it may")
}

func TestATokenIsValidUntilItIsNot(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	s := f.service(now, false)
	expiry := now.Add(time.Hour)
	token, err := s.CreateToken(t.Context(), f.by, access.TokenParams{
		Name: "sync", Roles: []access.Role{access.Integration}, Allow: []string{"deal:read:all", "account:update:own"}, ExpiresAt: &expiry,
	})
	require.NoError(t, err)
	assert.Regexp(t, `^ent_[A-Za-z0-9_-]{43}$`, token)

	p, err := f.resolve(t, s, token)
	require.NoError(t, err)
	assert.True(t, p.Can("deal", "read"))
	assert.False(t, p.Can("deal", "update"))
	assert.Equal(t, errs.Forbidden, errs.CodeOf(p.Require("deal", "update")))

	_, err = f.resolve(t, f.service(expiry, false), token)
	assert.Equal(t, errs.Unauthenticated, errs.CodeOf(err), "expired")
	for _, bad := range []string{"", "ent_", token + "x", token[:len(token)-1]} {
		_, err = f.resolve(t, s, bad)
		assert.Equal(t, errs.Unauthenticated, errs.CodeOf(err), "%q", bad)
	}

	f.exec(t, `update service_token set revoked_at = $1`, now)
	_, err = f.resolve(t, s, token)
	assert.Equal(t, errs.Unauthenticated, errs.CodeOf(err), "revoked, with the next transaction")
}

func TestOnlyTheHashIsKept(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	token, err := f.service(now, false).CreateToken(t.Context(), f.by, access.TokenParams{Name: "sync", Roles: []access.Role{access.Ops}})
	require.NoError(t, err)
	h := f.pool.Read(f.by.Session())
	defer h.Close()
	var rows []string
	require.NoError(t, h.Select(t.Context(), &rows, `
		select t::text from service_token t
		union all
		select l::text from token_lookup l`))
	require.Len(t, rows, 2)
	for _, r := range rows {
		assert.NotContains(t, r, token[4:])
	}
}

func TestDemoTokensWorkInDemoModeOnly(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	user := id.User{UUID: id.New()}
	f.exec(t, `insert into app_user (org_id, id, name, created_at, updated_at) values ($1, $2, 'Ann', $3, $3)`, f.org, user, now)
	_, err := f.service(now, true).CreateToken(t.Context(), f.by, access.TokenParams{Name: "Ann", Roles: []access.Role{access.Sales}, DemoSecret: "demo-sales", DemoUser: user})
	require.NoError(t, err)
	p, err := f.resolve(t, f.service(now, true), "demo-sales")
	require.NoError(t, err)
	assert.Equal(t, "Ann", p.Name)
	_, err = f.resolve(t, f.service(now, false), "demo-sales")
	assert.Equal(t, errs.Unauthenticated, errs.CodeOf(err))

	f.exec(t, `update app_user set active = false where id = $1`, user)
	_, err = f.resolve(t, f.service(now, true), "demo-sales")
	assert.Equal(t, errs.Unauthenticated, errs.CodeOf(err), "deactivated")
}

func TestAChangeOfPolicyHoldsWithTheNextTransaction(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	one, two := f.service(now, false), f.service(now, false) // two servers on one database
	token, err := one.CreateToken(t.Context(), f.by, access.TokenParams{Name: "x", Roles: []access.Role{access.Leadership}})
	require.NoError(t, err)
	for _, s := range []*access.Service{one, two} {
		p, err := f.resolve(t, s, token)
		require.NoError(t, err)
		require.True(t, p.Can("deal", "read"))
	}
	f.exec(t, `delete from access_policy where role = 'LEADERSHIP' and object = 'deal'`)
	for _, s := range []*access.Service{one, two} {
		p, err := f.resolve(t, s, token)
		require.NoError(t, err)
		assert.False(t, p.Can("deal", "read"))
		assert.True(t, p.Can("account", "read"))
	}
	f.exec(t, `delete from access_policy`)
	_, err = f.resolve(t, one, token)
	assert.Error(t, err, "an org without a policy answers nobody")
}

func TestBadTokensAreNotMade(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	s := f.service(now, false)
	past := now.Add(-time.Hour)
	_, err := s.CreateToken(t.Context(), f.by, access.TokenParams{Name: " ", Roles: []access.Role{"BOSS"}, Allow: []string{"deal:read", "deal:fly:all", "deal:read:moon"}, ExpiresAt: &past})
	var list errs.List
	require.ErrorAs(t, err, &list)
	var paths []string
	for _, e := range list {
		paths = append(paths, e.Path[0])
	}
	assert.Equal(t, []string{"name", "roles", "expiresAt", "allow", "allow", "allow"}, paths)
	token, err := s.CreateToken(t.Context(), f.by, access.TokenParams{Name: "rep", Roles: []access.Role{access.Sales}})
	require.NoError(t, err)
	p, err := f.resolve(t, s, token)
	require.NoError(t, err)
	_, err = s.CreateToken(t.Context(), p, access.TokenParams{Name: "more", Roles: []access.Role{access.Admin}})
	assert.Equal(t, errs.Forbidden, errs.CodeOf(err), "a rep makes no token")
}

func TestTheZeroScopeCoversNothing(t *testing.T) {
	t.Parallel()
	a := &entity.Args{}
	reach := entity.Predicates{"own": "d.owner_id = {me}", "team": "d.team_id = any({teams})"}
	assert.Equal(t, "false", access.Scope{}.Predicate(reach, a))
	assert.Equal(t, "true", access.Operator(id.Org{UUID: id.New()}).Scope("deal", "read").Predicate(reach, a))
	assert.Empty(t, a.Values())
}

func TestBuiltinNamesOnlyKnownRolesAndReaches(t *testing.T) {
	t.Parallel()
	assert.Greater(t, len(access.Builtin), 300)
	for _, r := range access.Builtin {
		assert.Contains(t, access.Roles, r.Role)
		assert.True(t, slices.Contains([]access.Reach{access.Own, access.Credited, access.Team, access.Territory, access.Customers, access.Won, access.CSVisible, access.All}, r.Reach), r)
		assert.True(t, access.Known(r.Object, r.Action))
	}
}
