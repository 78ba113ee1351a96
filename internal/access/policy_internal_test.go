package access

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// TestCompiledDecisionsAreCasbins asks casbin itself, over the whole policy of an org, what the compiled tables say of
// people with several roles and of a token with permissions of its own.
func TestCompiledDecisionsAreCasbins(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	pool, err := pg.Open(ctx, dbtest.New(t).AppURL, pg.Options{MaxConns: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	now := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	o := id.Org{UUID: id.New()}
	by := Operator(o)
	users := map[id.User][]Role{
		{UUID: id.New()}: {Sales}, {UUID: id.New()}: {Ops, Admin}, {UUID: id.New()}: {CS, SalesManager}, {UUID: id.New()}: {},
	}
	require.NoError(t, pool.Write(ctx, by.Session(), func(tx *pg.Tx) error {
		if _, err := tx.Exec(ctx, `insert into org (id, key, name, currency, time_zone, created_at) values ($1, 'acme', 'Acme', 'USD', 'UTC', $2)`, o, now); err != nil {
			return err
		}
		if err := Seed(ctx, tx, o); err != nil {
			return err
		}
		for u, roles := range users {
			if _, err := tx.Exec(ctx, `insert into app_user (org_id, id, name, created_at, updated_at) values ($1, $2, 'Ann', $3, $3)`, o, u, now); err != nil {
				return err
			}
			if err := GrantRoles(ctx, tx, by, now, []RoleGrant{{u, roles}}); err != nil {
				return err
			}
		}
		return nil
	}))
	s := NewService(pool, clock.Fixed(now), true)
	principals := map[string]*Principal{}
	for u := range users {
		secret, err := s.CreateToken(ctx, by, TokenParams{Name: "x", Roles: []Role{Integration}, DemoSecret: "demo-" + u.String(), DemoUser: u})
		require.NoError(t, err)
		principals[userSubject(u.String())] = principalOf(ctx, t, s, pool, secret)
	}
	secret, err := s.CreateToken(ctx, by, TokenParams{Name: "x", Roles: []Role{Integration}, Allow: []string{"deal:read:all", "deal:update:own"}})
	require.NoError(t, err)
	p := principalOf(ctx, t, s, pool, secret)
	principals[tokenSubject(p.Token.String())] = p

	h := pool.Read(by.Session())
	defer h.Close()
	casbin, err := newEnforcer(&adapter{ctx: ctx, db: h, org: o})
	require.NoError(t, err)
	allowed := 0
	random := rand.New(rand.NewPCG(1, 2))
	for subject, p := range principals {
		for perm := range known {
			r := reaches[random.IntN(len(reaches))]
			want, err := casbin.Enforce(subject, o.String(), perm.Object, perm.Action, string(r))
			require.NoError(t, err)
			assert.Equal(t, want, p.reach(perm.Object, perm.Action).has(r), "%s %s:%s", subject, perm, r)
			if want {
				allowed++
			}
		}
	}
	assert.NotZero(t, allowed)
}

func principalOf(ctx context.Context, t *testing.T, s *Service, pool *pg.Pool, token string) *Principal {
	t.Helper()
	i, err := s.Identify(ctx, token)
	require.NoError(t, err)
	h := pool.Read(pg.Session{Org: i.Org.UUID})
	defer h.Close()
	p, err := s.Resolve(ctx, h, i)
	require.NoError(t, err)
	return p
}

func BenchmarkCan(b *testing.B) {
	p := &Principal{tables: []decisions{{}, {Permission{"deal", "read"}: setOf(Team)}}}
	for b.Loop() {
		if !p.Can("deal", "read") {
			b.Fatal("not granted")
		}
	}
}
