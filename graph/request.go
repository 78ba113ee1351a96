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
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// request is what is known of an HTTP request before its operation is read.
type request struct {
	id     string // shown with every error and in every log line
	bearer string
	client string
	status int // the HTTP status to answer with, where it is not gqlgen's own
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	r, ok := ctx.Value(requestKey{}).(*request)
	if !ok {
		return &request{}
	}
	return r
}

// operation is one operation under way: who asks, and the snapshot that it reads.
type operation struct {
	*Resolver
	identity access.Identity
	request  *request
	handle   *pg.Handle
	env      *view.Env
	stream   streamState // of a subscription
}

type operationKey struct{}

// begin identifies the asker, opens the operation's snapshot and takes from it who they are and what they may.
func (r *Resolver) begin(ctx context.Context) (*operation, error) {
	req := requestOf(ctx)
	identity, err := r.Access.Identify(ctx, req.bearer)
	if err != nil {
		return nil, err
	}
	op := &operation{Resolver: r, identity: identity, request: req, handle: r.Pool.Read(pg.Session{Org: identity.Org.UUID})}
	if err := op.refresh(ctx); err != nil {
		op.handle.Close()
		if errs.CodeOf(err) == errs.Unauthenticated {
			by := event.Actor{Token: identity.Token, Client: req.client, RequestID: req.id}
			r.denied(identity.Org, by, "a valid token")
		}
		return nil, err
	}
	return op, nil
}

// refresh takes a new snapshot: the asker's permissions and the reference data as they are now. After a write it makes
// the payload show what was written.
func (o *operation) refresh(ctx context.Context) error {
	o.handle.Close()
	env, err := o.open(ctx, o.handle)
	if err == nil {
		o.env = env
	}
	return err
}

// open takes from a snapshot who asks, what they may, and the reference data.
func (o *operation) open(ctx context.Context, h *pg.Handle) (*view.Env, error) {
	p, err := o.Access.Resolve(ctx, h, o.identity)
	if err != nil {
		return nil, err
	}
	p.Client, p.RequestID = o.request.client, o.request.id
	dir, err := o.Orgs.Directory(ctx, h, p.Org)
	if err != nil {
		return nil, err
	}
	cat, err := o.CRM.Catalogue(ctx, h, p.Org)
	if err != nil {
		return nil, err
	}
	return &view.Env{Principal: p, DB: h, Directory: dir, Catalogue: cat, Now: o.Clock.Now()}, nil
}

// around runs an operation within its snapshot, and closes that before bytes are written to the client.
func (r *Resolver) around(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	op, err := r.begin(ctx)
	if err != nil {
		r.refuse(ctx, err)
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{r.present(ctx, err)}})
	}
	gc := graphql.GetOperationContext(ctx)
	if gc.Operation.Operation == ast.Subscription {
		return op.listen(ctx, next)
	}
	masked := r.permits.denied(op.env.Principal, gc)
	if gc.Operation.Operation == ast.Mutation {
		op.handle.Close() // the write takes a connection of its own
	}
	ctx = context.WithValue(ctx, operationKey{}, op)
	responses := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		defer op.handle.Close()
		resp := responses(ctx)
		if resp != nil {
			r.mask(ctx, resp, masked)
		}
		return resp
	}
}

// mask adds one FORBIDDEN error for each selected field that the asker may not have.
func (r *Resolver) mask(ctx context.Context, resp *graphql.Response, masked []denial) {
	for _, d := range masked {
		resp.Errors = append(resp.Errors, r.presentAt(ctx, d.path, access.Forbidden(d.need.object, d.need.actions[0])))
	}
}

// denied queues a refused attempt for the audit log: the operation itself may be reading only.
func (r *Resolver) denied(org id.Org, by event.Actor, permission string) {
	if r.Events != nil {
		r.Events.Deny(event.Denial{Org: org, By: by, Permission: permission, At: r.Clock.Now()})
	}
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
	return op.env, nil
}

// after is env once a mutation has written: of a new snapshot.
func (r *Resolver) after(ctx context.Context) (*view.Env, error) {
	op := ctx.Value(operationKey{}).(*operation)
	if err := op.refresh(ctx); err != nil {
		return nil, err
	}
	return op.env, nil
}
