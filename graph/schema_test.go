package graph_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/ententehq/entente/graph"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/org"
)

// published parses the contract that clients read.
func published(t *testing.T) *ast.Schema {
	t.Helper()
	text, err := os.ReadFile("../schema.graphql")
	require.NoError(t, err)
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema.graphql", Input: string(text)})
	require.NoError(t, err)
	return schema
}

// own are the types that are not GraphQL's own, by name.
func own(s *ast.Schema) []*ast.Definition {
	var out []*ast.Definition
	for _, d := range s.Types {
		if !d.BuiltIn && !strings.HasPrefix(d.Name, "__") {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return out
}

func TestThePublishedSchemaIsFresh(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	graph.PrintSchema(&b)
	text, err := os.ReadFile("../schema.graphql")
	require.NoError(t, err)
	assert.Equal(t, string(text), b.String(), `schema.graphql is stale: run "make schema" and read the difference`)
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	for _, d := range own(published(t)) {
		assert.NotEmpty(t, d.Description, d.Name)
		for _, f := range d.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			assert.NotEmpty(t, f.Description, d.Name+"."+f.Name)
			for _, a := range f.Arguments {
				assert.NotEmpty(t, a.Description, d.Name+"."+f.Name+"."+a.Name)
			}
		}
		for _, v := range d.EnumValues {
			assert.NotEmpty(t, v.Description, d.Name+"."+v.Name)
		}
		if d.Kind == ast.Scalar {
			assert.NotNil(t, d.Directives.ForName("specifiedBy"), d.Name)
		}
	}
}

// open are the root fields that need no permission of their own: what they give is scoped to the asker anyway.
var open = []string{"viewer", "node", "nodes", "rateLimit"}

func canOf(t *testing.T, list ast.DirectiveList) (object string, actions []string) {
	d := list.ForName("can")
	if d == nil {
		return "", nil
	}
	actions = []string{"read"}
	for _, a := range d.Arguments {
		v, err := a.Value.Value(nil)
		require.NoError(t, err)
		switch v := v.(type) {
		case string:
			if a.Name == "object" {
				object = v
			} else {
				actions = []string{v}
			}
		case []any:
			actions = nil
			for _, item := range v {
				actions = append(actions, item.(string))
			}
		}
	}
	return object, actions
}

func TestEveryRootFieldNamesAKnownPermission(t *testing.T) {
	t.Parallel()
	s := published(t)
	for _, root := range []*ast.Definition{s.Query, s.Mutation, s.Subscription} {
		for _, f := range root.Fields {
			object, actions := canOf(t, f.Directives)
			if strings.HasPrefix(f.Name, "__") || slices.Contains(open, f.Name) {
				continue
			}
			assert.NotEmpty(t, object, "%s.%s names no permission", root.Name, f.Name)
			for _, a := range actions {
				assert.True(t, access.Known(object, a), "%s.%s: there is no permission %s:%s", root.Name, f.Name, object, a)
			}
		}
	}
	for _, d := range own(s) {
		object, _ := canOf(t, d.Directives)
		assert.True(t, object == "" || access.Known(object, "read"), "%s: there is no permission %s:read", d.Name, object)
		if slices.Contains(d.Interfaces, "Node") {
			assert.NotEmpty(t, object, "%s is an entity and names no permission", d.Name)
		}
	}
}

// TestWhatMayBeMaskedMayBeNull holds for every field that gives an object under another permission than its own type's.
func TestWhatMayBeMaskedMayBeNull(t *testing.T) {
	t.Parallel()
	s := published(t)
	for _, d := range own(s) {
		if d.Kind != ast.Object || d == s.Query || d == s.Mutation || d == s.Subscription || strings.HasSuffix(d.Name, "Connection") || strings.HasSuffix(d.Name, "Edge") {
			continue
		}
		mine, _ := canOf(t, d.Directives)
		for _, f := range d.Fields {
			theirs, _ := canOf(t, s.Types[f.Type.Name()].Directives)
			if own, _ := canOf(t, f.Directives); own != "" {
				theirs = own
			}
			if theirs != "" && theirs != mine {
				assert.False(t, f.Type.NonNull, "%s.%s can be masked and must be nullable", d.Name, f.Name)
			}
		}
	}
}

// TestDescriptionsAndSchemaAgree holds the filters and orders of the schema to the entities' descriptions, both ways.
func TestDescriptionsAndSchemaAgree(t *testing.T) {
	t.Parallel()
	s := published(t)
	for name, fields := range map[string]map[string]*entity.Field{
		"Deal": crm.Deals.Fields(), "Account": crm.Accounts.Fields(),
		"Contact": crm.Contacts.Fields(), "Product": crm.Products.Fields(), "User": org.Users.Fields(), "Team": org.Teams.Fields(), "Territory": org.Territories.Fields(),
		"Token": access.Tokens.Fields(), "Audit": event.AuditLog.Fields(),
	} {
		var inSchema, described, orders, sortable []string
		for _, f := range s.Types[name+"Filter"].Fields {
			if f.Name != "and" && f.Name != "or" && f.Name != "not" {
				inSchema = append(inSchema, f.Name)
			}
		}
		for _, v := range s.Types[name+"OrderField"].EnumValues {
			orders = append(orders, strings.ToLower(strings.ReplaceAll(v.Name, "_", "")))
		}
		for n, f := range fields {
			described = append(described, n)
			if f.Sortable() {
				sortable = append(sortable, strings.ToLower(n))
			}
		}
		assert.ElementsMatch(t, described, inSchema, name)
		assert.ElementsMatch(t, sortable, orders, name)
	}
}

// TestWhatCanBeGrantedCoversRows holds the reaches that the policy can be given to those that the entities describe: a
// reach that no row of an object could be in is not one of its reaches.
func TestWhatCanBeGrantedCoversRows(t *testing.T) {
	t.Parallel()
	described := map[string]func(string) bool{
		"deal": crm.Deals.Describes, "account": crm.Accounts.Describes, "contact": crm.Contacts.Describes, "product": crm.Products.Describes,
		"user": org.Users.Describes, "team": org.Teams.Describes, "territory": org.Territories.Describes, "token": access.Tokens.Describes,
	}
	for _, p := range access.Permissions() {
		of, ok := described[p.Object]
		if !ok {
			continue
		}
		for _, r := range access.ReachesOf(p.Object, p.Action) {
			assert.True(t, r == access.All || of(string(r)), "%s can be granted on %s, whose rows do not tell it", r, p)
		}
	}
}

// TestEnumsAreTheDatabases holds the schema's enums to the constraints that keep other values out of the database.
func TestEnumsAreTheDatabases(t *testing.T) {
	t.Parallel()
	s := published(t)
	dump, err := os.ReadFile("../schema.sql")
	require.NoError(t, err)
	for enum, constraint := range map[string]string{
		"Role": "access_policy_role_known", "Reach": "access_policy_reach_known", "StageKind": "stage_kind_known",
		"DealType": "deal_type_known", "ForecastCategory": "deal_forecast_category_known",
		"EventAction": "event_action_known", "AuditKind": "audit_log_kind_known",
	} {
		line := regexp.MustCompile(`CONSTRAINT ` + constraint + ` CHECK .*`).FindString(string(dump))
		require.NotEmpty(t, line, constraint)
		var inDatabase, inSchema []string
		for _, m := range regexp.MustCompile(`'(\w+)'::text`).FindAllStringSubmatch(line, -1) {
			inDatabase = append(inDatabase, strings.ToUpper(m[1]))
		}
		for _, v := range s.Types[enum].EnumValues {
			inSchema = append(inSchema, v.Name)
		}
		assert.ElementsMatch(t, inDatabase, inSchema, enum)
	}
}

// TestRootFieldsByRole asks every root query as every role and holds the answer to the policy.
func TestRootFieldsByRole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := published(t)
	selections := map[string]string{"pipelines": "{ name }", "account": `{ name }`, "deal": "{ name }", "viewer": "{ roles }", "rateLimit": "{ cost }", "permissionPolicy": "{ rules { reach } }"}
	for who := range roles {
		permissions := map[string]bool{}
		for _, p := range w.ok(who, `{ viewer { permissions { object action } } }`).at("viewer", "permissions").([]any) {
			m := p.(map[string]any)
			permissions[fmt.Sprint(m["object"], ":", m["action"])] = true
		}
		for _, f := range s.Query.Fields {
			if strings.HasPrefix(f.Name, "__") || f.Name == "node" || f.Name == "nodes" {
				continue
			}
			args, sel := "", selections[f.Name]
			if sel == "" {
				sel = "{ totalCount }"
			}
			if f.Name == "deal" || f.Name == "account" {
				args = `(externalId: {system: "none", id: "none"})`
			}
			a := w.as(who, "{ "+f.Name+args+sel+" }")
			object, actions := canOf(t, f.Directives)
			granted := object == "" || slices.ContainsFunc(actions, func(action string) bool { return permissions[object+":"+action] })
			assert.Equal(t, granted, a.code() != "FORBIDDEN", "%s asks for %s: %s", who, f.Name, a.Body)
			if object != "" {
				can := w.ok(who, fmt.Sprintf(`{ viewer { can(object: %q, action: %q) } }`, object, actions[0])).at("viewer", "can")
				assert.Equal(t, granted, can, "viewer.can tells %s of %s before", who, f.Name)
			}
		}
	}
}

// TestRelatedObjectsAreMasked asks with a token that may read deals and nothing else.
func TestRelatedObjectsAreMasked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(deal{name: "one", owner: "Rita", stage: "Proposal", account: "Acme"}, deal{name: "two", owner: "Rita", stage: "Proposal", account: "Acme"})
	token, err := w.access.CreateToken(t.Context(), access.Operator(w.org), access.TokenParams{
		Name: "narrow", Roles: []access.Role{access.Integration}, Allow: []string{"deal:read:all"},
	})
	require.NoError(t, err)
	a := w.as(token, `{ deals { nodes { ...d again: owner { name } } edges { node { account { name owner { name } } } } } } fragment d on Deal { name owner { name } stage { name } team { name } stageHistory { by { name } enteredAt } }`)
	for i := range 2 {
		for _, f := range []string{"owner", "stage", "team", "again"} {
			assert.Nil(t, a.at("deals", "nodes", i, f), f)
		}
		assert.NotEmpty(t, a.at("deals", "nodes", i, "name"))
		assert.NotEmpty(t, a.at("deals", "nodes", i, "stageHistory", 0, "enteredAt"))
		assert.Nil(t, a.at("deals", "edges", i, "node", "account"))
	}
	for _, where := range []string{`{owner: {isNull: false}}`, `{not: {account: {isNull: true}}}`, `{or: [{team: {isNull: true}}, {stage: {isNull: false}}]}`, `{territory: {isNull: true}}`, `{pipeline: {isNull: false}}`} {
		filtered := w.as(token, `{ deals(where: `+where+`) { totalCount } }`)
		assert.Equal(t, "FORBIDDEN", filtered.code(), "what is masked cannot be filtered by: %s", where)
		assert.Nil(t, filtered.Data, where)
	}
	var paths []string
	for _, e := range a.Errors {
		assert.Equal(t, "FORBIDDEN", e.Extensions["code"])
		paths = append(paths, fmt.Sprint(e.Path, e.Extensions["count"]))
	}
	assert.ElementsMatch(t, []string{"[deals nodes owner] 2", "[deals nodes stage] 1", "[deals nodes team] 1", "[deals nodes stageHistory by] 1", "[deals edges node account] 1"}, paths, "one error a field")
	assert.NotContains(t, a.Body, "Rita")
	assert.NotContains(t, a.Body, "Acme")
}
