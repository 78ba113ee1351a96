package graph_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/pg"
)

// readers says of each kind of object which roles may read at least some of it: the table of docs/domain/access.md, kept
// here a second time so that the policy and the API are held to something that is neither.
var readers = map[string][]access.Role{
	"deal": {"SALES", "SALES_MANAGER", "OPS", "CS", "LEADERSHIP", "ADMIN"}, "account": {"SALES", "SALES_MANAGER", "OPS", "CS", "LEADERSHIP", "ADMIN"},
	"contact": {"SALES", "SALES_MANAGER", "OPS", "CS", "LEADERSHIP", "ADMIN"},
	"user":    everyRole, "team": everyRole, "territory": everyRole, "stage": everyRole, "product": everyRole,
	"token": {"ADMIN"}, "role": {"ADMIN"}, "policy": {"ADMIN"}, "audit": {"LEADERSHIP", "ADMIN"},
}

var everyRole = []access.Role{"SALES", "SALES_MANAGER", "OPS", "CS", "LEADERSHIP", "FINANCE", "ADMIN"}

// expectations reads testdata/fields.txt: by coordinate, the object that must be readable for the field not to be null,
// "-" where seeing the object is enough.
func expectations(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/fields.txt")
	require.NoError(t, err)
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		for _, name := range f[2:] {
			assert.NotContains(t, out, f[0]+"."+name)
			out[f[0]+"."+name] = f[1]
		}
	}
	return out
}

func TestEveryFieldHasAnExpectation(t *testing.T) {
	t.Parallel()
	expected := expectations(t)
	s := published(t)
	for _, d := range own(s) {
		if d.Kind != ast.Object || d == s.Query || d == s.Mutation || d == s.Subscription {
			continue // the roots: TestRootFieldsByRole
		}
		for _, f := range d.Fields {
			assert.Contains(t, expected, d.Name+"."+f.Name, "say in testdata/fields.txt who may see it")
			delete(expected, d.Name+"."+f.Name)
		}
	}
	assert.Empty(t, expected, "no such fields")
}

// cell is a selected field: where it stands in the answer, and which it is.
type cell struct {
	path       []string
	coordinate string
}

// selector selects everything of a type. Objects with an id of their own are selected by name only, those that belong to this one
// whole.
type selector struct {
	schema *ast.Schema
	prefix string // of the aliases of the object's own fields, "" for none
	cells  []cell
}

var arguments = map[string]string{"Deal.viewerCan": "(action: UPDATE)", "Viewer.can": `(object: "deal", action: "read")`}

func (s *selector) all(typ string, at []string) string {
	var b strings.Builder
	b.WriteString("{ __typename ")
	prefix := s.prefix
	s.prefix = ""
	for _, f := range s.schema.Types[typ].Fields {
		key := f.Name
		if prefix != "" {
			key = prefix + f.Name
			fmt.Fprintf(&b, "%s: ", key)
		}
		path := append(slices.Clone(at), key)
		s.cells = append(s.cells, cell{path, typ + "." + f.Name})
		fmt.Fprintf(&b, "%s%s ", f.Name, arguments[typ+"."+f.Name])
		switch target := s.schema.Types[f.Type.Name()]; {
		case target.Kind != ast.Object:
		case slices.Contains(target.Interfaces, "Node"):
			b.WriteString("{ __typename } ")
		default:
			b.WriteString(s.all(target.Name, path) + " ")
		}
	}
	b.WriteString("}")
	return b.String()
}

// subject is somebody who asks: a person of a role, or a token that may read everything but one kind of object.
type subject struct {
	name, token string
	lacks       map[string]bool
}

func (w *world) subjects() []subject {
	var out []subject
	for _, who := range []string{"Rita", "Max", "Olga", "Carla", "Lea", "Finn", "Ada"} {
		s := subject{name: who, token: who, lacks: map[string]bool{}}
		for object, by := range readers {
			s.lacks[object] = !slices.Contains(by, roles[who])
		}
		out = append(out, s)
	}
	for lacking := range readers {
		var allow []string
		for object := range readers {
			if object != lacking {
				allow = append(allow, object+":read:all")
			}
		}
		token, err := w.access.CreateToken(w.t.Context(), access.Operator(w.org), access.TokenParams{
			Name: "all but " + lacking, Roles: []access.Role{access.Integration}, Allow: append(allow, "deal:amend:all", "account:update:all", "contact:update:all", "product:update:all"),
		})
		require.NoError(w.t, err)
		out = append(out, subject{"all but " + lacking, token, map[string]bool{lacking: true}})
	}
	return out
}

// way is how an object is come by: a document with the object's selection left out, and where the object then stands.
type way struct {
	name, document string
	at             []string
	alias          string
	missing        string // the code where the object's kind may not be read
}

// ways are all ways to an object of the type. Query is the list's name, id the object's.
func ways(typ, list, update string) []way {
	out := []way{
		{name: "list", document: "{ " + list + " { nodes %s } }", at: []string{list, "nodes"}, missing: "FORBIDDEN"},
		{name: "edges", document: "{ " + list + " { edges { node %s } } }", at: []string{list, "edges", "node"}, missing: "FORBIDDEN"},
		{name: "alias", document: "{ them: " + list + " { nodes %s } }", at: []string{"them", "nodes"}, alias: "x_", missing: "FORBIDDEN"},
		{name: "fragment", document: "{ " + list + " { nodes { ...f } } } fragment f on " + typ + " %s", at: []string{list, "nodes"}, missing: "FORBIDDEN"},
		{name: "node", document: "query($id: ID!) { node(id: $id) { ... on " + typ + " %s } }", at: []string{"node"}, missing: "NOT_FOUND"},
		{name: "interface", document: "query($id: ID!) { node(id: $id) { id ... on Node { id ... on " + typ + " %s } } }", at: []string{"node"}, missing: "NOT_FOUND"},
		{name: "nodes", document: "query($id: ID!) { nodes(ids: [$id]) { ...f } } fragment f on " + typ + " %s", at: []string{"nodes"}, missing: "NOT_FOUND"},
	}
	if typ == "AuditEntry" { // no entity of its own
		out = out[:4]
	}
	if typ == "Pipeline" || typ == "Stage" { // no connection
		out = out[4:]
		if typ == "Pipeline" {
			out = append(out, way{name: "root", document: "{ pipelines %s }", at: []string{"pipelines"}, missing: "FORBIDDEN"})
		}
	}
	if update != "" {
		field, _, _ := strings.Cut(update, "(")
		member := strings.ToLower(typ)
		out = append(out, way{name: "payload", document: "mutation($id: ID!) { " + update + " { " + member + " %s } }", at: []string{field, member}, missing: ""})
	}
	return out
}

// TestTheWalk asks everybody for every field of every entity in every way there is to it, and holds the answers to
// testdata/fields.txt: what may not be seen is null with one FORBIDDEN error at its path, and nothing else is.
func TestTheWalk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.furnish()
	s := published(t)
	expected := expectations(t)
	subjects := w.subjects()
	cells := 0
	seen := map[string]bool{}
	for typ, list := range map[string]string{
		"Deal": "deals", "Account": "accounts", "Contact": "contacts", "Product": "products", "User": "users", "Team": "teams",
		"Territory": "territories", "Pipeline": "pipelines", "Stage": "", "Token": "tokens",
		"AuditEntry": "auditLog",
	} {
		for _, way := range ways(typ, list, updates[typ]) {
			sel := &selector{schema: s, prefix: way.alias}
			document := fmt.Sprintf(way.document, sel.all(typ, way.at))
			for _, who := range subjects {
				a := w.as(who.token, document, map[string]any{"id": ids[typ]})
				cells += w.holds(who, typ, way, sel.cells, expected, a, seen)
			}
		}
	}
	shells := regexp.MustCompile(`^(Viewer|\w+(Payload|Edge|Connection|Event))\.`) // what is around the objects; subscriptions have tests of their own
	for coordinate, object := range expected {
		if object != "-" && !shells.MatchString(coordinate) {
			assert.True(t, seen[coordinate], "%s was never seen by anybody who may: the walk proves nothing about it", coordinate)
		}
	}
	t.Logf("%d cells", cells)
}

// TestTheWalkBySubscription is the walk over the deal of an event: a change is made, and everybody catches up with it from
// the one before.
func TestTheWalkBySubscription(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	w := newWorld(t)
	d := w.furnish()["Deal"]
	change := `mutation($id: ID!, $s: String) { dealUpdate(input: {dealId: $id, reason: "walk", nextStep: $s}) { errors { message } } }`
	url := w.another().URL
	first, err := w.listen(ctx, url, "Olga", nil, "")
	require.NoError(t, err)
	defer first.conn.CloseNow()
	// A change that comes before the subscription is not heard: others follow until one is.
	heardOne := make(chan struct{})
	var changes sync.WaitGroup
	changes.Go(func() {
		for i := 0; ; i++ {
			w.ok("Olga", change, map[string]any{"id": d, "s": fmt.Sprint("change ", i)})
			select {
			case <-heardOne:
				return
			case <-time.After(300 * time.Millisecond):
			}
		}
	})
	before, err := first.next(ctx)
	close(heardOne)
	changes.Wait()
	require.NoError(t, err)
	w.ok("Olga", change, map[string]any{"id": d, "s": "the one that is heard"})

	expected, cells := expectations(t), 0
	way := way{name: "subscription", at: []string{"dealChanged", "deal"}, missing: "FORBIDDEN"}
	sel := &selector{schema: published(t)}
	document := "subscription($after: ID) { dealChanged(after: $after) { deal " + sel.all("Deal", way.at) + " } }"
	for _, who := range w.subjects() {
		e, err := w.subscribe(ctx, url, who.token, document, map[string]any{"after": before.ID})
		require.NoError(t, err)
		var f frame
		for f.Type != "next" && f.Type != "error" {
			require.NoError(t, wsjson.Read(ctx, e.conn, &f), who.name)
		}
		_ = e.conn.CloseNow()
		var a answer
		if f.Type == "error" {
			f.Payload = []byte(`{"errors":` + string(f.Payload) + `}`)
		}
		require.NoError(t, json.Unmarshal(f.Payload, &a))
		cells += w.holds(who, "Deal", way, sel.cells, expected, a, map[string]bool{})
	}
	t.Logf("%d cells", cells)
}

var updates = map[string]string{
	"Deal": `dealUpdate(input: {dealId: $id, reason: "walk", nextStep: "walk"})`, "Account": `accountUpdate(input: {accountId: $id, website: "https://acme.example"})`,
	"Contact": `contactUpdate(input: {contactId: $id, title: "Buyer"})`,
}

// writers may change the objects of the walk besides the tokens; a payload is theirs to see.
var writers = map[string][]string{"Deal": {"Olga"}, "Account": {"Rita", "Max", "Olga", "Carla"}, "Contact": {"Rita", "Max", "Olga", "Carla"}}

// holds compares one answer with what is expected and gives the number of cells that it compared.
func (w *world) holds(who subject, typ string, way way, cells []cell, expected map[string]string, a answer, seen map[string]bool) int {
	t := w.t
	object := map[string]string{"Pipeline": "stage", "AuditEntry": "audit"}[typ]
	if object == "" {
		object = strings.ToLower(typ)
	}
	what := fmt.Sprintf("%s by %s as %s", typ, way.name, who.name)
	if way.name == "payload" && !strings.HasPrefix(who.name, "all but") && !slices.Contains(writers[typ], who.name) {
		assert.Equal(t, "FORBIDDEN", a.code(), what)
		return 1
	}
	if who.lacks[object] {
		if way.name != "payload" { // there, it may be written and not be read
			assert.Equal(t, way.missing, a.code(), "%s: %s", what, a.Body)
		}
		for _, c := range cells {
			assert.Empty(t, valuesAt(a.Data, c.path), "%s: %s", what, c.coordinate)
		}
		return len(cells)
	}
	var want, got []string
	for _, c := range cells {
		found := valuesAt(a.Data, c.path)
		if need := expected[c.coordinate]; need != "-" && who.lacks[need] {
			want = append(want, strings.Join(c.path, "."))
			assert.Empty(t, found, "%s: %s is masked", what, c.coordinate)
		} else if len(found) > 0 {
			seen[c.coordinate] = true
		}
	}
	for _, e := range a.Errors {
		assert.Equal(t, "FORBIDDEN", e.Extensions["code"], "%s: %s", what, e.Message)
		var keys []string
		for _, p := range e.Path {
			if key, ok := p.(string); ok {
				keys = append(keys, key)
			}
		}
		got = append(got, strings.Join(keys, "."))
	}
	assert.ElementsMatch(t, want, got, what)
	return len(cells)
}

// valuesAt are what stands at a path of keys, through all lists, without nulls.
func valuesAt(v any, path []string) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []any
		for _, item := range v {
			out = append(out, valuesAt(item, path)...)
		}
		return out
	case map[string]any:
		if len(path) > 0 {
			return valuesAt(v[path[0]], path[1:])
		}
	}
	return []any{v}
}

// furnish gives every relation of the world something to show, and the ids of one object of each type that everybody
// may see who may see its type at all.
func (w *world) furnish() map[string]any {
	w.t.Helper()
	d := w.put(deal{name: "d", owner: "Rita", account: "Acme", stage: "Won", amount: ptr(int64(100)), close: "2026-03-01"})[0]
	parent := w.accounts["Globex"]
	require.NoError(w.t, w.pool.Write(w.t.Context(), pg.Session{Org: w.org.UUID}, func(tx *pg.Tx) error {
		if _, err := tx.Exec(w.t.Context(), `update territory set parent_id = $1 where key = 'east'`, w.territories["West"]); err != nil {
			return err
		}
		_, err := tx.Exec(w.t.Context(), `update account set parent_id = $1 where name = 'Acme'`, parent)
		return err
	}))
	a := w.ok("Rita", `mutation($a: ID!) { contactCreate(input: {name: "Jo", email: "jo@acme.example", phone: "1", accountId: $a}) { contact { id } } }`, map[string]any{"a": gid(w.accounts["Acme"])})
	p := w.ok("Olga", `mutation { productDefine(input: {key: "gtx", name: "GTX", family: "GT", unitPrice: {amount: "1", currency: "USD"}}) { product { id } } }`)
	ids := map[string]any{
		"Deal": gid(d), "Account": gid(w.accounts["Acme"]), "Contact": a.at("contactCreate", "contact", "id"), "Product": p.at("productDefine", "product", "id"),
		"User": gid(w.users["Rita"]), "Team": gid(w.teams["East"]), "Stage": gid(w.stages["Won"]),
	}
	made := w.ok("Ada", `mutation { tokenCreate(input: {name: "sync", allow: ["deal:read:won"]}) { token { id } } }`)
	ids["Token"] = made.at("tokenCreate", "token", "id")
	found := w.ok("Olga", `{ pipelines { id } territories { nodes { id } } }`)
	ids["Pipeline"], ids["Territory"] = found.at("pipelines", 0, "id"), found.at("territories", "nodes", 0, "id")
	return ids
}
