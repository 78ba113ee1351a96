package graph_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/id"
)

// lines are a person's reporting lines as the API shows them, one text each.
func (w *world) lines(who string) []string {
	w.t.Helper()
	var out []string
	for _, l := range w.ok("Ada", `query($id: ID!) { node(id: $id) { ... on User { reportingLines { team { name } manager { name } validFrom validTo } } } }`,
		object{"id": gid(w.users[who])}).at("node", "reportingLines").([]any) {
		m := l.(object)
		name := func(v any) any {
			if o, ok := v.(object); ok {
				return o["name"]
			}
			return "-"
		}
		out = append(out, fmt.Sprint(name(m["team"]), " ", name(m["manager"]), " ", m["validFrom"], " ", m["validTo"]))
	}
	return out
}

func (w *world) user(who string) object {
	w.t.Helper()
	return w.ok("Ada", `query($id: ID!) { node(id: $id) { ... on User { name active version team { name } manager { name } territories { name } } } }`,
		object{"id": gid(w.users[who])}).at("node").(object)
}

func TestAnInvitedPersonIsThereAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.done("Ada", "userInvite", "user { id name email title active version roles team { name } manager { name } territories { name } reportingLines { validFrom validTo } }", object{
		"name": " Nora ", "email": "Nora@Example.com", "title": "Rep", "roles": []string{"SALES", "CS"},
		"teamId": gid(w.teams["West"]), "territoryIds": []string{gid(w.territories["West"]), gid(w.territories["West"])},
	})
	got := a.at("userInvite", "user").(object)
	delete(got, "id")
	assert.Equal(t, object{
		"name": "Nora", "email": "nora@example.com", "title": "Rep", "active": true, "version": 1.0, "roles": []any{"SALES", "CS"},
		"team": object{"name": "West"}, "manager": object{"name": "Mina"}, "territories": []any{object{"name": "West"}},
		"reportingLines": []any{object{"validFrom": "2026-03-31T12:00:00Z", "validTo": nil}},
	}, got)
	code, a := w.mutate("Ada", "userInvite", "user { id }", object{"name": "Nora Two", "email": "NORA@example.com "})
	assert.Equal(t, "BAD_INPUT", code)
	assert.Equal(t, []any{"input", "email"}, a.at("userInvite", "errors", 0, "path"))
	assert.Contains(t, a.Body, "Another person of your org has this e-mail address")
	code, a = w.mutate("Ada", "userInvite", "user { id }", object{
		"name": "", "email": "nobody", "roles": []string{"INTEGRATION"}, "teamId": "team_x", "managerId": "user_x", "territoryIds": []string{"territory_x"},
	})
	assert.Equal(t, "BAD_INPUT", code)
	assert.Len(t, a.at("userInvite", "errors"), 6, a.Body)
	code, _ = w.mutate("Ada", "userInvite", "user { id }", object{"name": "x", "email": "x@example.com", "managerId": gid(w.users["Max"])})
	assert.Equal(t, "BAD_INPUT", code, "a manager goes with a team")

	_, a = w.policy("Ada", access.Ops, "user:create", "ALL")
	require.Empty(t, a.Errors)
	code, _ = w.mutate("Olga", "userInvite", "user { id }", object{"name": "x", "email": "x@example.com", "roles": []string{"ADMIN"}})
	assert.Equal(t, "FORBIDDEN", code, "who may not grant roles invites without them")
	w.done("Olga", "userInvite", "user { id }", object{"name": "x", "email": "x@example.com"})
}

func TestAMoveRewritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	move := func(input object) string {
		input["userId"] = gid(w.users["Rita"])
		code, a := w.mutate("Ada", "userUpdate", "user { version }", input)
		if code != "" {
			return code + " " + fmt.Sprint(a.at("userUpdate", "errors", 0, "path", 1))
		}
		return ""
	}
	w.clock.add(time.Hour)
	require.Empty(t, move(object{"teamId": gid(w.teams["West"]), "territoryIds": []string{gid(w.territories["West"])}}))
	assert.Equal(t, []string{"East Max 2025-03-31T12:00:00Z 2026-03-31T13:00:00Z", "West Mina 2026-03-31T13:00:00Z <nil>"}, w.lines("Rita"))
	assert.Equal(t, object{"name": "Rita", "active": true, "version": 2.0, "team": object{"name": "West"}, "manager": object{"name": "Mina"}, "territories": []any{object{"name": "West"}}}, w.user("Rita"))
	require.Empty(t, move(object{"teamId": gid(w.teams["West"]), "territoryIds": []string{gid(w.territories["West"])}}))
	assert.EqualValues(t, 2, w.user("Rita")["version"], "nothing changed")

	w.clock.add(time.Hour)
	at := func(hours int) string { return start.Add(time.Duration(hours) * time.Hour).Format(time.RFC3339) }
	assert.Equal(t, "BAD_INPUT validFrom", move(object{"teamId": gid(w.teams["East"]), "validFrom": at(0)}), "before what holds now began")
	assert.Equal(t, "BAD_INPUT validFrom", move(object{"teamId": gid(w.teams["East"]), "validFrom": at(1)}), "what holds now would never have held")
	assert.Equal(t, "BAD_INPUT validFrom", move(object{"territoryIds": []string{}, "validFrom": at(1)}))
	require.Empty(t, move(object{"teamId": gid(w.teams["East"]), "validFrom": at(48)}), "a plan")
	assert.Equal(t, "West", w.user("Rita")["team"].(object)["name"])
	require.Empty(t, move(object{"managerId": gid(w.users["Vera"]), "validFrom": start.Add(90 * time.Minute).Format(time.RFC3339)}), "what took place already")
	require.Empty(t, move(object{"managerId": gid(w.users["Rob"]), "validFrom": at(48)}), "another plan in its place")
	assert.Equal(t, []string{
		"East Max 2025-03-31T12:00:00Z 2026-03-31T13:00:00Z", "West Mina 2026-03-31T13:00:00Z 2026-03-31T13:30:00Z",
		"West Vera 2026-03-31T13:30:00Z 2026-04-02T12:00:00Z", "East Rob 2026-04-02T12:00:00Z <nil>",
	}, w.lines("Rita"))
	w.clock.add(72 * time.Hour)
	assert.Equal(t, "East", w.user("Rita")["team"].(object)["name"])
	require.Empty(t, move(object{"teamId": nil, "territoryIds": nil}))
	assert.Nil(t, w.user("Rita")["team"])
	assert.Empty(t, w.user("Rita")["territories"])
	assert.Equal(t, "BAD_INPUT managerId", move(object{"managerId": gid(w.users["Max"])}), "in no team")
	w.clock.add(time.Hour)
	require.Empty(t, move(object{"teamId": gid(w.teams["East"]), "territoryIds": []string{gid(w.territories["East"]), gid(w.territories["West"])}}))
	assert.Len(t, w.lines("Rita"), 5)
	assert.Len(t, w.user("Rita")["territories"], 2)
}

func TestNobodyReportsToThemselves(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, manager := range []string{"Vera", "Max", "Rita"} {
		code, a := w.mutate("Ada", "userUpdate", "", object{"userId": gid(w.users["Vera"]), "managerId": gid(w.users[manager])})
		assert.Equal(t, "BAD_INPUT", code, manager)
		assert.Equal(t, []any{"input", "managerId"}, a.at("userUpdate", "errors", 0, "path"))
	}
	code, _ := w.mutate("Ada", "teamSet", "", object{"teamId": gid(w.teams["Revenue"]), "managerId": gid(w.users["Rita"])})
	assert.Equal(t, "BAD_INPUT", code, "Rita reports to Max, who reports to the one who manages Revenue")
}

func TestAChangeOfAPersonIsCheckedAgainstItsVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	update := func(input object) (string, answer) {
		input["userId"] = gid(w.users["Rob"])
		return w.mutate("Ada", "userUpdate", "user { name email title version }", input)
	}
	code, a := update(object{"expectedVersion": 1, "name": "Robert", "email": "rob@example.com", "title": "Rep"})
	assert.Empty(t, code)
	assert.Equal(t, object{"name": "Robert", "email": "rob@example.com", "title": "Rep", "version": 2.0}, a.at("userUpdate", "user"))
	code, a = update(object{"expectedVersion": 1, "name": "Bob"})
	assert.Equal(t, "CONFLICT", code)
	assert.Equal(t, object{"name": "Robert", "email": "rob@example.com", "title": "Rep", "version": 2.0}, a.at("userUpdate", "user"), "as it is")
	code, a = update(object{"expectedVersion": 2, "email": nil, "title": nil})
	assert.Empty(t, code)
	assert.Equal(t, object{"name": "Robert", "email": nil, "title": nil, "version": 3.0}, a.at("userUpdate", "user"))
	code, a = update(object{"name": nil, "email": "rob", "successorId": gid(w.users["Rob"]), "active": nil})
	assert.Equal(t, "BAD_INPUT", code)
	assert.Len(t, a.at("userUpdate", "errors"), 4, a.Body)
	w.done("Ada", "userUpdate", "", object{"userId": gid(w.users["Rita"]), "email": "rita@example.com"})
	code, a = update(object{"email": "rita@example.com"})
	assert.Equal(t, "BAD_INPUT", code)
	assert.Equal(t, []any{"input", "email"}, a.at("userUpdate", "errors", 0, "path"))
}

// TestTheReachOfUserUpdateHolds lets a manager change the people of their teams.
func TestTheReachOfUserUpdateHolds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, permission := range []string{"user:update", "team:update"} {
		code, a := w.policy("Ada", access.SalesManager, permission, "TEAM")
		require.Empty(t, code, a.Body)
	}
	for who, want := range map[string]string{"Rita": "", "Wes": "FORBIDDEN", "Olga": "FORBIDDEN"} {
		code, a := w.mutate("Max", "userUpdate", "", object{"userId": gid(w.users[who]), "title": "x"})
		assert.Equal(t, want, code, "%s: %s", who, a.Body)
	}
	for team, want := range map[string]string{"East": "", "West": "FORBIDDEN", "Revenue": "FORBIDDEN"} {
		code, a := w.mutate("Max", "teamSet", "", object{"teamId": gid(w.teams[team]), "name": team + " 2"})
		assert.Equal(t, want, code, "%s: %s", team, a.Body)
		code, _ = w.mutate("Max", "teamSet", "", object{"parentId": gid(w.teams[team]), "name": "Below " + team})
		assert.Equal(t, want, code, team)
	}
	code, _ := w.mutate("Max", "teamSet", "", object{"name": "On top"})
	assert.Equal(t, "FORBIDDEN", code)
}

func TestWhoLeavesHandsTheirOpenDealsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.put(deal{name: "open", owner: "Rita", stage: "Proposal"}, deal{name: "more", owner: "Rita", stage: "Discovery"}, deal{name: "won", owner: "Rita", stage: "Won"})
	w.clock.add(time.Hour)
	leave := func(input object) (string, answer) {
		input["userId"], input["active"] = gid(w.users["Rita"]), false
		return w.mutate("Ada", "userUpdate", "user { active version }", input)
	}
	code, a := leave(object{})
	assert.Equal(t, "BAD_INPUT", code)
	assert.Equal(t, []any{"input", "successorId"}, a.at("userUpdate", "errors", 0, "path"))
	assert.Contains(t, a.Body, "Rita owns 2 open deals")
	assert.Equal(t, object{"active": true, "version": 1.0}, a.at("userUpdate", "user"))
	for _, bad := range []string{gid(w.users["Rita"]), "user_nobody"} {
		code, _ = leave(object{"successorId": bad})
		assert.Equal(t, "BAD_INPUT", code)
	}
	code, _ = w.mutate("Ada", "userUpdate", "", object{"userId": gid(w.users["Rita"]), "successorId": gid(w.users["Wes"])})
	assert.Equal(t, "BAD_INPUT", code, "nobody leaves")
	code, a = leave(object{"successorId": gid(w.users["Wes"])})
	assert.Empty(t, code, a.Body)
	assert.Equal(t, object{"active": false, "version": 2.0}, a.at("userUpdate", "user"))
	for i, want := range []object{
		{"owner": object{"name": "Wes"}, "team": object{"name": "West"}, "territory": object{"name": "West"}, "version": 2.0},
		{"owner": object{"name": "Wes"}, "team": object{"name": "West"}, "territory": object{"name": "West"}, "version": 2.0},
		{"owner": object{"name": "Rita"}, "team": object{"name": "East"}, "territory": object{"name": "East"}, "version": 1.0},
	} {
		q := `query($id: ID!, $at: DateTime) { deal(id: $id, asOf: $at) { version owner { name } team { name } territory { name } } }`
		assert.Equal(t, want, w.ok("Olga", q, object{"id": gid(ids[i])}).at("deal"), i)
		past := w.ok("Olga", q, object{"id": gid(ids[i]), "at": start.Format(time.RFC3339)})
		assert.Equal(t, "Rita", past.at("deal", "owner", "name"), "what was stays")
	}
	assert.Equal(t, "UNAUTHENTICATED", w.as("Rita", `{ viewer { roles } }`).code())
	assert.Equal(t, "BAD_INPUT", w.grant("Ada", "Rita", access.CS), "somebody who left holds no new roles")
	w.done("Ada", "userUpdate", "", object{"userId": gid(w.users["Rita"]), "active": true})
	w.ok("Rita", `{ viewer { roles } }`)
}

func TestTeams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.add(time.Hour)
	made := w.done("Olga", "teamSet", "team { id name version parent { name } manager { name } }", object{"name": " North ", "parentId": gid(w.teams["Revenue"]), "managerId": gid(w.users["Rob"])}).at("teamSet", "team").(object)
	north := made["id"]
	delete(made, "id")
	assert.Equal(t, object{"name": "North", "version": 1.0, "parent": object{"name": "Revenue"}, "manager": object{"name": "Rob"}}, made)
	for _, c := range []struct {
		input object
		path  string
	}{
		{object{}, "name"},
		{object{"name": "East", "parentId": gid(w.teams["Revenue"])}, "name"},
		{object{"teamId": gid(w.teams["Revenue"]), "parentId": gid(w.teams["Revenue"])}, "parentId"},
		{object{"teamId": gid(w.teams["Revenue"]), "parentId": north}, "parentId"},
		{object{"teamId": north, "parentId": "team_none"}, "parentId"},
		{object{"teamId": north, "managerId": "user_none"}, "managerId"},
		{object{"teamId": north, "name": nil}, "name"},
	} {
		code, a := w.mutate("Olga", "teamSet", "team { name }", c.input)
		assert.Equal(t, "BAD_INPUT", code, c.input)
		assert.Equal(t, []any{"input", c.path}, a.at("teamSet", "errors", 0, "path"), a.Body)
	}
	code, a := w.mutate("Olga", "teamSet", "team { version }", object{"teamId": north, "expectedVersion": 7, "name": "x"})
	assert.Equal(t, "CONFLICT", code)
	assert.EqualValues(t, 1, a.at("teamSet", "team", "version"))

	// East gets Rita for its manager: who was its manager and who reported to him report to her, and she to Vera.
	w.done("Olga", "teamSet", "team { version manager { name } members { name manager { name } } }", object{"teamId": gid(w.teams["East"]), "managerId": gid(w.users["Rita"])})
	for who, manager := range map[string]string{"Rita": "Vera", "Rob": "Rita", "Max": "Rita"} {
		l := w.lines(who)
		require.Len(t, l, 2, who)
		assert.Equal(t, fmt.Sprintf("East %s 2026-03-31T13:00:00Z <nil>", manager), l[1], who)
		assert.EqualValues(t, 2, w.user(who)["version"], who)
	}
	assert.Equal(t, []string{"East Max 2025-03-31T12:00:00Z 2026-03-31T13:00:00Z"}, w.lines("Rob")[:1], "the past stays")
	assert.Len(t, w.lines("Wes"), 1, "other teams stay")

	// Revenue gets Mina: the managers right below report to her.
	w.clock.add(time.Hour)
	w.done("Olga", "teamSet", "", object{"teamId": gid(w.teams["Revenue"]), "managerId": gid(w.users["Mina"])})
	assert.Equal(t, "Mina", w.user("Rita")["manager"].(object)["name"])
	assert.Equal(t, "Mina", w.user("Vera")["manager"].(object)["name"])
	assert.Nil(t, w.user("Mina")["manager"])
	w.done("Olga", "teamSet", "", object{"teamId": north, "parentId": nil, "managerId": nil, "name": "Far North"})
	assert.Nil(t, w.ok("Olga", `query($id: ID!) { node(id: $id) { ... on Team { parent { name } } } }`, object{"id": north}).at("node", "parent"))
}

// TestTwoMovesMakeNoCircleOfTeams puts each of two teams below the other at once.
func TestTwoMovesMakeNoCircleOfTeams(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for round := range 12 {
		var codes [2]string
		var wg sync.WaitGroup
		for i, pair := range [][2]string{{"East", "West"}, {"West", "East"}} {
			wg.Go(func() {
				codes[i], _ = w.mutate("Olga", "teamSet", "team { name }", object{"teamId": gid(w.teams[pair[0]]), "parentId": gid(w.teams[pair[1]])})
			})
		}
		wg.Wait()
		assert.ElementsMatch(t, []string{"", "BAD_INPUT"}, codes[:], "round %d", round)
		for _, team := range []string{"East", "West"} {
			w.done("Olga", "teamSet", "", object{"teamId": gid(w.teams[team]), "parentId": gid(w.teams["Revenue"])})
		}
	}
	code, _ := w.mutate("Olga", "teamSet", "", object{"teamId": id.Global(id.TeamKind, id.New()), "name": "x"})
	assert.Equal(t, "NOT_FOUND", code)
}
