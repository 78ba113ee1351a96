package graph_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
)

// opSource makes random valid operations by walking the published schema. What it puts into them comes from pools that
// hold what several orgs have: ids, cursors, names.
type opSource struct {
	schema *ast.Schema
	mu     sync.Mutex
	ids    map[string][]string // by prefix
	all    []string
	names  []string
	cursor []string
}

func newOpSource(t *testing.T) *opSource {
	t.Helper()
	text, err := os.ReadFile("../schema.graphql")
	require.NoError(t, err)
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	require.NoError(t, err)
	return &opSource{schema: schema, ids: map[string][]string{}}
}

func (g *opSource) addID(global string) {
	prefix, _, _ := strings.Cut(global, "_")
	g.ids[prefix] = append(g.ids[prefix], global)
	g.all = append(g.all, global)
}

// keepCursor remembers a cursor of whichever org, so that others send it.
func (g *opSource) keepCursor(c string, r *rand.Rand) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.cursor) < 500 {
		g.cursor = append(g.cursor, c)
		return
	}
	g.cursor[r.IntN(len(g.cursor))] = c
}

func (g *opSource) someCursor(r *rand.Rand) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.cursor) == 0 {
		return "bm9uZQ"
	}
	return g.cursor[r.IntN(len(g.cursor))]
}

// maker makes one operation.
type maker struct {
	*opSource
	r      *rand.Rand
	b      strings.Builder
	writes bool // what is written is nobody's canary: it comes back to those who may see it
	fields int  // left to select, so that operations stay within the server's limits
	alias  int
}

func (g *opSource) operation(r *rand.Rand) string {
	m := &maker{opSource: g, r: r, fields: 40}
	root, word := g.schema.Query, "query"
	if r.IntN(100) < 15 {
		root, word, m.writes = g.schema.Mutation, "mutation", true
	}
	m.b.WriteString(word + " ")
	m.object(root, 0, 1+r.IntN(3))
	return m.b.String()
}

func (m *maker) chance(percent int) bool { return m.r.IntN(100) < percent }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// object writes a selection set of some of the type's fields.
func (m *maker) object(def *ast.Definition, depth, n int) {
	m.b.WriteString("{ __typename ")
	var can []*ast.FieldDefinition
	for _, f := range def.Fields {
		leaf := m.schema.Types[f.Type.Name()].IsLeafType()
		if !strings.HasPrefix(f.Name, "__") && (leaf || depth < 5) {
			can = append(can, f)
		}
	}
	for range n {
		if len(can) == 0 || m.fields <= 0 {
			break
		}
		i := m.r.IntN(len(can))
		m.field(can[i], depth)
		can = slices.Delete(can, i, i+1)
	}
	if def.Kind != ast.Object {
		possible := m.schema.PossibleTypes[def.Name]
		for range min(2, len(possible)) {
			t := pick(m.r, possible)
			m.b.WriteString("... on " + t.Name + " ")
			m.object(t, depth+1, 1+m.r.IntN(4))
		}
	}
	m.b.WriteString("} ")
}

// field writes one field under an alias of its own, so that no two clash.
func (m *maker) field(f *ast.FieldDefinition, depth int) {
	m.fields--
	if len(f.Arguments) > 0 || depth == 0 || m.chance(20) {
		m.alias++
		m.b.WriteString("f" + strconv.Itoa(m.alias) + ": ")
	}
	m.b.WriteString(f.Name)
	var args []string
	paging := pick(m.r, []string{"first", "last", ""})
	for _, a := range f.Arguments {
		pages := map[string]string{"first": "first", "after": "first", "last": "last", "before": "last"}[a.Name]
		if a.Type.NonNull && a.DefaultValue == nil || pages == "" && m.chance(40) || pages != "" && pages == paging && m.chance(80-50*strings.Count("after before", a.Name)) {
			args = append(args, a.Name+": "+m.value(a.Name, a.Type, 0))
		}
	}
	if len(args) > 0 {
		m.b.WriteString("(" + strings.Join(args, ", ") + ")")
	}
	m.b.WriteString(" ")
	if t := m.schema.Types[f.Type.Name()]; !t.IsLeafType() {
		m.object(t, depth+1, 1+m.r.IntN(6))
	}
}

// value writes a literal of the type; the name says what may stand in it.
func (m *maker) value(name string, t *ast.Type, depth int) string {
	if t.Elem != nil {
		items := make([]string, m.r.IntN(3)+1)
		for i := range items {
			items[i] = m.value(name, t.Elem, depth)
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	def := m.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.Enum:
		return pick(m.r, def.EnumValues).Name
	case ast.InputObject:
		return m.input(def, depth)
	}
	return m.scalar(name, def.Name)
}

func (m *maker) input(def *ast.Definition, depth int) string {
	var members []string
	for _, f := range def.Fields {
		if f.Type.NonNull && f.DefaultValue == nil || depth < 3 && m.chance(120/(len(def.Fields)+1)+10) {
			members = append(members, f.Name+": "+m.value(f.Name, f.Type, depth+1))
		}
	}
	if def.Directives.ForName("oneOf") != nil && len(members) > 1 {
		members = members[:1]
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func (m *maker) scalar(name, typ string) string {
	at := start.Add(-time.Duration(m.r.IntN(400*24)) * time.Hour)
	switch typ {
	case "ID":
		kind, _ := strings.CutSuffix(strings.ToLower(name), "id")
		if list := m.ids[kind]; len(list) > 0 && m.chance(80) {
			return strconv.Quote(pick(m.r, list))
		}
		if name == "eq" || name == "in" || m.chance(95) {
			return strconv.Quote(pick(m.r, m.all))
		}
		return `"deal_00000000000000000000000000"`
	case "Int":
		return strconv.Itoa(m.r.IntN(12))
	case "Float":
		return fmt.Sprintf("%.2f", m.r.Float64()*100)
	case "Boolean":
		return strconv.FormatBool(m.chance(50))
	case "DateTime":
		return strconv.Quote(at.Format(time.RFC3339))
	case "Date":
		return strconv.Quote(at.Format(time.DateOnly))
	case "Decimal":
		return strconv.Quote(strconv.Itoa(m.r.IntN(9000)))
	case "CurrencyCode":
		return `"USD"`
	}
	switch {
	case m.writes:
		return strconv.Quote("text " + strconv.Itoa(m.r.IntN(1000)))
	case name == "after" || name == "before":
		return strconv.Quote(m.someCursor(m.r))
	case name == "object":
		return strconv.Quote(pick(m.r, []string{"deal", "account", "user", "token"}))
	case name == "action":
		return strconv.Quote(pick(m.r, []string{"read", "update", "create"}))
	}
	return strconv.Quote(pick(m.r, m.names))
}
