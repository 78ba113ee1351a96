package graph

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/ententehq/entente/internal/errs"
)

// refusedCost is what a document costs that is refused: reading and validating it has taken time.
const refusedCost = 25

// guard stands before every operation, on every transport: it finds out who asks, charges them, and lets gqlgen see only
// documents that are small and valid. gqlgen parses and validates in one step, with nothing in between; so the guard does
// both itself and puts the document where gqlgen looks first.
type guard struct {
	*Resolver
	schema    *ast.Schema
	documents *documents
	buckets   *buckets
}

var (
	_ graphql.OperationParameterMutator = (*guard)(nil)
	_ graphql.OperationContextMutator   = (*guard)(nil)
	_ graphql.ResponseInterceptor       = (*guard)(nil)
)

// What the guard refuses is a fault of the request: over a WebSocket it goes out as an error message, not as a result.
func init() {
	for _, code := range []errs.Code{
		errs.Unauthenticated, errs.BadInput, errs.LimitExceeded, errs.CostExceeded, errs.RateLimited, errs.Internal,
	} {
		errcode.RegisterErrorType(string(code), errcode.KindProtocol)
	}
}

func newGuard(r *Resolver, schema *ast.Schema) *guard {
	return &guard{Resolver: r, schema: schema, documents: newDocuments(), buckets: newBuckets(r.Rate)}
}

// ExtensionName names the guard among gqlgen's extensions.
func (*guard) ExtensionName() string { return "Guard" }

// Validate is called by gqlgen once; there is nothing to check.
func (*guard) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters identifies the asker and checks the document and the variables as they came.
func (g *guard) MutateOperationParameters(ctx context.Context, params *graphql.RawParams) (refusal *gqlerror.Error) {
	req := g.admit(ctx)
	if req.socket != nil {
		params.Headers = http.Header{} // those of the socket's opening say nothing of one operation
	}
	defer g.caught(ctx, &refusal)
	if err := g.identify(ctx, req); err != nil {
		g.refuse(ctx, err)
		return g.refusal(ctx, err)
	}
	if err := g.charge(req, 1); err != nil {
		return g.refusal(ctx, err)
	}
	if err := variable(params.Variables, 0); err != nil {
		return g.refusal(ctx, err)
	}
	if _, known := g.documents.Get(ctx, params.Query); known {
		return nil
	}
	if err := g.document(ctx, req, params.Query); err != nil {
		_ = g.charge(req, refusedCost) // an empty bucket refuses the next request
		return err
	}
	return nil
}

// admit gives the operation a request of its own: over a socket, many share the one that the socket came with.
func (g *guard) admit(ctx context.Context) *request {
	base, _ := ctx.Value(requestKey{}).(*request)
	req := &request{}
	if base != nil {
		*req = request{id: base.id, bearer: base.bearer, client: base.client, socket: base.socket}
	}
	if req.socket != nil {
		req.id += "-" + strconv.FormatInt(req.socket.operations.Add(1), 10)
	}
	graphql.GetOperationContext(ctx).Stats.SetExtension(requestExtension, req)
	return req
}

func (g *guard) identify(ctx context.Context, req *request) error {
	identity, err := g.Access.Identify(ctx, req.bearer)
	req.org, req.token = identity.Org, identity.Token
	return err
}

// charge takes from the token's bucket. Errors: RATE_LIMITED.
func (g *guard) charge(req *request, cost int) error {
	b, err := g.buckets.take(req.token, cost, g.Clock.Now())
	if req.budget != nil {
		b.requested += req.budget.requested
	}
	req.budget = &b
	return err
}

// document parses, surveys and validates, and keeps what has passed.
func (g *guard) document(ctx context.Context, req *request, query string) *gqlerror.Error {
	if len(query) > maxDocument {
		return g.refusal(ctx, errs.New(errs.LimitExceeded, "The document is longer than %d bytes. Put values into variables, and split what it asks for.", maxDocument).
			With("limit", "document").With("max", maxDocument))
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: query}, maxTokens)
	if err != nil {
		if strings.Contains(err.Error(), "exceeded token limit") {
			err = tooMany("tokens", maxTokens)
		}
		return g.refusal(ctx, err)
	}
	if len(doc.Operations) == 0 {
		return g.refusal(ctx, errs.New(errs.BadInput, "The document has no operation. Send a query, such as { viewer { roles } }."))
	}
	if err := survey(doc); err != nil {
		return g.refusal(ctx, err)
	}
	if list := validator.ValidateWithRules(g.schema, doc, rules.NewDefaultRules()); len(list) > 0 {
		for _, e := range list[:min(len(list), maxErrors)] {
			req.invalid = append(req.invalid, g.present(ctx, e))
		}
		return req.invalid[0]
	}
	g.documents.Add(ctx, query, doc)
	return nil
}

// MutateOperationContext charges what the operation costs, now that its variables are known.
func (g *guard) MutateOperationContext(ctx context.Context, op *graphql.OperationContext) (refusal *gqlerror.Error) {
	defer g.caught(ctx, &refusal)
	req := requestOf(ctx)
	cost := costOf(g.schema, op)
	if cost > maxCost {
		return g.refusal(ctx, errs.New(errs.CostExceeded, "The operation costs %d and may cost %d. Ask for shorter pages with first, or leave lists within lists for another request.", cost, maxCost).
			With("cost", cost).With("max", maxCost))
	}
	if cost > 1 { // 1 has been paid
		if err := g.charge(req, cost-1); err != nil {
			return g.refusal(ctx, err)
		}
	}
	return nil
}

// InterceptResponse shows all that is wrong with a document, where gqlgen knows of the first fault only.
func (g *guard) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	resp := next(ctx)
	if list := requestOf(ctx).invalid; resp != nil && len(list) > 0 {
		resp.Errors = list
	}
	return resp
}

func (g *guard) refusal(ctx context.Context, err error) *gqlerror.Error { return g.present(ctx, err) }

// caught turns a panic into a refusal: over a WebSocket nobody else would catch it.
func (g *guard) caught(ctx context.Context, refusal **gqlerror.Error) {
	if p := recover(); p != nil {
		*refusal = g.present(ctx, g.recovered(ctx, p))
	}
}

const (
	maxDocuments     = 2_000   // kept parsed and validated
	maxDocumentBytes = 2 << 20 // of their text; parsed they take some thirty times as much
)

// documents keeps what has been parsed and validated, bounded by the size of the text, since one caller may send nothing
// but large ones.
type documents struct {
	mu    sync.Mutex
	bytes int
	known *lru.Cache[string, *ast.QueryDocument]
}

var _ graphql.Cache[*ast.QueryDocument] = (*documents)(nil)

func newDocuments() *documents {
	d := &documents{}
	known, err := lru.NewWithEvict(maxDocuments, func(query string, _ *ast.QueryDocument) { d.bytes -= len(query) })
	if err != nil {
		panic(err) // only for a size below one
	}
	d.known = known
	return d
}

// Get gives a document by its text.
func (d *documents) Get(_ context.Context, query string) (*ast.QueryDocument, bool) {
	return d.known.Get(query)
}

// Add keeps a document and lets go of those unused for longest.
func (d *documents) Add(_ context.Context, query string, doc *ast.QueryDocument) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known.Contains(query) {
		return
	}
	d.known.Add(query, doc)
	for d.bytes += len(query); d.bytes > maxDocumentBytes && d.known.Len() > 1; {
		d.known.RemoveOldest()
	}
}
