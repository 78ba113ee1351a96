package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	ententegraph "github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/errs"
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
	surface    surface
	graph      *ententegraph.Handler
}

// surface is how the API may be used from outside.
type surface struct {
	AllowOrigin   []string `help:"A page's origin that may use the API from a browser, such as https://app.example.com; repeat it for several. Pages of this server always may." placeholder:"ORIGIN"`
	RateBurst     int      `default:"100000" help:"How much cost a token may ask for at once."`
	RatePerSecond int      `default:"2000" help:"How much cost a token may ask for each second."`
}

func newServer(a *app, log *slog.Logger, p playground.Options, use surface) *server {
	s := &server{
		app: a, log: log, playground: p, metrics: newMetrics(a.pool), slots: make(chan struct{}, maxOperations), surface: use,
	}
	s.graph = ententegraph.NewHandler(&ententegraph.Resolver{
		Pool: a.pool, Clock: a.clock, Log: log, Access: a.access, Orgs: a.orgs, CRM: a.crm,
		Rate: ententegraph.Rate{Burst: use.RateBurst, PerSecond: use.RatePerSecond}, Origins: use.AllowOrigin,
	})
	return s
}

// Validate refuses origins that no browser sends, since they would allow nothing.
func (s surface) Validate() error {
	for _, origin := range s.AllowOrigin {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Scheme+"://"+u.Host != origin || strings.ContainsAny(origin, "*?[\\") {
			return errs.New(errs.BadInput, "%q is not an origin. Give scheme, host and, where there is one, port: https://app.example.com.", origin)
		}
	}
	if s.RateBurst < 10_000 || s.RatePerSecond < 1 {
		return errs.New(errs.BadInput, "--rate-burst is at least 10000, the cost of the dearest operation, and --rate-per-second at least 1.")
	}
	return nil
}

// api is everything that is served on the public port.
func (s *server) api() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/graphql", s.shared(s.limited(s.graph)))
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

// shared lets pages of the allowed origins read answers, and answers their browsers' questions before the request.
// Cookies are never asked for: a page sends a token that it holds.
func (s *server) shared(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(s.surface.AllowOrigin, origin) {
			h.Set("Access-Control-Allow-Origin", origin)
			h.Set("Access-Control-Expose-Headers", "X-Request-Id, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy")
			if r.Method == http.MethodOptions {
				h.Set("Access-Control-Allow-Methods", "GET, POST")
				h.Set("Access-Control-Allow-Headers", "Accept, Authorization, Content-Type, Idempotency-Key, X-Request-Id, Apollographql-Client-Name, Apollographql-Client-Version, Graphql-Client-Name")
				h.Set("Access-Control-Max-Age", "7200")
			}
		}
		if r.Method == http.MethodOptions {
			h.Set("Allow", "GET, POST, OPTIONS")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limited refuses what is beyond the number of requests worked on at once. Sockets and streams of events stay open, so
// they do not count here: the handler has a bound of its own for them.
func (s *server) limited(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ententegraph.OpensSocket(r) || strings.Contains(r.Header.Get("Accept"), "text/event-stream") {
			next.ServeHTTP(w, r)
			return
		}
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
