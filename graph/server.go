package graph

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ententehq/entente/graph/generated"
	"github.com/ententehq/entente/internal/errs"
)

const (
	maxBody        = 1 << 20 // bytes of a request
	maxTokens      = 2_000   // of a document
	cachedDocument = 1_000   // documents kept parsed and validated
)

// NewHandler serves GraphQL over HTTP: POST with JSON, and GET for queries of callers with an Authorization header.
func NewHandler(r *Resolver) http.Handler {
	es := generated.NewExecutableSchema(generated.Config{Resolvers: r})
	r.permits = newPermits(es.Schema())
	s := handler.New(es)
	s.AddTransport(transport.Websocket{InitFunc: r.initSocket, InitTimeout: 5 * time.Second, PingPongInterval: 20 * time.Second})
	s.AddTransport(transport.POST{})
	s.AddTransport(transport.GET{})
	s.SetParserTokenLimit(maxTokens)
	s.SetQueryCache(lru.New[*ast.QueryDocument](cachedDocument))
	s.SetErrorPresenter(r.present)
	s.SetRecoverFunc(r.recovered)
	s.AroundOperations(r.around)
	s.Use(extension.Introspection{})
	return r.accept(s)
}

// initSocket takes the bearer token of a WebSocket from its init message, where the handshake brought none: browsers
// cannot set headers there.
func (r *Resolver) initSocket(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
	req := *requestOf(ctx)
	if given := payload.Authorization(); given != "" {
		bearer, _ := strings.CutPrefix(given, "Bearer ")
		req.bearer = strings.TrimSpace(bearer)
	}
	if _, err := r.Access.Identify(ctx, req.bearer); err != nil {
		return nil, nil, err
	}
	return context.WithValue(ctx, requestKey{}, &req), nil, nil
}

// accept names the request, takes the bearer token, and refuses what has none before anything of it is read.
func (r *Resolver) accept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		bearer, _ := strings.CutPrefix(h.Header.Get("Authorization"), "Bearer ")
		req := &request{id: requestID(h), bearer: strings.TrimSpace(bearer), client: clientName(h)}
		ctx := context.WithValue(h.Context(), requestKey{}, req)
		w.Header().Set("X-Request-Id", req.id)
		w.Header().Set("Cache-Control", "no-store")
		if req.bearer == "" && h.Header.Get("Upgrade") == "" {
			w.Header().Set("WWW-Authenticate", `Bearer realm="entente"`)
			r.answer(ctx, w, http.StatusUnauthorized, errs.New(errs.Unauthenticated, "Sign in first: send a token as \"Authorization: Bearer …\"."))
			return
		}
		h.Body = http.MaxBytesReader(w, h.Body, maxBody)
		next.ServeHTTP(&statusWriter{ResponseWriter: w, req: req}, h.WithContext(ctx))
	})
}

func (r *Resolver) answer(ctx context.Context, w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(graphql.Response{Errors: gqlerror.List{r.present(ctx, err)}})
}

// statusWriter answers with the status that the operation asked for, where gqlgen writes none.
type statusWriter struct {
	http.ResponseWriter
	req   *request
	wrote bool
}

func (w *statusWriter) WriteHeader(status int) {
	w.wrote = true
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if !w.wrote && w.req.status != 0 {
		w.WriteHeader(w.req.status)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets a WebSocket take the connection over.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

var idForm = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestID takes the caller's X-Request-Id, where it is one, so that a request can be followed through several
// programs.
func requestID(h *http.Request) string {
	if given := h.Header.Get("X-Request-Id"); idForm.MatchString(given) {
		return given
	}
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// clientName is the program that the request comes through, as it names itself.
func clientName(h *http.Request) string {
	for _, header := range []string{"Apollographql-Client-Name", "Graphql-Client-Name", "User-Agent"} {
		if name := h.Header.Get(header); name != "" {
			return strings.ToValidUTF8(name[:min(len(name), 100)], "")
		}
	}
	return ""
}

// PrintSchema writes the published contract: the whole schema, sorted, as clients may read it.
func PrintSchema(w io.Writer) {
	printSchema(w, generated.NewExecutableSchema(generated.Config{}).Schema())
}
