package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/handler/transport"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/pg"
)

const (
	socketProtocol   = "graphql-transport-ws"
	socketMessage    = 64 << 10 // bytes
	socketInit       = 5 * time.Second
	socketWrite      = 10 * time.Second // a client that takes a message no faster is let go
	socketOperations = 20               // at once on one socket
	socketName       = 100              // bytes of an operation's id
)

// Close codes of graphql-transport-ws. A client may try again after 4403 with another token, and after 1001.
const (
	closeBadRequest   = 4400
	closeUnauthorized = 4401
	closeForbidden    = 4403
	closeInitTimeout  = 4408
	closeDuplicate    = 4409
	closeTooMany      = 4429
	closeInternal     = 4500
)

// webSocket opens sockets. gqlgen speaks the protocol over them; what it does not check, the socket does.
type webSocket struct{ *Resolver }

var _ graphql.Transport = webSocket{}

// Supports tells that the openings of sockets come here.
func (webSocket) Supports(h *http.Request) bool { return OpensSocket(h) }

// OpensSocket tells whether the request opens a WebSocket. Some clients offer HTTP/2 by the same header with every
// request, and are answered as if they had not.
func OpensSocket(h *http.Request) bool {
	return strings.EqualFold(h.Header.Get("Upgrade"), "websocket")
}

// Do serves one socket until it is closed.
func (t webSocket) Do(w http.ResponseWriter, h *http.Request, exec graphql.GraphExecutor) {
	if !offers(h, socketProtocol) {
		t.answer(h.Context(), w, http.StatusBadRequest, errs.New(errs.BadInput, "Open the WebSocket with the subprotocol %s.", socketProtocol))
		return
	}
	conn, err := websocket.Accept(w, h, &websocket.AcceptOptions{Subprotocols: []string{socketProtocol}, OriginPatterns: t.Origins})
	if err != nil {
		return // the client has been told
	}
	s := &socket{Resolver: t.Resolver, conn: conn, active: map[string]bool{}}
	s.ctx = h.Context()
	limit := int64(socketMessage)
	transport.Websocket{
		Implementation:   s,
		InitFunc:         s.init,
		InitTimeout:      socketInit,
		PingPongInterval: silence,
		PayloadReadLimit: &limit,
	}.Do(w, h, exec)
	s.leave()
}

func offers(h *http.Request, protocol string) bool {
	for part := range strings.SplitSeq(strings.Join(h.Header.Values("Sec-WebSocket-Protocol"), ","), ",") {
		if strings.TrimSpace(part) == protocol {
			return true
		}
	}
	return false
}

// socket is one open WebSocket, as gqlgen reads and writes it.
type socket struct {
	*Resolver
	ctx        context.Context
	conn       *websocket.Conn
	operations atomic.Int64 // started so far: they number the requests' ids

	mu       sync.Mutex
	begun    bool            // connection_init has come
	active   map[string]bool // operations under way, by the client's ids
	closing  bool
	deadline *time.Timer
	left     func()
}

var (
	_ transport.WebsocketImplementation = (*socket)(nil)
	_ transport.WebsocketConn           = (*socket)(nil)
	_ transport.WebsocketReadLimiter    = (*socket)(nil)
	_ transport.WebsocketReadDeadliner  = (*socket)(nil)
)

// Accept hands gqlgen the connection, which has been accepted already.
func (s *socket) Accept(http.ResponseWriter, *http.Request, transport.WebsocketAcceptOptions) (transport.WebsocketConn, error) {
	return s, nil
}

// init identifies who opened the socket: by the payload's authorization or token, or by the request's header.
func (s *socket) init(ctx context.Context, payload transport.InitPayload) (context.Context, *transport.InitPayload, error) {
	came := requestOf(ctx)
	req := &request{id: came.id, client: came.client, bearer: came.bearer, socket: s}
	for _, given := range []string{payload.GetString("token"), bearerOf(payload.Authorization())} {
		if given != "" {
			req.bearer = given
		}
	}
	ctx = context.WithValue(ctx, requestKey{}, req)
	identity, err := s.Access.Identify(ctx, req.bearer)
	if err == nil {
		h := s.Pool.Read(pg.Session{Org: identity.Org.UUID})
		_, err = s.Access.Resolve(ctx, h, identity)
		h.Close()
	}
	if err != nil {
		return s.refuseInit(ctx, err)
	}
	req.org, req.token = identity.Org, identity.Token
	leave, err := s.sockets.enter(req, s.closeWith)
	if err != nil {
		return s.refuseInit(ctx, err)
	}
	s.mu.Lock()
	s.left = leave
	s.mu.Unlock()
	return ctx, nil, nil
}

func (s *socket) refuseInit(ctx context.Context, err error) (context.Context, *transport.InitPayload, error) {
	code := closeInternal
	switch {
	case errors.Is(err, errStopping):
		code = int(websocket.StatusGoingAway)
	case errs.CodeOf(err) == errs.Unauthenticated:
		code = closeForbidden
	case errs.CodeOf(err) == errs.RateLimited:
		code = closeTooMany
	}
	shown := s.present(ctx, err)
	reason := shown.Message
	if len(reason) > 120 { // of 123 bytes in a close frame
		reason = strings.ToValidUTF8(reason[:120], "")
	}
	ctx = transport.AppendCloseReason(transport.WithWebsocketCloseCode(ctx, code), reason)
	return ctx, nil, shown
}

func (s *socket) leave() {
	s.mu.Lock()
	left := s.left
	s.left = nil
	s.mu.Unlock()
	if left != nil {
		left()
	}
	_ = s.Close()
}

// Subprotocol is what gqlgen speaks.
func (s *socket) Subprotocol() string { return socketProtocol }

// SetReadLimit bounds a message; a larger one closes the socket with 1009.
func (s *socket) SetReadLimit(limit int64) { s.conn.SetReadLimit(limit) }

// SetReadDeadline closes the socket when nothing has come until then; zero takes that back.
func (s *socket) SetReadDeadline(at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deadline != nil {
		s.deadline.Stop()
		s.deadline = nil
	}
	if !at.IsZero() {
		s.deadline = time.AfterFunc(time.Until(at), func() { _ = s.conn.CloseNow() }) //nolint:forbidigo // the connection's time
	}
	return nil
}

// head is what the socket needs to know of a message.
type head struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

// NextReader gives the next message that gqlgen may see.
func (s *socket) NextReader() (int, io.Reader, error) {
	for {
		kind, data, err := s.conn.Read(context.WithoutCancel(s.ctx))
		if err != nil {
			return 0, nil, errors.Join(transport.ErrWebsocketClosed, err)
		}
		var m head
		if json.Unmarshal(data, &m) != nil {
			return 0, nil, s.fault(closeBadRequest, "Invalid message received")
		}
		pass, err := s.expect(m)
		if err != nil {
			return 0, nil, err
		}
		if pass {
			return int(kind), bytes.NewReader(data), nil
		}
	}
}

// expect holds a message to the protocol's order; gqlgen does not see one that does not pass.
func (s *socket) expect(m head) (pass bool, err error) {
	s.mu.Lock()
	begun, under, count := s.begun, s.active[m.ID], len(s.active)
	s.begun = begun || m.Type == "connection_init"
	s.mu.Unlock()
	switch m.Type {
	case "connection_init":
		if begun {
			return false, s.fault(closeTooMany, "Too many initialisation requests")
		}
	case "subscribe":
		switch {
		case !begun:
			return false, s.fault(closeUnauthorized, "Unauthorized")
		case m.ID == "" || len(m.ID) > socketName:
			return false, s.fault(closeBadRequest, "An operation's id has 1 to 100 characters")
		case under:
			return false, s.fault(closeDuplicate, "Subscriber already exists")
		case count >= socketOperations:
			full := errs.New(errs.LimitExceeded, "A socket takes at most %d operations at once. Wait for one to end, or open another socket.", socketOperations)
			return false, s.write(s.errorMessage(s.ctx, m.ID, full.With("limit", "operations").With("max", socketOperations)))
		}
		s.mu.Lock()
		s.active[m.ID] = true
		s.mu.Unlock()
	case "ping", "pong":
	case "complete":
		if !begun {
			return false, s.fault(closeBadRequest, "Invalid message received")
		}
	default:
		return false, s.fault(closeBadRequest, "Invalid message received")
	}
	return true, nil
}

func (s *socket) fault(code int, reason string) error {
	s.closeWith(code, reason)
	return transport.ErrWebsocketClosed
}

// WriteJSON sends a message. After an error message gqlgen completes the operation as well, which the protocol forbids:
// only the first of the two goes out.
func (s *socket) WriteJSON(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var m head
	if len(data) <= socketMessage { // results may be larger, ends are not
		_ = json.Unmarshal(data, &m)
	}
	if m.Type == "complete" || m.Type == "error" {
		s.mu.Lock()
		under := s.active[m.ID]
		delete(s.active, m.ID)
		s.mu.Unlock()
		if !under {
			return nil
		}
	}
	return s.send(data)
}

// errorMessage is an operation's refusal as a message of graphql-transport-ws.
func (r *Resolver) errorMessage(ctx context.Context, operation string, err *errs.Error) any {
	return map[string]any{"id": operation, "type": "error", "payload": gqlerror.List{r.present(ctx, err)}}
}

func (s *socket) write(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.send(data)
}

func (s *socket) send(data []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), socketWrite)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, data)
}

// WriteClose closes the socket as gqlgen asks, with the protocol's own codes.
func (s *socket) WriteClose(code int, reason string) error {
	if code == transport.WebsocketCloseProtocolError {
		code = closeBadRequest
		if strings.Contains(reason, "timeout") {
			code, reason = closeInitTimeout, "Connection initialisation timeout"
		}
	}
	s.closeWith(code, reason)
	return nil
}

// closeWith tells the client why and ends the socket, once, without waiting for the client's answer.
func (s *socket) closeWith(code int, reason string) {
	s.mu.Lock()
	already := s.closing
	s.closing = true
	s.mu.Unlock()
	if !already {
		go func() { _ = s.conn.Close(websocket.StatusCode(code), reason) }()
	}
}

// Close ends the connection at once, unless the client is being told why it ends.
func (s *socket) Close() error {
	_ = s.SetReadDeadline(time.Time{})
	s.mu.Lock()
	closing := s.closing
	s.mu.Unlock()
	if closing {
		return nil
	}
	return s.conn.CloseNow()
}
