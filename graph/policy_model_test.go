package graph_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
)

var (
	policyChanges = flag.Int("policy-changes", 300, "how many random changes the policy and its model go through together")
	policySeed    = flag.Uint64("policy-seed", 0, "the seed of these changes; another each time if not given")
)

// model is the policy in a few lines of its own: it shares nothing with the program but the names of roles and reaches.
type model struct {
	policy      map[string][]string // "SALES deal:read" → reaches
	roles       map[string][]string // by person
	in          map[string]string   // the team a person is in
	territories map[string][]string // a person's
	deals       []deal
}

func newModel(deals []deal) *model {
	m := &model{roles: map[string][]string{}, deals: deals, policy: map[string][]string{
		"SALES deal:read": {"TEAM", "CREDITED"}, "SALES deal:update": {"OWN"},
		"SALES_MANAGER deal:read": {"TEAM", "TERRITORY"}, "SALES_MANAGER deal:update": {"TEAM"},
		"OPS deal:read": {"ALL"}, "OPS deal:update": {"ALL"}, "OPS deal:amend": {"ALL"},
		"CS deal:read": {"WON", "CS_VISIBLE", "CUSTOMERS"}, "CS deal:expand": {"CUSTOMERS"},
		"LEADERSHIP deal:read": {"ALL"}, "ADMIN deal:read": {"ALL"},
	}}
	for who, role := range roles {
		m.roles[who] = []string{string(role)}
	}
	m.in = map[string]string{"Vera": "Revenue", "Max": "East", "Rita": "East", "Rob": "East", "Mina": "West", "Wes": "West"}
	m.territories = map[string][]string{"Max": {"East"}, "Rita": {"East"}, "Rob": {"East"}, "Mina": {"West"}, "Wes": {"West"}}
	return m
}

// where deals were put when they were made, which a later move of their owner does not change.
var placed = map[string]string{"Rita": "East", "Rob": "East", "Wes": "West", "Vera": "Revenue"}

var (
	managers = map[string]string{"Revenue": "Vera", "East": "Max", "West": "Mina"}
	csms     = map[string]string{"Acme": "Carla", "Globex": "Carl"}
)

func (m *model) may(who, action string) bool {
	return slices.ContainsFunc(m.roles[who], func(role string) bool { return len(m.policy[role+" deal:"+action]) > 0 })
}

func (m *model) reaches(who, action string, d deal) bool {
	for _, role := range m.roles[who] {
		for _, reach := range m.policy[role+" deal:"+action] {
			if m.within(who, reach, d) {
				return true
			}
		}
	}
	return false
}

func (m *model) within(who, reach string, d deal) bool {
	team := placed[d.owner]
	of := func(t string) bool { return m.in[who] == t || managers[t] == who }
	switch reach {
	case "OWN", "CREDITED":
		return d.owner == who
	case "TEAM":
		return of(team) || of("Revenue")
	case "TERRITORY":
		return slices.Contains(m.territories[who], team)
	case "CUSTOMERS":
		return csms[d.account] == who
	case "WON":
		return d.stage == "Won"
	case "CS_VISIBLE":
		return d.stage == "Won" || d.stage == "Proposal"
	}
	return reach == "ALL"
}

func (m *model) changes(who string, d deal) bool {
	if d.stage == "Won" || d.stage == "Lost" {
		return m.reaches(who, "amend", d)
	}
	return m.reaches(who, "update", d) || d.typ != crm.New && m.reaches(who, "expand", d)
}

// change changes the world through the API, and the model, in the same random way.
func (m *model) change(w *world, random *rand.Rand) string {
	people := slices.Sorted(maps.Keys(roles))
	who := people[random.IntN(len(people))]
	given := []string{"SALES", "SALES_MANAGER", "OPS", "CS", "LEADERSHIP", "FINANCE"}
	role := given[random.IntN(len(given))]
	switch n := random.IntN(10); {
	case n < 7:
		role = append(given, "ADMIN")[random.IntN(len(given)+1)]
		action := []string{"read", "read", "read", "update", "amend", "expand"}[random.IntN(6)]
		var set []string
		for _, r := range []string{"OWN", "CREDITED", "TEAM", "TERRITORY", "CUSTOMERS", "WON", "CS_VISIBLE", "ALL"} {
			if random.IntN(5) == 0 {
				set = append(set, r)
			}
		}
		code, a := w.policy("Ada", access.Role(role), "deal:"+action, set...)
		require.Empty(w.t, code, a.Body)
		m.policy[role+" deal:"+action] = set
		return fmt.Sprint(role, " deal:", action, " ", set)
	case n == 7:
		require.Empty(w.t, w.grant("Ada", who, access.Role(role)))
		if !slices.Contains(m.roles[who], role) {
			m.roles[who] = append(m.roles[who], role)
		}
		return who + " gets " + role
	case n == 8:
		require.Empty(w.t, w.revoke("Ada", who, access.Role(role)))
		m.roles[who] = slices.DeleteFunc(m.roles[who], func(r string) bool { return r == role })
		return who + " loses " + role
	}
	team := []string{"Revenue", "East", "West", ""}[random.IntN(4)]
	territory := []string{"East", "West"}[random.IntN(2)]
	input := object{"userId": gid(w.users[who]), "teamId": nil, "territoryIds": []string{gid(w.territories[territory])}}
	delete(m.in, who)
	if team != "" {
		input["teamId"], input["managerId"] = gid(w.teams[team]), nil
		m.in[who] = team
	}
	w.done("Ada", "userUpdate", "", input)
	m.territories[who] = []string{territory}
	return who + " moves to " + team + " and " + territory
}

// compare holds all that a person is shown of deals to the model.
func (m *model) compare(w *world, who string, ids []string) int {
	var seen []string
	may := map[string]any{}
	for _, d := range m.deals {
		if m.reaches(who, "read", d) {
			seen = append(seen, d.name)
			may[d.name] = m.changes(who, d)
		}
	}
	slices.Sort(seen)
	list := w.as(who, `{ deals(first: 100, orderBy: [{field: NAME}]) { totalCount nodes { name viewerCan(action: UPDATE) } } }`)
	if m.may(who, "read") {
		got := []string{}
		for _, n := range list.at("deals", "nodes").([]any) {
			name := n.(object)["name"].(string)
			got = append(got, name)
			assert.Equal(w.t, may[name], n.(object)["viewerCan"], "%s may change %s", who, name)
		}
		assert.Equal(w.t, append([]string{}, seen...), got, "%s lists", who)
		assert.EqualValues(w.t, len(seen), list.at("deals", "totalCount"), "%s counts", who)
	} else {
		assert.Equal(w.t, "FORBIDDEN", list.code(), who)
	}
	nodes := w.as(who, `query($ids: [ID!]!) { nodes(ids: $ids) { ... on Deal { name } } }`, object{"ids": ids})
	for i, d := range m.deals {
		n, _ := nodes.at("nodes", i).(object)
		assert.Equal(w.t, slices.Contains(seen, d.name), n != nil, "%s asks for %s", who, d.name)
	}
	return 2 * len(m.deals)
}

// TestTheAPIAgreesWithAModelOfThePolicy changes the policy, who has which role and who is where, at random, and after
// each change holds what each person sees and may change to what the model says.
func TestTheAPIAgreesWithAModelOfThePolicy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var deals []deal
	for i, owner := range []string{"Rita", "Rob", "Wes", "Vera"} {
		for j, stage := range []string{"Prospecting", "Proposal", "Won", "Lost"} {
			deals = append(deals, deal{
				name: fmt.Sprint(owner, " ", stage), owner: owner, stage: stage,
				account: []string{"Acme", "Globex", ""}[(i+j)%3], typ: []crm.DealType{crm.New, crm.Expansion}[(i+j)%2],
			})
		}
	}
	var ids []string
	for _, d := range w.put(deals...) {
		ids = append(ids, gid(d))
	}
	m := newModel(deals)
	seed := *policySeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	random := rand.New(rand.NewPCG(seed, 1))
	changes := *policyChanges
	if testing.Short() {
		changes = min(changes, 40)
	}
	cases := 0
	for step := range changes {
		what := "nothing yet"
		if step > 0 {
			w.clock.add(time.Second)
			what = m.change(w, random)
		}
		var wg sync.WaitGroup
		var mu sync.Mutex
		for who := range roles {
			wg.Go(func() {
				n := m.compare(w, who, ids)
				mu.Lock()
				defer mu.Unlock()
				cases += n
			})
		}
		wg.Wait()
		if t.Failed() {
			t.Fatalf("seed %d, step %d: %s", seed, step, what)
		}
	}
	t.Logf("%d changes, %d cases, 0 disagreements (seed %d)", changes, cases, seed)
}
