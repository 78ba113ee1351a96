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

// bodyOf is a request's body.
func bodyOf(query string, variables any) string {
	b, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	return string(b)
}

// chain is n fragments, each of which spreads the next one as spread says.
func chain(n int, spread string) string {
	var b strings.Builder
	b.WriteString("{ ...f0 }")
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Query { %s }", i, strings.ReplaceAll(spread, "NEXT", fmt.Sprintf("...f%d", i+1)))
	}
	fmt.Fprintf(&b, " fragment f%d on Query { __typename }", n)
	return b.String()
}

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "N", fmt.Sprint(i)))
	}
	return b.String()
}

// attacks are documents that have brought down GraphQL servers. Those with "" as their code must be answered with data.
func attacks() map[string]struct{ body, code string } {
	ids := make([]int, 200_000)
	nested := func(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }
	type attack = struct{ body, code string }
	const limit, bad = "LIMIT_EXCEEDED", "BAD_INPUT"
	return map[string]attack{
		"fragments doubled 60 times":          {bodyOf(chain(60, "NEXT NEXT"), nil), limit},
		"fragments doubled 45 times":          {bodyOf(chain(45, "NEXT NEXT"), nil), limit},
		"fragments doubled below fields":      {bodyOf(chain(11, "viewer { roles } a: node(id: 1) { NEXT } b: node(id: 1) { NEXT }"), nil), limit},
		"a fragment in itself":                {bodyOf(`{ ...a } fragment a on Query { ...a }`, nil), bad},
		"fragments in a circle":               {bodyOf(`{ ...a } fragment a on Query { ...b ...c } fragment b on Query { ...c ...a } fragment c on Query { ...a ...b }`, nil), bad},
		"fragments in a large circle":         {bodyOf(`{ ...f0 }`+many(49, " fragment fN on Query { viewer { roles } ...f0 }"), nil), bad},
		"10,000 aliases":                      {bodyOf("{"+many(10_000, "aN:__typename ")+"}", nil), limit},
		"2,000 aliases":                       {bodyOf("{"+many(1_900, "aN:viewer ")+"}", nil), limit},
		"31 aliases":                          {bodyOf("{ viewer {"+many(31, "aN:roles ")+"} }", nil), limit},
		"10,000 times one field":              {bodyOf("{"+strings.Repeat("__typename ", 10_000)+"}", nil), limit},
		"1,300 times one field":               {bodyOf("{"+strings.Repeat("__typename ", 1_300)+"}", nil), limit},
		"199 fields of 19 objects":            {bodyOf("{"+many(19, "aN:viewer{"+strings.Repeat("roles ", 100)+"}")+"}", nil), limit},
		"8,000 inline fragments":              {bodyOf("{"+strings.Repeat("...{a}", 8_000)+"}", nil), limit},
		"500 inline fragments":                {bodyOf("{"+strings.Repeat("...{a}", 490)+"}", nil), limit},
		"nested inline fragments":             {bodyOf("{"+nested("...{", "}", 700)+"}", nil), bad},
		"fields 400 deep":                     {bodyOf("{"+nested("a{", "}", 400)+"}", nil), bad},
		"a field 13 deep":                     {bodyOf(`{ accounts { nodes {`+nested("parent{", "}", 10)+"}}}", nil), bad},
		"brackets only":                       {bodyOf(strings.Repeat("{", 8_000), nil), bad},
		"1 MB of commas":                      {bodyOf(strings.Repeat(",", 1_000_000), nil), limit},
		"16 kB of commas":                     {bodyOf("{ viewer { roles } }"+strings.Repeat(",", 16_000), nil), ""},
		"comments":                            {bodyOf("{ viewer { roles } }"+strings.Repeat("#\n", 8_000), nil), limit},
		"200,000 ids in a variable":           {bodyOf(`query q($i: [ID!]!) { nodes(ids: $i) { id } }`, map[string]any{"i": ids}), limit},
		"200,000 ids in a variable not used":  {bodyOf(`{ viewer { roles } }`, map[string]any{"i": ids}), limit},
		"10,000 variables":                    {bodyOf(`query q(`+many(700, "$vN:ID ")+`) { viewer { roles } }`, nil), limit},
		"51 variables":                        {bodyOf(`query q(`+many(51, "$vN:ID ")+`) { viewer { roles } }`, nil), limit},
		"variables 5,000 deep":                {`{"query": "{ viewer { roles } }", "variables": {"a": ` + nested("[", "]", 5_000) + `}}`, limit},
		"variables 400,000 deep":              {`{"query": "{ viewer { roles } }", "variables": {"a": ` + nested("[", "]", 400_000) + `}}`, bad},
		"a filter 100 deep":                   {bodyOf(`query q($w: DealFilter) { deals(where: $w) { totalCount } }`, json.RawMessage(`{"w": `+strings.Repeat(`{"not":`, 100)+"{}"+strings.Repeat("}", 100)+"}")), limit},
		"a filter 300 deep, written":          {bodyOf(`{ deals(where: `+strings.Repeat(`{not:`, 300)+"{}"+strings.Repeat("}", 300)+`) { totalCount } }`, nil), limit},
		"1,000 introspections":                {bodyOf("{"+many(400, "aN:__schema{types{name}}")+"}", nil), limit},
		"20 introspections":                   {bodyOf("{"+many(20, "aN:__schema{types{fields{type{name ofType{name}}args{type{name}}}}}")+"}", nil), "COST_EXCEEDED"},
		"introspection in a circle":           {bodyOf(`{__schema{types{fields{type{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}}}`, nil), bad},
		"introspection in a circle, shorter":  {bodyOf(`{__schema{types{fields{type{fields{type{fields{name}}}}}}}}`, nil), bad},
		"pages of pages":                      {bodyOf(`{ teams(first: 100) { nodes { members { team { members { team { members { name } } } } } } } }`, nil), "COST_EXCEEDED"},
		"a number too large":                  {bodyOf(`{ deals(first: `+strings.Repeat("9", 5_000)+`) { totalCount } }`, nil), bad},
		"a number too large in a variable":    {`{"query": "query q($n: Int) { deals(first: $n) { totalCount } }", "variables": {"n": ` + strings.Repeat("9", 500_000) + `}}`, bad},
		"a large exponent in a variable":      {`{"query": "query q($n: Int) { deals(first: $n) { totalCount } }", "variables": {"n": 1e999999999}}`, bad},
		"a negative page":                     {bodyOf(`{ deals(first: -2147483648) { nodes { id } } }`, nil), bad},
		"a page too long":                     {bodyOf(`{ deals(first: 2147483647) { nodes { id } } }`, nil), limit},
		"a string of 15 kB":                   {bodyOf(`{ node(id: "`+strings.Repeat("a", 15_000)+`") { id } }`, nil), "NOT_FOUND"},
		"a string of 900 kB in a variable":    {bodyOf(`query q($i: ID!) { node(id: $i) { id } }`, map[string]any{"i": strings.Repeat("é", 450_000)}), limit},
		"text to look for of 900 kB":          {bodyOf(`query q($s: String) { deals(where: {name: {contains: $s}}) { totalCount } }`, map[string]any{"s": strings.Repeat("%_", 450_000)}), limit},
		"an alias of 15 kB":                   {bodyOf("{"+strings.Repeat("a", 15_000)+": viewer { roles } }", nil), limit},
		"an unknown field of 15 kB":           {bodyOf("{"+strings.Repeat("a", 15_000)+"}", nil), limit},
		"an operation's name of 15 kB":        {fmt.Sprintf(`{"query": "query a { viewer { roles } }", "operationName": %q}`, strings.Repeat("a", 900_000)), bad},
		"an unknown type of 15 kB":            {bodyOf("query q($v: "+strings.Repeat("A", 15_000)+") { node(id: $v) { id } }", nil), bad},
		"200 unknown fields":                  {bodyOf("{ viewer {"+many(190, "unknown_field_N ")+"} }", nil), bad},
		"an unfinished block string":          {bodyOf(`{ node(id: """`+strings.Repeat("a\\n", 5_000), nil), bad},
		"escapes":                             {bodyOf(`{ node(id: "`+strings.Repeat(`\u0000`, 2_000)+`") { id } }`, nil), "NOT_FOUND"},
		"surrogates":                          {bodyOf(`{ node(id: "`+strings.Repeat(`\uD800`, 2_000)+`") { id } }`, nil), "NOT_FOUND"},
		"other letters":                       {bodyOf("{ "+strings.Repeat("ﷺ", 5_000)+" }", nil), bad},
		"no letters":                          {`{"query": "` + strings.Repeat("\x00\xff\xfe", 1_000) + `"}`, bad},
		"2,000 directives":                    {bodyOf("{ viewer "+strings.Repeat("@skip(if:false)", 300)+" { roles } }", nil), limit},
		"unknown directives":                  {bodyOf("{ viewer "+strings.Repeat("@a", 900)+" { roles } }", nil), limit},
		"directives on everything":            {bodyOf("{"+strings.Repeat("...@skip(if:true){a}", 100)+"}", nil), limit},
		"400 operations":                      {bodyOf(many(380, "query aN{__typename}"), nil), limit},
		"a list of 500 numbers, written":      {bodyOf(`{ nodes(ids: [`+strings.Repeat("1,", 500)+`]) { id } }`, nil), limit},
		"lists in lists, written":             {bodyOf(`{ nodes(ids: `+nested("[", "]", 900)+`) { id } }`, nil), bad},
		"an object with 400 members, written": {bodyOf(`{ deals(where: {`+many(400, "aN:1 ")+`}) { totalCount } }`, nil), bad},
		"an object with 50,000 members":       {bodyOf(`query q($w: DealFilter) { deals(where: $w) { totalCount } }`, json.RawMessage(`{"w": {`+strings.TrimSuffix(many(50_000, `"aN":1,`), ",")+`}}`)), bad},
		"arguments that are not there":        {bodyOf(`{ deals(`+many(600, "aN:1 ")+`) { totalCount } }`, nil), bad},
		"fields that conflict":                {bodyOf("{ viewer {"+many(25, "a: roles b: can(object: \"N\", action: \"read\") ")+"} }", nil), limit},
		"fields that may conflict":            {bodyOf("{ viewer {"+strings.Repeat(`can(object: "deal", action: "read") `, 190)+"} }", nil), ""},
		"fragments that conflict with all":    {bodyOf(`{`+many(9, "...fN ")+`}`+many(9, ` fragment fN on Query { viewer { can(object: "N", action: "read") roles } }`), nil), bad},
		"__typename only":                     {bodyOf("{"+strings.Repeat("__typename ", 20)+"}", nil), ""},
	}
}

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

// TestHostileSockets sends the attacks over WebSockets. Each is an error message, a result, or the end of the socket.
func TestHostileSockets(t *testing.T) {
	w := newWorld(t)
	c := w.socket("Rita")
	for name, a := range attacks() {
		w.clock.add(time.Minute)
		if c == nil {
			c = w.socket("Rita")
		}
		began := time.Now()
		m := fmt.Sprintf(`{"id": "a", "type": "subscribe", "payload": %s}`, a.body)
		if c.conn.Write(t.Context(), websocket.MessageText, []byte(m)) != nil {
			assert.Greater(t, len(m), 64<<10, "%s: closed while it was being sent", name)
			c = nil
			continue
		}
		got, err := c.read()
		assert.Less(t, time.Since(began), slow, name)
		if err != nil {
			code := int(websocket.CloseStatus(err))
			if assert.Contains(t, []int{1009, 4400}, code, "%s: %v", name, err) && code == 1009 {
				assert.Greater(t, len(m), 64<<10, name)
			}
			c = nil
			continue
		}
		assert.Less(t, len(got.Payload), longReply, name)
		if a.code != "" {
			assert.Contains(t, string(got.Payload), a.code, name)
		}
		if got.Type == "next" {
			assert.Equal(t, "complete", c.next().Type, name)
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
