// Package graph is the GraphQL API: thin resolvers over services and views, what every operation passes through, and
// the HTTP handler.
package graph

import (
	"context"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ententehq/entente/graph/generated"
	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// Resolver answers operations.
type Resolver struct {
	Pool   *pg.Pool
	Clock  clock.Clock
	Log    *slog.Logger
	Access *access.Service
	Orgs   *org.Service
	CRM    *crm.Service

	Rate    Rate     // what a token may ask for over time
	Origins []string // of pages on other hosts that may open sockets, such as https://app.example.com

	permits permits
	sockets *sockets
}

// Query answers queries.
func (r *Resolver) Query() generated.QueryResolver { return &query{r} }

// Mutation answers mutations.
func (r *Resolver) Mutation() generated.MutationResolver { return &mutation{r} }

type (
	query    struct{ *Resolver }
	mutation struct{ *Resolver }
)

// Viewer is who asks.
func (q *query) Viewer(ctx context.Context) (*view.Viewer, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	return &view.Viewer{Env: env}, nil
}

// maxNodes is how many objects nodes gives at once.
const maxNodes = 100

// Node gives any object by its id.
func (q *query) Node(ctx context.Context, global string) (view.Node, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	found, err := env.Nodes(ctx, []string{global}, view.Selected(ctx))
	if err != nil {
		return nil, err
	}
	if found[0] == nil {
		return nil, errNotFound("object")
	}
	return found[0], nil
}

// Nodes gives objects by their ids, in their order.
func (q *query) Nodes(ctx context.Context, globals []string) ([]view.Node, error) {
	env, err := q.env(ctx)
	if err != nil {
		return nil, err
	}
	if len(globals) > maxNodes {
		return nil, errs.New(errs.LimitExceeded, "nodes takes at most %d ids.", maxNodes).At("ids")
	}
	found, err := env.Nodes(ctx, globals, view.Selected(ctx))
	if err != nil {
		return nil, err
	}
	for i, n := range found {
		if n == nil {
			graphql.AddError(graphql.WithPathContext(ctx, graphql.NewPathWithIndex(i)), errNotFound("object"))
		}
	}
	return found, nil
}

func errNotFound(what string) *errs.Error {
	return errs.New(errs.NotFound, "There is no such %s, or none that you may see. Take ids from earlier answers of this API.", what)
}

// find gives the record's id from a global id or another system's; false where there is none.
func (r *Resolver) find(ctx context.Context, env *view.Env, kind id.Kind, global *string, external *model.ExternalIDInput) (id.UUID, bool, error) {
	if global != nil {
		u, ok := id.ParseKind(kind, *global)
		return u, ok, nil
	}
	found, err := org.FindExternal(ctx, env.DB, env.Principal.Org, string(kind), external.System, []string{external.ID})
	u, ok := found[external.ID]
	return u, ok, err
}
