package graph

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/99designs/gqlgen/graphql/handler/extension"

	"github.com/ententehq/entente/graph/generated"
	"github.com/ententehq/entente/internal/errs"
)

// maxBody is how many bytes a request may have.
const maxBody = 1 << 20

const challenge = `Bearer realm="entente"`

// Handler serves the API.
type Handler struct {
	http.Handler
	sockets *sockets
}

// Close ends all WebSockets and streams of events with 1001, so that their clients connect to another server, and lets
// in no more. Requests over plain HTTP go on: http.Server.Shutdown waits for them.
func (h *Handler) Close() { h.sockets.shutdown() }

// NewHandler serves GraphQL over HTTP, WebSocket and server-sent events.
func NewHandler(r *Resolver) *Handler {
	es := generated.NewExecutableSchema(generated.Config{Resolvers: r})
	r.permits = newPermits(es.Schema())
	r.sockets = newSockets(r)
	g := newGuard(r, es.Schema())
	s := handler.New(es)
	s.AddTransport(webSocket{r})
	s.AddTransport(plainHTTP{r})
	s.SetParserTokenLimit(maxTokens)
	s.SetQueryCache(g.documents)
	s.SetErrorPresenter(r.present)
	s.SetRecoverFunc(r.recovered)
	s.Use(g)
	s.Use(extension.Introspection{})
	s.AroundOperations(r.around)
	return &Handler{r.accept(s), r.sockets}
}

// accept names the request, takes the bearer token, and refuses what has none before anything of it is read. A socket
// may bring its token with its first message: a browser cannot send the header.
func (r *Resolver) accept(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, h *http.Request) {
		req := &request{id: requestID(h), bearer: bearerOf(h.Header.Get("Authorization")), client: clientName(h)}
		ctx := context.WithValue(h.Context(), requestKey{}, req)
		w.Header().Set("X-Request-Id", req.id)
		w.Header().Set("Cache-Control", "no-store")
		if req.bearer == "" && !OpensSocket(h) {
			w.Header().Set("WWW-Authenticate", challenge)
			r.answer(ctx, w, http.StatusUnauthorized, errs.New(errs.Unauthenticated, "Sign in first: send a token as \"Authorization: Bearer …\"."))
			return
		}
		h.Body = http.MaxBytesReader(w, h.Body, maxBody)
		next.ServeHTTP(w, h.WithContext(ctx))
	})
}

// bearerOf takes the token out of an Authorization header's value, "" where there is none.
func bearerOf(authorization string) string {
	scheme, token, _ := strings.Cut(strings.TrimSpace(authorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

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
