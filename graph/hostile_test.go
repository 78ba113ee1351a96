package graph_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"
)

var hostileDocuments = flag.Int("hostile", 300, "how many random hostile documents to send")

// cpu is the processor time that the process has used: of the client, the server and whatever else runs in this test.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// attack sends a body and gives the answer; handlers are called without a network, so that what is measured is theirs.
func (w *world) attack(body string) (answer, int) {
	req := httptest.NewRequestWithContext(w.t.Context(), http.MethodPost, "/graphql", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer acme-robotics.rita")
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, req)
	b, _ := io.ReadAll(rec.Body)
	a := answer{Status: rec.Code, Body: string(b)}
	_ = json.Unmarshal(b, &a)
	return a, len(b)
}

const (
	slow      = 2 * time.Second // a generous bound: what is refused in time takes milliseconds
	longReply = 64 << 10
)

// TestHostileDocuments sends each attack over HTTP and measures what it cost. It runs alone, since it measures.
func TestHostileDocuments(t *testing.T) {
	w := newWorld(t)
	_ = w.as("Rita", `{ viewer { roles } }`)
	var most time.Duration
	var worst string
	for name, a := range attacks() {
		w.clock.add(time.Minute) // the bucket is full again
		began, used := time.Now(), cpu()
		got, size := w.attack(a.body)
		used = cpu() - used
		assert.Less(t, time.Since(began), slow, name)
		assert.Less(t, size, longReply, name)
		assert.Equal(t, a.code, got.code(), "%s: %.300s", name, got.Body)
		if a.code == "" {
			assert.NotNil(t, got.Data, "%s: %.300s", name, got.Body)
		}
		if used > most {
			most, worst = used, name
		}
		t.Logf("%8s  %5d bytes  %s", used.Round(10*time.Microsecond), size, name)
	}
	t.Logf("at most %s of CPU: %s", most.Round(10*time.Microsecond), worst)
	assert.Empty(t, w.as("Rob", `{ viewer { roles } }`).Errors, "others are answered still")
}

// overSocket sends a body as an operation and gives the answer. Where the socket is closed for it there is none, and the
// client is nil: the next body goes over another one.
func (w *world) overSocket(c *client, name, body string) (*client, *message) {
	w.t.Helper()
	if c == nil {
		c = w.socket("Rita")
	}
	began := time.Now()
	m := fmt.Sprintf(`{"id": "a", "type": "subscribe", "payload": %s}`, body)
	if c.conn.Write(w.t.Context(), websocket.MessageText, []byte(m)) != nil {
		assert.Greater(w.t, len(m), 64<<10, "%s: closed while it was being sent", name)
		return nil, nil
	}
	got, err := c.read()
	assert.Less(w.t, time.Since(began), slow, name)
	if err != nil {
		code := int(websocket.CloseStatus(err))
		if assert.Contains(w.t, []int{1009, 4400}, code, "%s: %v", name, err) && code == 1009 {
			assert.Greater(w.t, len(m), 64<<10, name)
		}
		return nil, nil
	}
	if got.Type == "next" {
		assert.Equal(w.t, "complete", c.next().Type, name)
	}
	return c, &got
}

// TestHostileSockets sends the attacks over WebSockets. Each is an error message, a result, or the end of the socket.
func TestHostileSockets(t *testing.T) {
	w := newWorld(t)
	var c *client
	for name, a := range attacks() {
		w.clock.add(time.Minute)
		var got *message
		if c, got = w.overSocket(c, name, a.body); got != nil {
			assert.Less(t, len(got.Payload), longReply, name)
			assert.Contains(t, string(got.Payload), a.code, name)
		}
	}
	g := &generator{Rand: rand.New(rand.NewPCG(9, 2026))}
	for i := range *hostileDocuments {
		w.clock.add(time.Minute)
		body := bodyOf(g.document(), map[string]any{"a": true, "c": []string{"x"}})
		var got *message
		if c, got = w.overSocket(c, body, body); got != nil {
			assert.Less(t, len(got.Payload), longReply, i)
			assert.NotContains(t, string(got.Payload), "INTERNAL", body)
		}
	}
}

// TestIntrospectionPasses asks what GraphiQL and graphql-js ask of every server.
func TestIntrospectionPasses(t *testing.T) {
	w := newWorld(t)
	query, err := os.ReadFile("testdata/introspection.graphql")
	require.NoError(t, err)
	_, _ = w.attack(bodyOf(`{ viewer { roles } }`, nil))
	used := cpu()
	a, size := w.attack(bodyOf(string(query), nil))
	used = cpu() - used
	assert.Empty(t, a.Errors)
	assert.NotEmpty(t, a.at("__schema", "types"))
	t.Logf("introspection costs %v, takes %s of CPU and %d bytes", a.cost("requested"), used, size)
}

// generator makes documents that are wrong in many ways at once.
type generator struct {
	*rand.Rand
	b    strings.Builder
	left int
}

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) name() string {
	return g.pick("viewer", "deals", "nodes", "node", "edges", "owner", "team", "members", "stageHistory", "account", "parent", "name", "id",
		"totalCount", "__typename", "__schema", "types", "fields", "type", "ofType", "dealUpdate", "nothing", "é", "a"+fmt.Sprint(g.IntN(50)))
}

func (g *generator) value(depth int) {
	switch g.IntN(10) {
	case 0, 1:
		fmt.Fprint(&g.b, g.Int64())
	case 2:
		fmt.Fprintf(&g.b, "%q", strings.Repeat(g.pick("x", "%", "\u0000", "😀"), g.IntN(200)))
	case 3:
		g.b.WriteString("$" + g.pick("a", "b", "c"))
	case 4, 5:
		g.b.WriteString("[")
		for range g.IntN(g.left/4 + 1) {
			g.b.WriteString("1 ")
		}
		g.b.WriteString("]")
	default:
		if depth > g.IntN(40) {
			g.b.WriteString("null")
			return
		}
		g.b.WriteString("{" + g.pick("and", "or", "not", "name", "eq", "in") + ":")
		g.value(depth + 1)
		g.b.WriteString("}")
	}
}

func (g *generator) set(depth int) {
	g.b.WriteString("{")
	for range g.IntN(12) + 1 {
		if g.left--; g.left < 0 {
			break
		}
		if g.IntN(6) == 0 {
			g.b.WriteString(g.pick("a", "b", "c") + ":")
		}
		switch g.IntN(12) {
		case 0:
			fmt.Fprintf(&g.b, "...f%d ", g.IntN(60))
			continue
		case 1:
			g.b.WriteString("..." + g.pick("", "on Deal", "on Query", "on Nothing") + g.pick("", "@skip(if: true)", "@include(if: $a)", "@x"))
		default:
			g.b.WriteString(g.name())
			if g.IntN(4) == 0 {
				g.b.WriteString("(" + g.pick("first", "last", "ids", "id", "where", "input", "x") + ":")
				g.value(0)
				g.b.WriteString(")")
			}
			if g.IntN(2) == 0 {
				g.b.WriteString(" ")
				continue
			}
		}
		g.set(depth + 1)
	}
	g.b.WriteString("}")
}

func (g *generator) document() string {
	g.b.Reset()
	g.left = 1 << g.IntN(12)
	g.b.WriteString(g.pick("", "query q", "mutation m", "subscription s", "query q($a: Boolean, $b: DealFilter, $c: [ID!]!)"))
	g.set(0)
	for i := range g.IntN(60) {
		fmt.Fprintf(&g.b, " fragment f%d on %s ", i, g.pick("Query", "Deal", "DealConnection", "Nothing"))
		g.set(0)
	}
	text := g.b.String()
	if g.IntN(8) == 0 { // cut it, or break it
		i := g.IntN(len(text))
		text = text[:i] + g.pick("", "\x00", "\"", "}", "{", "(", "\u202e") + text[min(i+g.IntN(20), len(text)):]
	}
	return text
}

// valid writes a selection that the schema allows, as dear and as large as chance has it.
func (g *generator) valid(s *ast.Schema, def *ast.Definition, depth int) {
	g.b.WriteString("{__typename ")
	for range g.IntN(1 + 1<<g.IntN(6)) {
		if g.left--; g.left < 0 || len(def.Fields) == 0 {
			break
		}
		f := def.Fields[g.IntN(len(def.Fields))]
		target := s.Types[f.Type.Name()]
		if required(f) || !target.IsLeafType() && depth > 14 {
			continue
		}
		if g.IntN(8) == 0 {
			fmt.Fprintf(&g.b, "a%d:", g.IntN(1000))
		}
		g.b.WriteString(f.Name)
		if f.Arguments.ForName("first") != nil && g.IntN(2) == 0 {
			fmt.Fprintf(&g.b, "(first:%d)", g.IntN(120))
		}
		g.b.WriteString(" ")
		if !target.IsLeafType() {
			g.valid(s, target, depth+1)
		}
	}
	g.b.WriteString("}")
}

func required(f *ast.FieldDefinition) bool {
	for _, a := range f.Arguments {
		if a.Type.NonNull && a.DefaultValue == nil {
			return true
		}
	}
	return false
}

// TestRandomDearDocuments sends documents that mean something and ask for as much as they can.
func TestRandomDearDocuments(t *testing.T) {
	w := newWorld(t)
	w.put(deal{name: "one", owner: "Rita", stage: "Proposal", account: "Acme"}, deal{name: "two", owner: "Rita", stage: "Won", account: "Acme"})
	s := published(t)
	g := &generator{Rand: rand.New(rand.NewPCG(8, 2026))}
	var most time.Duration
	codes := map[string]int{}
	for i := range *hostileDocuments {
		w.clock.add(time.Minute)
		g.b.Reset()
		g.left = 1 << g.IntN(12)
		g.valid(s, s.Query, 1)
		began, used := time.Now(), cpu()
		got, _ := w.attack(bodyOf(g.b.String(), nil))
		used = cpu() - used
		most = max(most, used)
		codes[got.code()]++
		if took := time.Since(began); took > slow || got.Status >= 500 || got.code() == "INTERNAL" || got.code() == "" && got.Data == nil {
			t.Errorf("document %d: status %d, %s: %.300s\n%s", i, got.Status, took, got.Body, g.b.String())
		}
	}
	t.Logf("%d documents, at most %s of CPU: %v", *hostileDocuments, most.Round(10*time.Microsecond), codes)
}

// TestRandomHostileDocuments sends documents from a seed, so that a failure can be repeated.
func TestRandomHostileDocuments(t *testing.T) {
	w := newWorld(t)
	g := &generator{Rand: rand.New(rand.NewPCG(7, 2026))}
	var most time.Duration
	codes := map[string]int{}
	for i := range *hostileDocuments {
		w.clock.add(time.Minute)
		body := bodyOf(g.document(), map[string]any{"a": g.IntN(2) == 0, "c": []string{"x"}})
		began, used := time.Now(), cpu()
		got, size := w.attack(body)
		used = cpu() - used
		most = max(most, used)
		codes[got.code()]++
		if took := time.Since(began); took > slow || size > longReply || got.Status >= 500 || got.code() == "INTERNAL" || got.code() == "" && got.Data == nil {
			t.Errorf("document %d: status %d, %s, %d bytes: %.300s\n%s", i, got.Status, took, size, got.Body, body)
		}
	}
	t.Logf("%d documents, at most %s of CPU: %v", *hostileDocuments, most.Round(10*time.Microsecond), codes)
}
