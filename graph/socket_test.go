package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/pg"
)

// client is one WebSocket of a test.
type client struct {
	t    testing.TB
	conn *websocket.Conn
}

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

func (w *world) dial(header http.Header) *client {
	w.t.Helper()
	conn, resp, err := websocket.Dial(w.t.Context(), strings.Replace(w.url, "http", "ws", 1), &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header,
	})
	require.NoError(w.t, err)
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	conn.SetReadLimit(8 << 20)
	w.t.Cleanup(func() { _ = conn.CloseNow() })
	return &client{w.t, conn}
}

// socket opens a WebSocket as one of the world's people.
func (w *world) socket(who string) *client {
	w.t.Helper()
	c := w.dial(nil)
	c.send(message{Type: "connection_init", Payload: json.RawMessage(fmt.Sprintf(`{"authorization": "Bearer acme-robotics.%s"}`, strings.ToLower(who)))})
	require.Equal(w.t, "connection_ack", c.next().Type)
	return c
}

func (c *client) send(m message) {
	c.t.Helper()
	b, err := json.Marshal(m)
	require.NoError(c.t, err)
	require.NoError(c.t, c.conn.Write(c.t.Context(), websocket.MessageText, b))
}

func (c *client) ask(id, query string) {
	c.t.Helper()
	b, err := json.Marshal(map[string]string{"query": query})
	require.NoError(c.t, err)
	c.send(message{ID: id, Type: "subscribe", Payload: b})
}

func (c *client) read() (message, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 15*time.Second)
	defer cancel()
	var m message
	_, b, err := c.conn.Read(ctx)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	return m, err
}

func (c *client) next() message {
	c.t.Helper()
	m, err := c.read()
	require.NoError(c.t, err)
	return m
}

// closed reads until the server closes, and gives its code.
func (c *client) closed() int {
	c.t.Helper()
	for {
		if _, err := c.read(); err != nil {
			require.NotErrorIs(c.t, err, context.DeadlineExceeded)
			return int(websocket.CloseStatus(err))
		}
	}
}

func TestSocket(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(deal{name: "one", owner: "Rita", stage: "Proposal", account: "Acme"})
	c := w.socket("Rita")
	c.ask("a", `{ deals { nodes { name } } viewer { user { name } } }`)
	m := c.next()
	assert.Equal(t, "next", m.Type)
	assert.Equal(t, "a", m.ID)
	var a answer
	require.NoError(t, json.Unmarshal(m.Payload, &a))
	a.Body = string(m.Payload)
	assert.Equal(t, []string{"one"}, a.names("deals", "nodes"))
	assert.Equal(t, "Rita", a.at("viewer", "user", "name"))
	assert.Positive(t, a.cost("requested"))
	assert.Equal(t, message{ID: "a", Type: "complete"}, c.next())

	for query, code := range map[string]string{
		`{`: "BAD_INPUT", `{ nothing }`: "BAD_INPUT", `query q($i: ID!) { node(id: $i) { id } }`: "BAD_INPUT",
		`{ a { ...x } } fragment x on Deal { ...x }`:                                         "BAD_INPUT",
		`{` + strings.Repeat(" __typename", 500) + `}`:                                       "LIMIT_EXCEEDED",
		`{ deals(first: 100) { nodes { team { members { team { members { name } } } } } } }`: "COST_EXCEEDED",
		`{` + strings.Repeat("a:viewer{", 20) + "roles" + strings.Repeat("}", 20) + `}`:      "LIMIT_EXCEEDED",
		`{ nodes(ids: [` + strings.Repeat(`"x",`, 251) + `]) { id } }`:                       "LIMIT_EXCEEDED",
	} {
		c.ask("b", query)
		m := c.next()
		assert.Equal(t, "error", m.Type, "%s", m.Payload)
		assert.Contains(t, string(m.Payload), code, query)
		assert.Contains(t, string(m.Payload), "requestId", query)
	}
	c.ask("c", `{ viewer { roles } }`)
	assert.Equal(t, "next", c.next().Type, "an error ends its operation only, without a complete")
	assert.Equal(t, "complete", c.next().Type)
	c.send(message{Type: "ping"})
	assert.Equal(t, "pong", c.next().Type)
}

func TestSocketIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		header  http.Header
		payload string
		ok      bool
	}{
		"authorization": {nil, `{"authorization": "Bearer acme-robotics.rita"}`, true},
		"Authorization": {nil, `{"Authorization": "Bearer acme-robotics.rita"}`, true},
		"token":         {nil, `{"token": "acme-robotics.rita"}`, true},
		"header":        {http.Header{"Authorization": {"Bearer acme-robotics.rita"}}, ``, true},
		"allowed page":  {http.Header{"Origin": {"https://app.example.com"}}, `{"token": "acme-robotics.rita"}`, true},
		"wrong":         {nil, `{"token": "acme-robotics.nobody"}`, false},
		"none":          {nil, `{}`, false},
		"no text":       {nil, `{"token": 7}`, false},
	} {
		s := w.dial(c.header)
		s.send(message{Type: "connection_init", Payload: json.RawMessage(c.payload)})
		if !c.ok {
			assert.Equal(t, 4403, s.closed(), name)
			continue
		}
		assert.Equal(t, "connection_ack", s.next().Type, name)
		s.ask("a", `{ viewer { user { name } } }`)
		assert.Contains(t, string(s.next().Payload), "Rita", name)
	}
	for origin, status := range map[string]int{"https://evil.example.com": 403, "null": 403, "https://app.example.com.evil.com": 403} {
		_, resp, err := websocket.Dial(t.Context(), strings.Replace(w.url, "http", "ws", 1), &websocket.DialOptions{
			Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"Origin": {origin}},
		})
		require.Error(t, err, origin)
		assert.Equal(t, status, resp.StatusCode, origin)
		_ = resp.Body.Close()
	}
}

// TestSocketProtocol holds sockets to what graphql-transport-ws forbids.
func TestSocketProtocol(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	open := func(messages ...message) *client {
		c := w.socket("Rita")
		for _, m := range messages {
			c.send(m)
		}
		return c
	}
	assert.Equal(t, 4429, open(message{Type: "connection_init"}).closed(), "a second init")
	assert.Equal(t, 4400, open(message{Type: "start"}).closed(), "a message of no type")
	assert.Equal(t, 4400, open(message{Type: "subscribe", Payload: json.RawMessage(`{"query": "{ viewer { roles } }"}`)}).closed(), "no id")
	assert.Equal(t, 1009, open(message{ID: "a", Type: "subscribe", Payload: json.RawMessage(`{"query": "` + strings.Repeat(" ", 65<<10) + `"}`)}).closed(), "a message too large")
	c := open()
	require.NoError(t, c.conn.Write(t.Context(), websocket.MessageText, []byte("no JSON")))
	assert.Equal(t, 4400, c.closed())
	c = w.dial(nil)
	c.ask("a", `{ viewer { roles } }`)
	assert.Equal(t, 4401, c.closed(), "an operation before the init")
	assert.Equal(t, 4408, w.dial(nil).closed(), "no init")
	resp, body := w.http(sent{method: "GET", header: map[string]string{"Upgrade": "websocket", "Connection": "Upgrade"}})
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode, body)
	assert.Contains(t, body, "graphql-transport-ws", "no subprotocol")
}

// TestSocketsOfOneToken opens as many as a token may have, and one more.
func TestSocketsOfOneToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var last *client
	for range 20 {
		last = w.socket("Rita")
	}
	c := w.dial(nil)
	c.send(message{Type: "connection_init", Payload: json.RawMessage(`{"token": "acme-robotics.rita"}`)})
	assert.Equal(t, 4429, c.closed())
	w.socket("Rob")
	_ = last.conn.Close(websocket.StatusNormalClosure, "")
	assert.Eventually(t, func() bool {
		c := w.dial(nil)
		c.send(message{Type: "connection_init", Payload: json.RawMessage(`{"token": "acme-robotics.rita"}`)})
		m, err := c.read()
		return err == nil && m.Type == "connection_ack"
	}, 5*time.Second, 50*time.Millisecond, "a closed one makes room")
}

// TestSocketsEnd closes sockets whose token expires or is revoked, and all when the server stops.
func TestSocketsEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	soon := w.clock.Now().Add(time.Hour)
	dial := func(expires *time.Time) *client {
		token, err := w.access.CreateToken(t.Context(), access.Operator(w.org), access.TokenParams{
			Name: "short", Roles: []access.Role{access.Integration}, Allow: []string{"deal:read:all"}, ExpiresAt: expires,
		})
		require.NoError(t, err)
		c := w.dial(nil)
		c.send(message{Type: "connection_init", Payload: json.RawMessage(fmt.Sprintf(`{"token": %q}`, token))})
		require.Equal(t, "connection_ack", c.next().Type)
		return c
	}
	expiring, stays := dial(&soon), w.socket("Rita")
	w.clock.add(2 * time.Hour)
	began := time.Now()
	assert.Equal(t, 4403, expiring.closed())
	assert.Less(t, time.Since(began), 5*time.Second)
	revoked := dial(nil)
	require.NoError(t, w.pool.Write(t.Context(), access.Operator(w.org).Session(), func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), `update service_token set revoked_at = $1 where name = 'short'`, w.clock.Now())
		return err
	}))
	assert.Equal(t, 4403, revoked.closed())
	stays.ask("a", `{ viewer { roles } }`)
	assert.Equal(t, "next", stays.next().Type)
	w.handler.Close()
	assert.Equal(t, 1001, stays.closed())
	c := w.dial(nil)
	c.send(message{Type: "connection_init", Payload: json.RawMessage(`{"token": "acme-robotics.rita"}`)})
	assert.Equal(t, 1001, c.closed(), "nothing is opened while the server stops")
}
