package id_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ententehq/entente/internal/id"
)

func TestGlobalIDsComeBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		u := id.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		g := id.Global(id.DealKind, u)
		kind, got, ok := id.Parse(g)
		if !ok || kind != id.DealKind || got != u {
			t.Fatalf("%s came back as %s %s %v", g, kind, got, ok)
		}
		if _, ok := id.ParseKind(id.AccountKind, g); ok {
			t.Fatalf("%s passes for an account", g)
		}
	})
}

// TestOneSpellingOnly holds that whatever is accepted is written as it came.
func TestOneSpellingOnly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z]{0,8}_[0-9a-zA-Z]{25,27}`)).Draw(t, "text")
		if kind, u, ok := id.Parse(s); ok && id.Global(kind, u) != s {
			t.Fatalf("%q is another spelling of %q", s, id.Global(kind, u))
		}
	})
	for _, s := range []string{"", "_", "deal", "deal_", "_00000000000000000000000000", "deal_0000000000000000000000000i", "deal_zzzzzzzzzzzzzzzzzzzzzzzzzz"} {
		_, _, ok := id.Parse(s)
		assert.False(t, ok, s)
	}
}

func TestIDsSortAsTheyWereMade(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 31, 12, 0, 0, 0, time.UTC)
	var ids []string
	for i := range 50 {
		ids = append(ids, id.Global(id.DealKind, id.Derived(at.Add(time.Duration(i)*time.Millisecond), "x")))
	}
	assert.True(t, slices.IsSorted(ids))
	assert.Equal(t, id.Derived(at, "a"), id.Derived(at, "a"))
	assert.NotEqual(t, id.Derived(at, "a"), id.Derived(at, "b"))
}

func TestTheZeroIDIsNull(t *testing.T) {
	t.Parallel()
	v, err := id.UUID{}.Value()
	require.NoError(t, err)
	assert.Nil(t, v)
	var b bytes.Buffer
	id.Deal{}.MarshalGQL(&b)
	assert.Equal(t, "null", b.String())
	u := id.New()
	require.NoError(t, u.Scan(nil))
	assert.True(t, u.IsZero())
	assert.Equal(t, "{}", id.Array([]id.UUID{}))
	assert.Equal(t, 2, strings.Count(id.Array([]id.UUID{id.New(), id.New(), id.New()}), ","))
}
