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
	request  *request
	handle   *pg.Handle
	env      *view.Env
	recalled bool        // env is of an older snapshot, which a mutation's write holds against the present
	stream   streamState // of a subscription
}

type operationKey struct{}

// begin identifies the asker, opens the operation's snapshot and takes from it who they are and what they may.
// A mutation starts from what was read last, since its write takes a transaction of its own that finds out whether that
// still holds.
func (r *Resolver) begin(ctx context.Context, kind ast.Operation) (*operation, error) {
	req := requestOf(ctx)
	identity, err := r.Access.Identify(ctx, req.bearer)
	if err != nil {
		return nil, err
	}
	op := &operation{Resolver: r, identity: identity, request: req, handle: r.Pool.Read(pg.Session{Org: identity.Org.UUID})}
	if kind == ast.Mutation && op.recall() {
		return op, nil
	}
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

// recall takes what was read last; false where something was not read yet.
func (o *operation) recall() bool {
	p, ok := o.Access.Remembered(o.identity)
	if !ok {
		return false
	}
	p.Client, p.RequestID = o.request.client, o.request.id
	o.env = &view.Env{Principal: p, DB: o.handle, Directory: o.Orgs.Remembered(p.Org), Catalogue: o.CRM.Remembered(p.Org), Now: o.Clock.Now()}
	o.recalled = o.env.Directory != nil && o.env.Catalogue != nil
	return o.recalled
}

// refresh takes a new snapshot: the asker's permissions and the reference data as they are now. After a write it makes
// the payload show what was written.
func (o *operation) refresh(ctx context.Context) error {
	o.handle.Close()
	env, err := o.open(ctx, o.handle)
	if err == nil {
		o.env, o.recalled = env, false
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
	gc := graphql.GetOperationContext(ctx)
	op, err := r.begin(ctx, gc.Operation.Operation)
	if err != nil {
		r.refuse(ctx, err)
		return graphql.OneShot(&graphql.Response{Errors: gqlerror.List{r.present(ctx, err)}})
	}
	if gc.Operation.Operation == ast.Subscription {
		return op.listen(ctx, next)
	}
	if gc.Operation.Operation == ast.Mutation {
		op.handle.Close() // the write takes a connection of its own
	}
	ctx = context.WithValue(ctx, operationKey{}, op)
	responses := next(ctx)
	return func(ctx context.Context) *graphql.Response {
		defer op.handle.Close()
		resp := responses(ctx)
		return r.finish(ctx, resp, r.permits.denied(op.env.Principal, gc))
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
	need, ok := r.permits[coordinate{fc.Object, fc.Field.Name}]
	if ok && op.recalled && !need.metBy(op.env.Principal) { // it may have been granted since
		err := op.refresh(ctx)
		op.handle.Close()
		if err != nil {
			return nil, err
		}
	}
	if ok && !need.metBy(op.env.Principal) {
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
