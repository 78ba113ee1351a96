package graph

import (
	"context"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// request is what is known of an operation besides its text: what its HTTP request or its socket brought, and from the
// guard on what is its own.
type request struct {
	id     string // shown with every error and in every log line
	bearer string
	client string
	socket *socket // nil over plain HTTP

	org     id.Org
	token   id.Token
	budget  *budget       // nil until it is known whose it is
	invalid gqlerror.List // all that validation found
	status  int           // the HTTP status to answer with, where it is not the ordinary one
}

type requestKey struct{}

// requestExtension is where the guard puts an operation's own request.
const requestExtension = "request"

// requestOf is the request of the operation at hand, or the one that it came with while nothing of it has been read.
func requestOf(ctx context.Context) *request {
	if graphql.HasOperationContext(ctx) {
		if r, ok := graphql.GetOperationContext(ctx).Stats.GetExtension(requestExtension).(*request); ok {
			return r
		}
	}
	if r, ok := ctx.Value(requestKey{}).(*request); ok {
		return r
	}
	return &request{}
}

// operation is one operation under way: who asks, and the snapshot that it reads.
type operation struct {
	*Resolver
	identity access.Identity
	client   string
	handle   *pg.Handle
	env      *view.Env
}

type operationKey struct{}

// begin identifies the asker, opens the operation's snapshot and takes from it who they are and what they may.
func (r *Resolver) begin(ctx context.Context) (*operation, error) {
	req := requestOf(ctx)
	identity, err := r.Access.Identify(ctx, req.bearer)
	if err != nil {
		return nil, err
	}
	op := &operation{Resolver: r, identity: identity, client: req.client, handle: r.Pool.Read(pg.Session{Org: identity.Org.UUID})}
	if err := op.refresh(ctx); err != nil {
		op.handle.Close()
		return nil, err
	}
	return op, nil
}

// refresh takes a new snapshot: the asker's permissions and the reference data as they are now. After a write it makes
// the payload show what was written.
func (o *operation) refresh(ctx context.Context) error {
	o.handle.Close()
	p, err := o.Access.Resolve(ctx, o.handle, o.identity)
	if err != nil {
		return err
	}
	p.Client = o.client
	dir, err := o.Orgs.Directory(ctx, o.handle, p.Org)
	if err != nil {
		return err
	}
	cat, err := o.CRM.Catalogue(ctx, o.handle, p.Org)
	if err != nil {
		return err
	}
	o.env = &view.Env{Principal: p, DB: o.handle, Directory: dir, Catalogue: cat, Now: o.Clock.Now()}
	return nil
}

// around runs an operation within its snapshot, and closes that before bytes are written to the client.
func (r *Resolver) around(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	op, err := r.begin(ctx)
	if err != nil {
		r.refuse(ctx, err)
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{r.present(ctx, err)}})
	}
	gc := graphql.GetOperationContext(ctx)
	masked := r.permits.denied(op.env.Principal, gc)
	if gc.Operation.Operation == ast.Mutation {
		op.handle.Close() // the write takes a connection of its own
	}
	ctx = context.WithValue(ctx, operationKey{}, op)
	responses := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		defer op.handle.Close()
		return r.finish(ctx, responses(ctx), masked)
	}
}

// finish bounds an answer's errors, adds one for each masked field, and says what the operation cost.
func (r *Resolver) finish(ctx context.Context, resp *graphql.Response, masked []denial) *graphql.Response {
	if resp == nil {
		return nil
	}
	resp.Errors = capped(resp.Errors)
	for _, d := range masked {
		err := access.Forbidden(d.need.object, d.need.actions[0]).With("count", d.count)
		resp.Errors = append(resp.Errors, r.presentAt(ctx, d.path, err))
	}
	if b := requestOf(ctx).budget; b != nil {
		if resp.Extensions == nil {
			resp.Extensions = map[string]any{}
		}
		resp.Extensions["cost"] = b.extension()
	}
	return resp
}

// refuse sets the HTTP status for an operation that does not run at all.
func (r *Resolver) refuse(ctx context.Context, err error) {
	switch {
	case errs.CodeOf(err) == errs.Unauthenticated:
		requestOf(ctx).status = http.StatusUnauthorized
	case pg.Unavailable(err):
		requestOf(ctx).status = http.StatusServiceUnavailable
	default:
		requestOf(ctx).status = http.StatusInternalServerError
	}
}

// env is what a root resolver works with. It refuses a field whose permission the asker lacks, so that no root field
// can be answered without its @can.
func (r *Resolver) env(ctx context.Context) (*view.Env, error) {
	op := ctx.Value(operationKey{}).(*operation)
	fc := graphql.GetFieldContext(ctx)
	if need, ok := r.permits[coordinate{fc.Object, fc.Field.Name}]; ok && !need.metBy(op.env.Principal) {
		return nil, access.Forbidden(need.object, need.actions[0])
	}
	if fc.Object != "Mutation" {
		return op.env, nil
	}
	once, err := onceOf(ctx, fc)
	if err != nil {
		return nil, err
	}
	env, who := *op.env, *op.env.Principal
	who.Once = once
	env.Principal = &who
	return &env, nil
}

// after is env once a mutation has written: of a new snapshot.
func (r *Resolver) after(ctx context.Context) (*view.Env, error) {
	op := ctx.Value(operationKey{}).(*operation)
	if err := op.refresh(ctx); err != nil {
		return nil, err
	}
	return op.env, nil
}
