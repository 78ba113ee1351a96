package graph_test

import (
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

type object = map[string]any

// mutate asks for a mutation and gives, with the answer, the code of what went wrong: of the whole or of the input.
func (w *world) mutate(who, field, selection string, input object) (string, answer) {
	w.t.Helper()
	query := fmt.Sprintf(`mutation($input: %s%sInput!) { %s(input: $input) { %s errors { code message path } } }`,
		strings.ToUpper(field[:1]), field[1:], field, selection)
	a := w.as(who, query, object{"input": input})
	if code, ok := a.at(field, "errors", 0, "code").(string); ok {
		return code, a
	}
	return a.code(), a
}

// done is mutate and wants no error.
func (w *world) done(who, field, selection string, input object) answer {
	w.t.Helper()
	code, a := w.mutate(who, field, selection, input)
	require.Empty(w.t, code, "%s: %s: %s", who, field, a.Body)
	return a
}

func (w *world) grant(who, whom string, role access.Role) string {
	code, _ := w.mutate(who, "roleGrant", "", object{"userId": gid(w.users[whom]), "role": role})
	return code
}

func (w *world) revoke(who, whom string, role access.Role) string {
	code, _ := w.mutate(who, "roleRevoke", "", object{"userId": gid(w.users[whom]), "role": role})
	return code
}

func (w *world) policy(who string, role access.Role, permission string, reaches ...string) (string, answer) {
	object, action, _ := strings.Cut(permission, ":")
	return w.mutate(who, "policySet", "", map[string]any{"role": role, "object": object, "action": action, "reaches": append([]string{}, reaches...)})
}

func TestWhoMayAdminister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.done("Ada", "tokenCreate", "token { id }", object{"name": "old"}).at("tokenCreate", "token", "id")
	n := 0
	for field, input := range map[string]func() object{
		"policySet": func() object {
			return object{"role": "CS", "object": "deal", "action": "read", "reaches": []string{"WON"}}
		},
		"roleGrant":  func() object { return object{"userId": gid(w.users["Rob"]), "role": "CS"} },
		"roleRevoke": func() object { return object{"userId": gid(w.users["Rob"]), "role": "CS"} },
		"userInvite": func() object { return object{"name": "New", "email": fmt.Sprintf("new%d@example.com", n)} },
		"userUpdate": func() object {
			return object{"userId": gid(w.users["Rob"]), "title": fmt.Sprint("Rep ", n)}
		},
		"teamSet":     func() object { return object{"name": fmt.Sprint("Team ", n)} },
		"tokenCreate": func() object { return object{"name": "sync"} },
		"tokenRevoke": func() object { return object{"tokenId": token} },
	} {
		for who, role := range roles {
			n++
			code, a := w.mutate(who, field, "", input())
			if role == access.Admin || field == "teamSet" && role == access.Ops {
				assert.Empty(t, code, "%s: %s: %s", who, field, a.Body)
			} else {
				assert.Equal(t, "FORBIDDEN", code, "%s: %s: %s", who, field, a.Body)
			}
		}
	}
	for who, role := range roles {
		for _, query := range []string{`{ permissionPolicy { rules { reach } } }`, `{ tokens { nodes { name } } }`, fmt.Sprintf(`{ node(id: %q) { id } }`, token)} {
			assert.Equal(t, role == access.Admin, w.as(who, query).code() == "", "%s: %s", who, query)
		}
		a := w.as(who, `{ users(where: {name: {eq: "Rita"}}) { nodes { name roles } } }`)
		assert.Equal(t, "Rita", a.at("users", "nodes", 0, "name"))
		if role == access.Admin {
			assert.Equal(t, []any{"SALES"}, a.at("users", "nodes", 0, "roles"))
		} else {
			assert.Nil(t, a.at("users", "nodes", 0, "roles"))
			assert.Equal(t, []any{"users", "nodes", "roles"}, a.Errors[0].Path)
			assert.Equal(t, "FORBIDDEN", a.code())
		}
	}
}

// TestRolesCostNoStatement lists people with and without their roles.
func TestRolesCostNoStatement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	count := func(query string) int64 {
		w.ok("Ada", query)
		before := w.pool.Sent()
		w.ok("Ada", query)
		return w.pool.Sent() - before
	}
	assert.Equal(t, count(`{ users { nodes { name } } }`), count(`{ users { nodes { name roles } } }`))
	assert.EqualValues(t, 1, count(`{ permissionPolicy { rules { role object action reach } known { object action reaches } } }`), "the opening")
}

func TestThePolicyIsShownAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	show := func() map[string]bool {
		out := map[string]bool{}
		for _, r := range w.ok("Ada", `{ permissionPolicy { rules { role object action reach } } }`).at("permissionPolicy", "rules").([]any) {
			m := r.(object)
			out[fmt.Sprint(m["role"], " ", m["object"], ":", m["action"], " ", m["reach"])] = true
		}
		return out
	}
	want := map[string]bool{}
	for _, r := range access.Builtin {
		want[fmt.Sprint(r.Role, " ", r.Object, ":", r.Action, " ", strings.ToUpper(string(r.Reach)))] = true
	}
	assert.Equal(t, want, show())
	code, a := w.policy("Ada", access.CS, "deal:read", "OWN", "WON", "WON")
	require.Empty(t, code, a.Body)
	delete(want, "CS deal:read CS_VISIBLE")
	delete(want, "CS deal:read CUSTOMERS")
	want["CS deal:read OWN"] = true
	assert.Equal(t, want, show())
	a = w.ok("Ada", `{ permissionPolicy { rules(role: CS, object: "deal") { action reach } known { object action reaches } } }`)
	assert.Equal(t, []any{object{"action": "read", "reach": "OWN"}, object{"action": "read", "reach": "WON"}, object{"action": "expand", "reach": "CUSTOMERS"}},
		a.at("permissionPolicy", "rules"))
	assert.Equal(t, object{"object": "deal", "action": "read", "reaches": []any{"OWN", "CREDITED", "TEAM", "TERRITORY", "CUSTOMERS", "WON", "CS_VISIBLE", "ALL"}},
		a.at("permissionPolicy", "known", 0))
	a = w.done("Ada", "policySet", `permissionPolicy { rules(role: CS, object: "deal") { action } }`,
		object{"role": "CS", "object": "deal", "action": "read", "reaches": []string{}})
	assert.Equal(t, []any{object{"action": "expand"}}, a.at("policySet", "permissionPolicy", "rules"))
	assert.Equal(t, "FORBIDDEN", w.as("Carla", `{ deals { totalCount } }`).code(), "nothing is left to read")
}

func TestBadPolicyIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		role             access.Role
		permission, path string
		reaches          []string
	}{
		{access.Ops, "quota:read", "reaches", []string{"CS_VISIBLE"}},
		{access.Ops, "deal:fly", "action", []string{"ALL"}},
		{access.Ops, "moon:read", "action", nil},
		{access.Sales, "user:read", "reaches", []string{"TEAM"}},
		{access.Sales, "policy:update", "reaches", []string{"OWN"}},
		{access.Integration, "deal:read", "role", []string{"ALL"}},
		{access.Admin, "proposal:sign_ops", "role", []string{"ALL"}},
	} {
		code, a := w.policy("Ada", c.role, c.permission, c.reaches...)
		assert.Equal(t, "BAD_INPUT", code, c.permission)
		assert.Equal(t, []any{"input", c.path}, a.at("policySet", "errors", 0, "path"), a.Body)
	}
	assert.Equal(t, "BAD_INPUT", w.grant("Ada", "Rob", access.Integration))
	a := w.as("Ada", `mutation { roleGrant(input: {userId: "user_nobody", role: CS}) { errors { code } } }`)
	assert.Equal(t, "NOT_FOUND", a.code())
	assert.Equal(t, "NOT_FOUND", w.as("Ada", fmt.Sprintf(`mutation { roleGrant(input: {userId: %q, role: CS}) { errors { code } } }`, id.Global(id.UserKind, id.New()))).code())
}

func TestTheLastAdminStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ada := w.ok("Ada", `{ tokens(where: {name: {eq: "Ada"}}) { nodes { id } } }`).at("tokens", "nodes", 0, "id")
	lastOnes := func(why string) {
		t.Helper()
		for _, permission := range []string{"policy:update", "role:grant"} {
			code, a := w.policy("Ada", access.Admin, permission)
			assert.Equal(t, "BAD_INPUT", code, "%s: %s", why, a.Body)
			assert.Contains(t, a.Body, "nobody could change the policy")
		}
		assert.Equal(t, "BAD_INPUT", w.revoke("Ada", "Ada", access.Admin), why)
		code, _ := w.mutate("Ada", "userUpdate", "", object{"userId": gid(w.users["Ada"]), "active": false})
		assert.Equal(t, "BAD_INPUT", code, why)
		code, _ = w.mutate("Ada", "tokenRevoke", "", object{"tokenId": ada})
		assert.Equal(t, "BAD_INPUT", code, why)
		assert.Equal(t, true, w.ok("Ada", `{ viewer { can(object: "policy", action: "update") } }`).at("viewer", "can"), why)
	}
	lastOnes("alone")
	_, a := w.policy("Ada", access.Ops, "policy:update", "ALL")
	require.Empty(t, a.Errors)
	lastOnes("OPS may only do one of both")

	require.Empty(t, w.grant("Ada", "Olga", access.Admin))
	assert.Empty(t, w.revoke("Ada", "Ada", access.Admin))
	assert.Equal(t, "FORBIDDEN", w.grant("Ada", "Rob", access.CS))
	assert.Equal(t, "BAD_INPUT", w.revoke("Olga", "Olga", access.Admin))
	require.Empty(t, w.grant("Olga", "Ada", access.Admin))
	code, _ := w.mutate("Olga", "userUpdate", "", object{"userId": gid(w.users["Olga"]), "active": false})
	assert.Empty(t, code, "whoever leaves may do so themselves")
	assert.Equal(t, "UNAUTHENTICATED", w.as("Olga", `{ viewer { roles } }`).code())
	lastOnes("alone again")
}

// TestOfTwoAdminsWhoRemoveEachOtherOneStays has two admins take from each other, in every way at once, what makes them
// one, and from their role.
func TestOfTwoAdminsWhoRemoveEachOtherOneStays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	require.Empty(t, w.grant("Ada", "Olga", access.Admin))
	ways := []func(who, whom string) string{
		func(who, whom string) string { return w.revoke(who, whom, access.Admin) },
		func(who, whom string) string {
			code, _ := w.mutate(who, "userUpdate", "", object{"userId": gid(w.users[whom]), "active": false})
			return code
		},
	}
	operator := access.Operator(w.org)
	for round := range 24 {
		var wg sync.WaitGroup
		var ada, olga string
		wg.Go(func() { ada = ways[round%2]("Ada", "Olga") })
		wg.Go(func() { olga = ways[round/2%2]("Olga", "Ada") })
		wg.Wait()
		assert.NotEqual(t, ada == "", olga == "", "round %d: Ada %q, Olga %q", round, ada, olga)
		require.NoError(t, w.pool.Write(t.Context(), operator.Session(), func(tx *pg.Tx) error {
			if _, err := tx.Exec(t.Context(), `update app_user set active = true where org_id = $1 and not active`, w.org); err != nil {
				return err
			}
			return access.GrantRoles(t.Context(), tx, operator, start, []access.RoleGrant{{User: w.users["Ada"], Roles: []access.Role{access.Admin}}, {User: w.users["Olga"], Roles: []access.Role{access.Admin}}})
		}))
	}
}

// TestAnOrgRunByTokensKeepsOne has nobody who administers but service tokens.
func TestAnOrgRunByTokensKeepsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	operator := access.Operator(w.org)
	tokens := map[id.Token]string{}
	var ids []id.Token
	for range 2 {
		token, secret, err := w.access.IssueToken(t.Context(), operator, access.TokenParams{Name: "terraform", Roles: []access.Role{access.Admin}})
		require.NoError(t, err)
		tokens[token], ids = secret, append(ids, token)
	}
	one, two := tokens[ids[0]], tokens[ids[1]]
	assert.Equal(t, "BAD_INPUT", w.revoke(one, "Ada", access.Admin), "she is the last of the people who could")
	require.NoError(t, w.pool.Write(t.Context(), operator.Session(), func(tx *pg.Tx) error {
		_, err := tx.Exec(t.Context(), `delete from role_grant where org_id = $1 and role = 'ADMIN'`, w.org)
		return err
	}))
	code, _ := w.policy(one, access.CS, "deal:read", "ALL")
	assert.Empty(t, code)
	code, _ = w.policy(one, access.Admin, "policy:update")
	assert.Equal(t, "BAD_INPUT", code)
	revoke := func(with string, token id.Token) string {
		code, _ := w.mutate(with, "tokenRevoke", "token { revokedAt }", object{"tokenId": id.Global(id.TokenKind, token.UUID)})
		return code
	}
	assert.Empty(t, revoke(two, ids[0]))
	assert.Equal(t, "UNAUTHENTICATED", w.as(one, `{ viewer { roles } }`).code())
	assert.Equal(t, "BAD_INPUT", revoke(two, ids[1]))
	assert.Empty(t, w.grant(two, "Olga", access.Admin))
	assert.Empty(t, revoke(two, ids[1]), "Olga can")
	assert.Equal(t, 401, w.as(two, `{ viewer { roles } }`).Status)
}

func TestNobodyGrantsWhatIsTheirs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Empty(t, w.grant("Ada", "Ada", access.Finance), "nobody else could")
	require.Empty(t, w.grant("Ada", "Olga", access.Admin))
	assert.Equal(t, "FORBIDDEN", w.grant("Ada", "Ada", access.Leadership))
	assert.Equal(t, "FORBIDDEN", w.grant("Olga", "Olga", access.Leadership))
	assert.Empty(t, w.grant("Olga", "Olga", access.Ops), "she holds it already: nothing is granted")
	assert.Empty(t, w.grant("Olga", "Ada", access.Leadership))
	code, _ := w.mutate("Ada", "userUpdate", "", object{"userId": gid(w.users["Ada"]), "teamId": gid(w.teams["Revenue"])})
	assert.Equal(t, "FORBIDDEN", code, "nor moves themselves")
	w.done("Ada", "userUpdate", "", object{"userId": gid(w.users["Ada"]), "title": "Admin"})
	w.done("Olga", "userUpdate", "", object{"userId": gid(w.users["Ada"]), "teamId": gid(w.teams["Revenue"])})
}

func TestATokensLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(deal{name: "won", owner: "Rita", stage: "Won"}, deal{name: "open", owner: "Rita", stage: "Proposal"})
	expiry := w.clock.Now().Add(time.Hour)
	made := w.done("Ada", "tokenCreate", "secret token { id name roles allow { object action reaches } createdBy { name } createdAt expiresAt revokedAt lastUsedAt }",
		object{"name": " Warehouse ", "allow": []string{"deal:read:won", "deal:read:own", "account:read:all"}, "expiresAt": expiry.Format(time.RFC3339)}).at("tokenCreate").(object)
	secret := made["secret"].(string)
	token := made["token"].(object)
	assert.Regexp(t, `^ent_[A-Za-z0-9_-]{43}$`, secret)
	global := token["id"]
	delete(token, "id")
	assert.Equal(t, object{
		"name": "Warehouse", "roles": []any{"INTEGRATION"}, "createdBy": object{"name": "Ada"}, "createdAt": "2026-03-31T12:00:00Z",
		"expiresAt": "2026-03-31T13:00:00Z", "revokedAt": nil, "lastUsedAt": nil,
		"allow": []any{
			object{"object": "deal", "action": "read", "reaches": []any{"OWN", "WON"}},
			object{"object": "account", "action": "read", "reaches": []any{"ALL"}},
		},
	}, token)
	w.clock.add(time.Minute)
	assert.Equal(t, []string{"won"}, w.ok(secret, `{ deals { nodes { name } } }`).names("deals", "nodes"))
	assert.Equal(t, "FORBIDDEN", w.as(secret, `{ users { totalCount } }`).code())

	used := func() any {
		return w.ok("Ada", `query($id: ID!) { node(id: $id) { ... on Token { lastUsedAt } } }`, object{"id": global}).at("node", "lastUsedAt")
	}
	assert.Nil(t, used(), "not written yet")
	version := w.version()
	require.NoError(t, w.access.WriteUses(t.Context()))
	assert.Equal(t, "2026-03-31T12:01:00Z", used())
	sent := w.pool.Sent()
	for range 5 {
		w.ok(secret, `{ viewer { roles } }`)
	}
	assert.EqualValues(t, 5, w.pool.Sent()-sent, "a request writes nothing")
	require.NoError(t, w.access.WriteUses(t.Context()))
	assert.Equal(t, version, w.version(), "nothing is decided by it")

	w.clock.add(time.Hour)
	assert.Equal(t, 401, w.as(secret, `{ viewer { roles } }`).Status, "expired")
	second := w.done("Ada", "tokenCreate", "secret token { id }", object{"name": "second", "roles": []string{"OPS"}}).at("tokenCreate").(object)
	w.ok(second["secret"].(string), `{ deals { totalCount } }`)
	id2 := second["token"].(object)["id"]
	assert.Equal(t, "2026-03-31T13:01:00Z", w.done("Ada", "tokenRevoke", "token { revokedAt }", object{"tokenId": id2}).at("tokenRevoke", "token", "revokedAt"))
	assert.Equal(t, "UNAUTHENTICATED", w.as(second["secret"].(string), `{ deals { totalCount } }`).code())
	w.clock.add(time.Hour)
	assert.Equal(t, "2026-03-31T13:01:00Z", w.done("Ada", "tokenRevoke", "token { revokedAt }", object{"tokenId": id2}).at("tokenRevoke", "token", "revokedAt"), "once for all")
	list := w.ok("Ada", `{
		all: tokens(orderBy: [{field: NAME}], first: 2) { totalCount nodes { name } pageInfo { hasNextPage } }
		revoked: tokens(where: {revokedAt: {isNull: false}}) { nodes { name user { name } } }
	}`)
	assert.EqualValues(t, len(roles)+2, list.at("all", "totalCount"))
	assert.Equal(t, []string{"Ada", "Carl"}, list.names("all", "nodes"))
	assert.Equal(t, []string{"second"}, list.names("revoked", "nodes"))

	code, a := w.mutate("Ada", "tokenCreate", "secret", object{"name": " ", "roles": []string{}, "allow": []string{"quota:read:won", "deal:fly:all"}, "expiresAt": "2020-01-01T00:00:00Z"})
	assert.Equal(t, "BAD_INPUT", code)
	assert.Len(t, a.at("tokenCreate", "errors"), 5, a.Body)
	assert.Nil(t, a.at("tokenCreate", "secret"))
	code, _ = w.mutate("Ada", "tokenCreate", "secret", object{"name": "many", "allow": strings.Split(strings.Repeat("deal:read:all,", 251), ",")})
	assert.Equal(t, "LIMIT_EXCEEDED", code)
}

// TestATokenIsMadeOnceUnderAKey sends the same call twice: the second shows the token and not its secret, which is not
// kept.
func TestATokenIsMadeOnceUnderAKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(name string) answer {
		return w.ok("Ada", `mutation($name: String!) { tokenCreate(input: {name: $name}) @idempotent(key: "k") { token { id name } secret errors { code } } }`, object{"name": name})
	}
	first, again, other := send("sync"), send("sync"), send("another")
	assert.NotEmpty(t, first.at("tokenCreate", "secret"))
	assert.Equal(t, first.at("tokenCreate", "token"), again.at("tokenCreate", "token"))
	assert.Nil(t, again.at("tokenCreate", "secret"))
	assert.Equal(t, "BAD_INPUT", other.at("tokenCreate", "errors", 0, "code"))
	assert.EqualValues(t, 1, w.ok("Ada", `{ tokens(where: {name: {in: ["sync", "another"]}}) { totalCount } }`).at("tokens", "totalCount"))
	grant := `mutation($id: ID!) { roleGrant(input: {userId: $id, role: CS}) @idempotent(key: "g") { user { roles } } }`
	w.ok("Ada", grant, object{"id": gid(w.users["Rob"])})
	require.Empty(t, w.revoke("Ada", "Rob", access.CS))
	w.ok("Ada", grant, object{"id": gid(w.users["Rob"])})
	assert.Equal(t, []any{"SALES"}, w.ok("Ada", `query($id: ID!) { node(id: $id) { ... on User { roles } } }`, object{"id": gid(w.users["Rob"])}).at("node", "roles"), "it was done once")
}

func (w *world) version() int64 {
	h := w.pool.Read(access.Operator(w.org).Session())
	defer h.Close()
	v, err := h.Version(w.t.Context())
	require.NoError(w.t, err)
	return v
}

// TestAChangeHoldsOnEveryServerAtOnce changes through one server and asks the other at once.
func TestAChangeHoldsOnEveryServerAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(deal{name: "won", owner: "Rita", stage: "Won"})
	other := *w
	other.serve()
	seen := func(who string) answer { return other.as(who, `{ deals { totalCount } }`) }
	for _, who := range []string{"Olga", "Carla", "Lea", "Max"} {
		require.Empty(t, seen(who).code(), who)
	}
	service := w.done("Ada", "tokenCreate", "secret token { id }", object{"name": "sync", "allow": []string{"deal:read:all"}}).at("tokenCreate").(object)
	secret := service["secret"].(string)
	require.Empty(t, seen(secret).code(), "made on one, used on the other")
	for _, c := range []struct {
		what, who, want string
		change          func()
	}{
		{"policy", "Carla", "FORBIDDEN", func() { w.policy("Ada", access.CS, "deal:read") }},
		{"role", "Lea", "FORBIDDEN", func() { w.revoke("Ada", "Lea", access.Leadership) }},
		{"token", secret, "UNAUTHENTICATED", func() {
			w.done("Ada", "tokenRevoke", "", object{"tokenId": service["token"].(object)["id"]})
		}},
		{"user", "Olga", "UNAUTHENTICATED", func() {
			w.done("Ada", "userUpdate", "", object{"userId": gid(w.users["Olga"]), "active": false})
		}},
	} {
		c.change()
		began := time.Now()
		assert.Equal(t, c.want, seen(c.who).code(), c.what)
		assert.Less(t, time.Since(began), time.Second, c.what)
	}
	assert.EqualValues(t, 1, seen("Max").at("deals", "totalCount"))
	w.done("Ada", "userUpdate", "", object{"userId": gid(w.users["Max"]), "teamId": nil, "territoryIds": []string{}})
	w.done("Ada", "teamSet", "", object{"teamId": gid(w.teams["East"]), "managerId": gid(w.users["Rob"])})
	assert.EqualValues(t, 0, seen("Max").at("deals", "totalCount"), "moved away")
}

// TestAnotherOrgIsNotAdministered takes the ids of another org.
func TestAnotherOrgIsNotAdministered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	users, teams := maps.Clone(w.users), maps.Clone(w.teams)
	token := w.ok("Ada", `{ tokens(first: 1) { nodes { id } } }`).at("tokens", "nodes", 0, "id")
	w.settle("other-org")
	const ada = "other-org.ada"
	for field, input := range map[string]object{
		"roleGrant": {"userId": gid(users["Rob"]), "role": "CS"}, "roleRevoke": {"userId": gid(users["Rob"]), "role": "SALES"},
		"userUpdate": {"userId": gid(users["Rob"]), "name": "mine"}, "teamSet": {"teamId": gid(teams["East"]), "name": "mine"},
		"tokenRevoke": {"tokenId": token},
	} {
		code, a := w.mutate(ada, field, "", input)
		assert.Equal(t, "NOT_FOUND", code, "%s: %s", field, a.Body)
	}
	for _, input := range []object{
		{"teamId": gid(teams["East"])}, {"managerId": gid(users["Rob"])},
	} {
		input["name"], input["email"] = "New", "new@example.com"
		code, _ := w.mutate(ada, "userInvite", "", input)
		assert.Equal(t, "BAD_INPUT", code)
	}
}

// TestExamplesOfAccess runs every example of docs/domain/access.md, in its order, as the role that it names. Nothing may be
// wrong with any of them.
func TestExamplesOfAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(deal{name: "open", owner: "Rita", stage: "Proposal"})
	text, err := os.ReadFile("../docs/domain/access.md")
	require.NoError(t, err)
	vars := object{
		"user": gid(w.users["Rita"]), "successor": gid(w.users["Rob"]), "manager": gid(w.users["Mina"]), "team": gid(w.teams["West"]),
		"parent": gid(w.teams["Revenue"]), "territory": gid(w.territories["West"]),
		"token": w.ok("Ada", `{ tokens(where: {name: {eq: "Wes"}}) { nodes { id } } }`).at("tokens", "nodes", 0, "id"),
	}
	found := example.FindAllStringSubmatch(string(text), -1)
	require.Len(t, found, strings.Count(string(text), "```graphql"), "an example that names no role is not run")
	for _, e := range found {
		a := w.as(map[string]string{"admin": "Ada", "ops": "Olga"}[e[1]], e[3], vars)
		assert.Empty(t, a.Errors, "%s\n%s", e[3], a.Body)
		for _, payload := range a.Data {
			if p, ok := payload.(object); ok && p["errors"] != nil {
				assert.Empty(t, p["errors"], "%s\n%s", e[3], a.Body)
			}
		}
	}
}
