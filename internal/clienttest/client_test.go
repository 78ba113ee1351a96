package clienttest_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/Khan/genqlient/graphql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clienttest"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/demo"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// serve gives a client of the demo org, signed in as OPS.
func serve(t *testing.T) graphql.Client {
	t.Helper()
	pool, err := pg.Open(t.Context(), dbtest.New(t).AppURL, pg.Options{MaxConns: 4})
	require.NoError(t, err)
	t.Cleanup(func() { _ = pool.Close() })
	now := clock.System{}
	accesses, orgs := access.NewService(pool, now, true), org.NewService(pool, now)
	deals := crm.NewService(pool, now, orgs)
	_, _, err = demo.Ensure(t.Context(), demo.Deps{Pool: pool, Access: accesses, Orgs: orgs, CRM: deals}, demo.Params{Seed: 1, Today: now.Now(), Size: demo.Small})
	require.NoError(t, err)
	srv := httptest.NewServer(graph.NewHandler(&graph.Resolver{
		Pool: pool, Clock: now, Log: slog.New(slog.DiscardHandler), Access: accesses, Orgs: orgs, CRM: deals,
	}))
	t.Cleanup(srv.Close)
	return graphql.NewClient(srv.URL, &http.Client{Transport: signed{"demo-ops"}})
}

// signed adds the token to each request.
type signed struct{ token string }

func (s signed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+s.token)
	return http.DefaultTransport.RoundTrip(r)
}

func TestTypedClient(t *testing.T) {
	t.Parallel()
	ctx, client := t.Context(), serve(t)

	viewer, err := clienttest.Viewer(ctx, client)
	require.NoError(t, err)
	assert.Equal(t, []clienttest.Role{clienttest.RoleOps}, viewer.Viewer.Roles)

	first, err := clienttest.OpenDeals(ctx, client, 10, nil, clienttest.StageKindOpen)
	require.NoError(t, err)
	require.Len(t, first.Deals.Nodes, 10)
	assert.Equal(t, clienttest.StageKindOpen, first.Deals.Nodes[0].Stage.Kind)
	assert.WithinDuration(t, time.Now(), first.Deals.Nodes[0].CreatedAt, 3*365*24*time.Hour)
	second, err := clienttest.OpenDeals(ctx, client, 10, first.Deals.PageInfo.EndCursor, clienttest.StageKindOpen)
	require.NoError(t, err)
	assert.NotEqual(t, first.Deals.Nodes[9].Id, second.Deals.Nodes[0].Id)
	assert.Equal(t, first.Deals.TotalCount, second.Deals.TotalCount)

	one := first.Deals.Nodes[0]
	found, err := clienttest.Lookup(ctx, client, one.Id)
	require.NoError(t, err)
	deal, ok := (*found.Node).(*clienttest.LookupNodeDeal)
	require.True(t, ok, "%T", found.Node)
	assert.Equal(t, one.Name, deal.Name)

	// What is not given stays as it is: the amount is still there afterwards.
	moved, err := clienttest.NextStep(ctx, client, one.Id, one.Version, "Call back")
	require.NoError(t, err)
	assert.Empty(t, moved.DealUpdate.Errors)
	assert.Equal(t, one.Version+1, moved.DealUpdate.Deal.Version)
	assert.Equal(t, one.Amount, moved.DealUpdate.Deal.Amount)
	stale, err := clienttest.NextStep(ctx, client, one.Id, one.Version, "Wait")
	require.NoError(t, err)
	require.Len(t, stale.DealUpdate.Errors, 1)
	assert.Equal(t, "CONFLICT", stale.DealUpdate.Errors[0].Code)
}
