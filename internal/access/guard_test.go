package access_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

func TestNobodyDecidesWhatIsTheirs(t *testing.T) {
	t.Parallel()
	ann, bob := id.User{UUID: id.New()}, id.User{UUID: id.New()}
	by := &access.Principal{User: ann}
	assert.Equal(t, errs.Forbidden, errs.CodeOf(access.NotOwn(by, ann)))
	assert.Equal(t, errs.Forbidden, errs.CodeOf(access.NotOwn(by, bob, ann)), "one of several")
	assert.NoError(t, access.NotOwn(by, bob))
	assert.NoError(t, access.NotOwn(by))
	assert.NoError(t, access.NotOwn(&access.Principal{}, id.User{}), "nobody's, asked by a service token")
	assert.NoError(t, access.NotOwn(access.Operator(id.Org{UUID: id.New()}), ann))
}

// TestALockAsksAnewWhoAsks has a token revoked, and a role's permission taken, after the asker was resolved.
func TestALockAsksAnewWhoAsks(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	s := f.service(now, false)
	token, err := s.CreateToken(t.Context(), f.by, access.TokenParams{Name: "x", Roles: []access.Role{access.Admin}})
	require.NoError(t, err)
	p, err := f.resolve(t, s, token)
	require.NoError(t, err)
	lock := func() error {
		return f.pool.Write(t.Context(), p.Session(), func(tx *pg.Tx) error {
			_, err := access.Lock(t.Context(), tx, p, now, "role", "grant")
			return err
		})
	}
	require.NoError(t, lock())
	f.exec(t, `delete from access_policy where role = 'ADMIN' and object = 'role'`)
	assert.Equal(t, errs.Forbidden, errs.CodeOf(lock()))
	f.exec(t, `update service_token set revoked_at = $1`, now)
	assert.Equal(t, errs.Unauthenticated, errs.CodeOf(lock()))
}

// TestPolicyIsWrittenWithItsTransaction takes a change back, and finds the policy as it was.
func TestPolicyIsWrittenWithItsTransaction(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	s := f.service(now, false)
	for _, reaches := range [][]access.Reach{{access.Own, access.All}, {access.All}, {}, {access.Team}} {
		params := access.SetPolicyParams{Role: access.Finance, Object: "deal", Action: "read", Reaches: reaches}
		require.NoError(t, s.SetPolicy(t.Context(), f.by, params))
		assert.ElementsMatch(t, reaches, f.reaches(t, "FINANCE", "deal", "read"))
	}
	// No person administers this org; with a token that does, the token's role keeps the permission.
	_, err := s.CreateToken(t.Context(), f.by, access.TokenParams{Name: "x", Roles: []access.Role{access.Admin}})
	require.NoError(t, err)
	err = s.SetPolicy(t.Context(), f.by, access.SetPolicyParams{Role: access.Admin, Object: "role", Action: "grant"})
	var refused *errs.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, "last admin", refused.Meta["rule"])
	assert.Equal(t, []access.Reach{access.All}, f.reaches(t, "ADMIN", "role", "grant"), "nothing was written")
}

func (f fixture) reaches(t *testing.T, role, object, action string) []access.Reach {
	t.Helper()
	h := f.pool.Read(f.by.Session())
	defer h.Close()
	out := []access.Reach{}
	require.NoError(t, h.Select(t.Context(), &out, `select reach from access_policy where role = $1 and object = $2 and action = $3`, role, object, action))
	return out
}

// TestTheLastUsesAreWrittenWhenAServerStops ends the recording before its first minute is over.
func TestTheLastUsesAreWrittenWhenAServerStops(t *testing.T) {
	t.Parallel()
	f := setUp(t)
	s := f.service(now, false)
	token, err := s.CreateToken(t.Context(), f.by, access.TokenParams{Name: "x", Roles: []access.Role{access.Ops}})
	require.NoError(t, err)
	p, err := f.resolve(t, s, token)
	require.NoError(t, err)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	s.RecordUses(stopped, func(err error) { t.Error(err) })
	h := f.pool.Read(f.by.Session())
	defer h.Close()
	used, err := access.LastUses(t.Context(), h, f.org, []id.UUID{p.Token.UUID})
	require.NoError(t, err)
	assert.Equal(t, now, used[p.Token])
}
