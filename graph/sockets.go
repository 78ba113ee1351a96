package graph

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/coder/websocket"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

const (
	maxSockets       = 5_000 // of the process, streams of events among them
	maxSocketsOfOne  = 20    // of a token
	socketInspection = time.Second
)

// sockets are the sockets and streams that are open. While there are any, each one's token is looked at every second:
// one opening round trip per org, and no statement unless something there has changed.
type sockets struct {
	access *access.Service
	pool   *pg.Pool
	log    *slog.Logger

	mu       sync.Mutex
	open     map[*entrance]bool
	of       map[id.Token]int
	stop     context.CancelFunc // of the inspection; nil while nothing is open
	stopping bool
}

// entrance is one open socket or stream.
type entrance struct {
	identity access.Identity
	close    func(code int, reason string)
}

func newSockets(r *Resolver) *sockets {
	return &sockets{access: r.Access, pool: r.Pool, log: r.Log, open: map[*entrance]bool{}, of: map[id.Token]int{}}
}

var errStopping = errs.New(errs.RateLimited, "The server is stopping. Connect again in a moment.")

// enter counts a socket in until leave is called; end closes it with a code and a reason. Errors: RATE_LIMITED when the
// token, or the process, has too many open, or the server is stopping.
func (s *sockets) enter(req *request, end func(code int, reason string)) (leave func(), err error) {
	e := &entrance{access.Identity{Org: req.org, Token: req.token}, end}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopping:
		return nil, errStopping
	case s.of[req.token] >= maxSocketsOfOne:
		return nil, errs.New(errs.RateLimited, "The token has %d connections open. Close one first.", maxSocketsOfOne)
	case len(s.open) >= maxSockets:
		return nil, errs.New(errs.RateLimited, "Too many connections are open. Try again later.")
	}
	s.open[e] = true
	s.of[req.token]++
	if s.stop == nil {
		ctx, cancel := context.WithCancel(context.Background())
		s.stop = cancel
		go s.inspect(ctx)
	}
	return func() { s.leave(e) }, nil
}

func (s *sockets) leave(e *entrance) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open[e] {
		return
	}
	delete(s.open, e)
	if s.of[e.identity.Token]--; s.of[e.identity.Token] == 0 {
		delete(s.of, e.identity.Token)
	}
	if len(s.open) == 0 && s.stop != nil {
		s.stop()
		s.stop = nil
	}
}

// inspect closes the sockets whose token is not valid any more, once a second until the last one is closed.
func (s *sockets) inspect(ctx context.Context) {
	t := time.NewTicker(socketInspection)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			for org, list := range s.byOrg() {
				s.inspectOrg(ctx, org, list)
			}
		}
	}
}

func (s *sockets) byOrg() map[id.Org][]*entrance {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[id.Org][]*entrance{}
	for e := range s.open {
		out[e.identity.Org] = append(out[e.identity.Org], e)
	}
	return out
}

// inspectOrg leaves the sockets open when the database cannot be asked: no operation runs on them then either.
func (s *sockets) inspectOrg(ctx context.Context, org id.Org, list []*entrance) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	h := s.pool.Read(pg.Session{Org: org.UUID})
	defer h.Close()
	valid := map[id.Token]error{}
	for _, e := range list {
		err, known := valid[e.identity.Token]
		if !known {
			_, err = s.access.Resolve(ctx, h, e.identity)
			valid[e.identity.Token] = err
		}
		switch {
		case err == nil:
		case errs.CodeOf(err) == errs.Unauthenticated:
			e.close(closeForbidden, "The token is not valid any more")
		default:
			if ctx.Err() == nil {
				s.log.WarnContext(ctx, "sockets not inspected", "error", err)
			}
			return
		}
	}
}

// shutdown closes all sockets and streams with 1001, so that their clients connect elsewhere, and lets in no more.
func (s *sockets) shutdown() {
	s.mu.Lock()
	s.stopping = true
	var all []*entrance
	for e := range s.open {
		all = append(all, e)
	}
	s.mu.Unlock()
	for _, e := range all {
		e.close(int(websocket.StatusGoingAway), "The server is stopping")
	}
	for range farewell / farewellStep {
		s.mu.Lock()
		left := len(s.open) == 0
		s.mu.Unlock()
		if left {
			return
		}
		time.Sleep(farewellStep)
	}
}

// farewell is how long a stopping server waits for its sockets to have been told, looking every farewellStep: a client
// that does not answer holds it no longer.
const (
	farewell     = 2 * time.Second
	farewellStep = 5 * time.Millisecond
)
