package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	ententegraph "github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/playground"
	"github.com/ententehq/entente/migrations"
)

// maxOperations is how many requests are worked on at once; beyond it the answer is 503.
const maxOperations = 500

// server is the HTTP side of one process.
type server struct {
	*app
	log        *slog.Logger
	playground playground.Options
	metrics    *metrics
	ready      atomic.Bool
	slots      chan struct{}
}

func newServer(a *app, log *slog.Logger, p playground.Options) *server {
	return &server{app: a, log: log, playground: p, metrics: newMetrics(a.pool), slots: make(chan struct{}, maxOperations)}
}

// api is everything that is served on the public port.
func (s *server) api() http.Handler {
	mux := http.NewServeMux()
	gql := ententegraph.NewHandler(&ententegraph.Resolver{
		Pool: s.pool, Clock: s.clock, Log: s.log, Access: s.access, Orgs: s.orgs, CRM: s.crm,
	})
	mux.Handle("/graphql", s.limited(gql))
	page := playground.Handler(s.playground)
	mux.Handle("/playground", page)
	mux.Handle("/playground/", page)
	mux.HandleFunc("GET /schema.graphql", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/graphql; charset=utf-8")
		ententegraph.PrintSchema(w)
	})
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { respond(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/playground/", http.StatusFound)
	})
	return s.observed(headers(mux))
}

// readyz tells a load balancer whether to send requests here: the database answers, its schema fits, and the process is
// not stopping.
func (s *server) readyz(w http.ResponseWriter, r *http.Request) {
	if !s.ready.Load() {
		respond(w, http.StatusServiceUnavailable, "stopping")
		return
	}
	v, err := s.pool.Schema(r.Context(), migrations.FS)
	switch {
	case err != nil:
		s.log.Warn("not ready", "error", err)
		respond(w, http.StatusServiceUnavailable, "the database does not answer")
	case v.Behind():
		respond(w, http.StatusServiceUnavailable, "the database's schema is older than this program")
	default:
		respond(w, http.StatusOK, "ready")
	}
}

func respond(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": text})
}

// headers are on every answer; the playground sets a policy of its own for its page.
func headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		next.ServeHTTP(w, r)
	})
}

// limited refuses what is beyond the number of requests worked on at once.
func (s *server) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case s.slots <- struct{}{}:
			defer func() { <-s.slots }()
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Retry-After", "1")
			respond(w, http.StatusServiceUnavailable, "too many requests at once; try again in a second")
		}
	})
}

// observed counts and logs every request, without its text, its variables or its token.
func (s *server) observed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		rec := &recorder{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(rec, r)
		took := time.Since(start)
		route := routeOf(r)
		s.metrics.request(route, rec.status, took)
		if route == "/graphql" || rec.status >= http.StatusInternalServerError {
			s.log.Info("request", "request", w.Header().Get("X-Request-Id"), "method", r.Method, "route", route,
				"status", rec.status, "bytes", rec.bytes, "ms", float64(took.Microseconds())/1000)
		}
	})
}

// routeOf is the route's name for metrics: a closed list, whatever paths are tried.
func routeOf(r *http.Request) string {
	switch p := r.URL.Path; {
	case p == "/graphql", p == "/healthz", p == "/readyz", p == "/schema.graphql":
		return p
	case len(p) >= 11 && p[:11] == "/playground":
		return "/playground"
	}
	return "other"
}

// recorder notes the status and size of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int
}

func (r *recorder) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.ResponseWriter.Write(b)
	r.bytes += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
