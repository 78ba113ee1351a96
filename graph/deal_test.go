package graph_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/period"
	"github.com/ententehq/entente/internal/pg"
)

func TestWhoSeesWhichDeals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(
		deal{name: "rita early", owner: "Rita", stage: "Prospecting", account: "Globex"},
		deal{name: "rita proposal", owner: "Rita", stage: "Proposal", account: "Globex"},
		deal{name: "rob won", owner: "Rob", stage: "Won", account: "Globex"},
		deal{name: "wes acme early", owner: "Wes", stage: "Prospecting", account: "Acme"},
		deal{name: "wes lost", owner: "Wes", stage: "Lost"},
		deal{name: "vera own", owner: "Vera", stage: "Discovery"},
	)
	all := []string{"rita early", "rita proposal", "rob won", "vera own", "wes acme early", "wes lost"}
	for who, want := range map[string][]string{
		"Rita":  {"rita early", "rita proposal", "rob won"},
		"Wes":   {"wes acme early", "wes lost"},
		"Max":   {"rita early", "rita proposal", "rob won"},
		"Vera":  all, // the subtree below her
		"Olga":  all,
		"Lea":   all,
		"Ada":   all,
		"Carla": {"rita proposal", "rob won", "wes acme early"}, // cs_visible, won, her customer
		"Carl":  {"rita early", "rita proposal", "rob won"},
	} {
		a := w.ok(who, `{ deals(orderBy: [{field: NAME}]) { totalCount nodes { name } edges { node { name } } } }`)
		assert.Equal(t, want, a.names("deals", "nodes"), who)
		assert.EqualValues(t, len(want), a.at("deals", "totalCount"), who)
	}
	a := w.as("Finn", `{ deals { nodes { name } } }`)
	assert.Equal(t, "FORBIDDEN", a.code())
	assert.Nil(t, a.Data)
}

// TestWhatMayNotBeSeenDoesNotExist asks in every way for a deal before the stage that CS sees, of no own customer.
func TestWhatMayNotBeSeenDoesNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hidden := gid(w.put(deal{name: "hidden", owner: "Rita", stage: "Prospecting", account: "Globex"})[0])
	w.put(deal{name: "seen", owner: "Rita", stage: "Proposal"})
	vars := map[string]any{"id": hidden}
	for name, query := range map[string]string{
		"by id":      `query($id: ID!) { deal(id: $id) { name } }`,
		"by node":    `query($id: ID!) { node(id: $id) { id ... on Deal { name } } }`,
		"by a guess": `{ deal(id: "deal_00000000000000000000000000") { name } }`,
	} {
		a := w.as("Carla", query, vars)
		assert.Equal(t, "NOT_FOUND", a.code(), name)
		assert.NotContains(t, a.Body, "hidden", name)
	}
	a := w.as("Carla", `query($id: ID!) { nodes(ids: [$id]) { id } }`, vars)
	assert.Equal(t, "NOT_FOUND", a.code())
	assert.Nil(t, a.at("nodes", 0))
	a = w.ok("Carla", `query($account: ID!) {
		list: deals { totalCount nodes { name } }
		named: deals(where: {name: {eq: "hidden"}}) { totalCount nodes { name } }
		filtered: deals(where: {account: {eq: $account}}) { totalCount nodes { name } }
		negated: deals(where: {not: {name: {eq: "seen"}}}) { totalCount nodes { name } }
		past: deals(asOf: "2026-03-01T00:00:00Z") { totalCount nodes { name } }
	}`, map[string]any{"account": gid(w.accounts["Globex"])})
	for _, alias := range []string{"list", "past"} {
		assert.Equal(t, []string{"seen"}, a.names(alias, "nodes"), alias)
		assert.EqualValues(t, 1, a.at(alias, "totalCount"), alias)
	}
	for _, alias := range []string{"named", "filtered", "negated"} {
		assert.Empty(t, a.names(alias, "nodes"), alias)
		assert.EqualValues(t, 0, a.at(alias, "totalCount"), alias)
	}
	a = w.as("Carla", `mutation($id: ID!) { dealUpdate(input: {dealId: $id, name: "mine"}) { deal { name } } }`, vars)
	assert.Equal(t, "NOT_FOUND", a.code())
}

func TestAnotherOrgSeesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine := gid(w.put(deal{name: "canary", owner: "Rita", stage: "Won", account: "Acme"})[0])
	account, user := gid(w.accounts["Acme"]), gid(w.users["Rita"])
	w.settle("other-org")
	for _, who := range []string{"olga", "lea", "ada"} {
		a := w.as("other-org."+who, `query($deal: ID!, $account: ID!, $user: ID!) {
			deals { totalCount } accounts { nodes { id } }
			users(where: {name: {eq: "Rita"}}) { nodes { id } }
			nodes(ids: [$deal, $account, $user]) { id }
			filtered: deals(where: {account: {eq: $account}}) { totalCount }
		}`, map[string]any{"deal": mine, "account": account, "user": user})
		assert.Len(t, a.Errors, 3, a.Body)
		assert.EqualValues(t, 0, a.at("deals", "totalCount"))
		assert.EqualValues(t, 0, a.at("filtered", "totalCount"))
		assert.NotContains(t, a.Body, strings.TrimPrefix(account, "account_"))
		assert.NotContains(t, a.Body, strings.TrimPrefix(user, "user_"))
	}
	a := w.as("other-org.olga", `mutation($deal: ID!) { dealUpdate(input: {dealId: $deal, name: "mine"}) { deal { name } } }`, map[string]any{"deal": mine})
	assert.Equal(t, "NOT_FOUND", a.code())
	a = w.as("other-org.olga", `mutation($a: ID!) { dealCreate(input: {name: "x", accountId: $a}) { deal { name } errors { code path } } }`, map[string]any{"a": account})
	assert.Nil(t, a.at("dealCreate", "deal"))
	assert.Equal(t, []any{"input", "accountId"}, a.at("dealCreate", "errors", 0, "path"))
}

const updateName = `mutation($id: ID!, $v: Int, $reason: String) {
	dealUpdate(input: {dealId: $id, expectedVersion: $v, reason: $reason, nextStep: "call"}) {
		deal { nextStep version } errors { code message path }
	}
}`

func TestWhoMayChangeWhichDeal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.put(
		deal{name: "open", owner: "Rita", stage: "Proposal", account: "Acme"},
		deal{name: "won", owner: "Rita", stage: "Won", account: "Acme"},
		deal{name: "lost", owner: "Rita", stage: "Lost"},
		deal{name: "renewal", owner: "Rita", stage: "Proposal", account: "Acme", typ: crm.Renewal},
	)
	open, won, lost, renewal := gid(ids[0]), gid(ids[1]), gid(ids[2]), gid(ids[3])
	for _, c := range []struct {
		who, deal, reason, want string
	}{
		{"Rita", open, "", ""}, {"Max", open, "", ""}, {"Vera", open, "", ""}, {"Olga", open, "", ""},
		{"Rob", open, "", "FORBIDDEN"}, {"Wes", open, "", "NOT_FOUND"}, {"Lea", open, "", "FORBIDDEN"}, {"Carla", open, "", "FORBIDDEN"},
		{"Carla", renewal, "", ""}, {"Carl", renewal, "", "FORBIDDEN"}, {"Ada", open, "", "FORBIDDEN"},
		{"Rita", won, "typo", "FORBIDDEN"}, {"Max", won, "typo", "FORBIDDEN"}, {"Olga", won, "", "BAD_INPUT"}, {"Olga", won, "typo", ""},
		{"Rita", lost, "", "FORBIDDEN"}, {"Olga", lost, "", ""}, {"Finn", open, "", "FORBIDDEN"},
	} {
		a := w.as(c.who, updateName, map[string]any{"id": c.deal, "reason": c.reason})
		got := a.code()
		if code, ok := a.at("dealUpdate", "errors", 0, "code").(string); ok {
			got = code
		}
		assert.Equal(t, c.want, got, "%s changes %s: %s", c.who, c.deal, a.Body)
		may := w.as(c.who, `query($id: ID!) { deal(id: $id) { viewerCan(action: UPDATE) } }`, map[string]any{"id": c.deal}).at("deal", "viewerCan")
		assert.Equal(t, c.want == "" || c.want == "BAD_INPUT", may == true, "viewerCan tells %s before", c.who)
	}
}

func TestAConflictShowsTheDealAsItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := gid(w.put(deal{name: "d", owner: "Rita", stage: "Prospecting"})[0])
	w.clock.add(time.Minute)
	a := w.ok("Rita", updateName, map[string]any{"id": d, "v": 1})
	assert.EqualValues(t, 2, a.at("dealUpdate", "deal", "version"))
	a = w.ok("Max", `mutation($id: ID!) { dealUpdate(input: {dealId: $id, expectedVersion: 1, name: "overwritten"}) { deal { name version nextStep } errors { code path } } }`, map[string]any{"id": d})
	assert.Equal(t, "CONFLICT", a.at("dealUpdate", "errors", 0, "code"))
	assert.Equal(t, []any{"input", "expectedVersion"}, a.at("dealUpdate", "errors", 0, "path"))
	assert.Equal(t, map[string]any{"name": "d", "version": 2.0, "nextStep": "call"}, a.at("dealUpdate", "deal"))
	a = w.ok("Rita", updateName, map[string]any{"id": d, "v": 2})
	assert.EqualValues(t, 2, a.at("dealUpdate", "deal", "version"), "a change of nothing makes no version")
}

// TestOfManyWritersOneWins has twelve write from the same version over fewer connections.
func TestOfManyWritersOneWins(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := gid(w.put(deal{name: "d", owner: "Rita", stage: "Prospecting"})[0])
	w.clock.add(time.Minute)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for i := range 12 {
		wg.Go(func() {
			a := w.as("Rita", `mutation($id: ID!, $n: String!) { dealUpdate(input: {dealId: $id, expectedVersion: 1, name: $n}) { deal { name version } errors { code } } }`,
				map[string]any{"id": d, "n": fmt.Sprint("name ", i)})
			assert.Empty(t, a.Errors)
			mu.Lock()
			defer mu.Unlock()
			if a.at("dealUpdate", "errors", 0) == nil {
				won++
				assert.Equal(t, fmt.Sprint("name ", i), a.at("dealUpdate", "deal", "name"), "the payload shows what was written")
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, won)
}

func TestADealsLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok("Rita", `mutation($a: ID!) { dealCreate(input: {name: " Robots ", accountId: $a, amount: {amount: "1180.50", currency: "USD"}, closeDate: "2026-06-30"}) {
		deal { id name type version stage { name } team { name } territory { name } owner { name } probability amount { amount currency } closeDate closedAt forecastCategory } errors { message } } }`,
		map[string]any{"a": gid(w.accounts["Acme"])})
	made := a.at("dealCreate", "deal").(map[string]any)
	d := made["id"]
	delete(made, "id")
	assert.Equal(t, map[string]any{
		"name": "Robots", "type": "NEW", "version": 1.0, "stage": map[string]any{"name": "Prospecting"}, "team": map[string]any{"name": "East"},
		"territory": map[string]any{"name": "East"}, "owner": map[string]any{"name": "Rita"}, "probability": "0.1000",
		"amount": map[string]any{"amount": "1180.50", "currency": "USD"}, "closeDate": "2026-06-30", "closedAt": nil, "forecastCategory": "PIPELINE",
	}, made)
	move := func(who, set string) answer {
		w.clock.add(time.Hour)
		return w.ok(who, fmt.Sprintf(`mutation { dealUpdate(input: {dealId: %q, %s}) { deal { version stage { name } closeDate closedAt owner { name } team { name } forecastCategory } errors { code message path } } }`, d, set))
	}
	move("Rita", fmt.Sprintf("stageId: %q", gid(w.stages["Proposal"])))
	move("Rita", fmt.Sprintf("stageId: %q, forecastCategory: COMMIT", gid(w.stages["Discovery"])))
	handed := move("Max", fmt.Sprintf("ownerId: %q", gid(w.users["Wes"])))
	assert.Nil(t, handed.at("dealUpdate", "deal"), "Max sees no deals of the West")
	w.clock.add(10 * time.Hour) // 02:00 UTC of the next day: still the same day in New York
	won := move("Wes", fmt.Sprintf("stageId: %q", gid(w.stages["Won"])))
	assert.Equal(t, map[string]any{
		"version": 5.0, "stage": map[string]any{"name": "Won"}, "closeDate": "2026-03-31", "closedAt": "2026-04-01T02:00:00Z",
		"owner": map[string]any{"name": "Wes"}, "team": map[string]any{"name": "West"}, "forecastCategory": "CLOSED",
	}, won.at("dealUpdate", "deal"))

	w.clock.add(time.Hour)
	a = w.ok("Olga", fmt.Sprintf(`{ deal(id: %q) {
		stageHistory { stage { name } enteredAt leftAt seconds by { name } }
		newest: stageHistory(last: 2) { stage { name } }
	} }`, d))
	type visit = map[string]any
	assert.Equal(t, []any{
		visit{"stage": visit{"name": "Prospecting"}, "enteredAt": "2026-03-31T12:00:00Z", "leftAt": "2026-03-31T13:00:00Z", "seconds": 3600.0, "by": visit{"name": "Rita"}},
		visit{"stage": visit{"name": "Proposal"}, "enteredAt": "2026-03-31T13:00:00Z", "leftAt": "2026-03-31T14:00:00Z", "seconds": 3600.0, "by": visit{"name": "Rita"}},
		visit{"stage": visit{"name": "Discovery"}, "enteredAt": "2026-03-31T14:00:00Z", "leftAt": "2026-04-01T02:00:00Z", "seconds": 43200.0, "by": visit{"name": "Rita"}},
		visit{"stage": visit{"name": "Won"}, "enteredAt": "2026-04-01T02:00:00Z", "leftAt": nil, "seconds": 3600.0, "by": visit{"name": "Wes"}},
	}, a.at("deal", "stageHistory"))
	assert.Equal(t, []any{visit{"stage": visit{"name": "Discovery"}}, visit{"stage": visit{"name": "Won"}}}, a.at("deal", "newest"))

	past := w.ok("Olga", fmt.Sprintf(`{
		deal(id: %q, asOf: "2026-03-31T13:30:00Z") { version stage { name } owner { name } stageHistory { stage { name } leftAt seconds } viewerCan(action: UPDATE) }
		before: deals(asOf: "2026-03-31T11:00:00Z") { totalCount }
		deals(asOf: "2026-03-31T15:30:00Z", where: {owner: {eq: %q}}) { nodes { version } }
	}`, d, gid(w.users["Wes"])))
	assert.Equal(t, visit{
		"version": 2.0, "stage": visit{"name": "Proposal"}, "owner": visit{"name": "Rita"}, "viewerCan": false,
		"stageHistory": []any{visit{"stage": visit{"name": "Prospecting"}, "leftAt": "2026-03-31T13:00:00Z", "seconds": 3600.0}, visit{"stage": visit{"name": "Proposal"}, "leftAt": nil, "seconds": 1800.0}},
	}, past.at("deal"))
	assert.EqualValues(t, 0, past.at("before", "totalCount"))
	assert.EqualValues(t, 4, past.at("deals", "nodes", 0, "version"))

	refused := w.ok("Olga", fmt.Sprintf(`mutation { dealUpdate(input: {dealId: %q, reason: "no", stageId: %q}) { errors { path message } } }`, d, gid(w.stages["Lost"])))
	assert.Equal(t, []any{"input", "stageId"}, refused.at("dealUpdate", "errors", 0, "path"))
}

func TestBadInputIsRefusedWhereItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := gid(w.put(deal{name: "d", owner: "Rita", stage: "Prospecting", amount: ptr(int64(100)), close: "2026-05-01"})[0])
	a := w.ok("Rita", `mutation($id: ID!, $long: String) { dealUpdate(input: {dealId: $id, name: "  ", ownerId: "user_nobody", stageId: "stage_none",
		amount: {amount: "1.005", currency: "USD"}, nextStep: $long, forecastCategory: CLOSED}) { deal { name version } errors { path code message } } }`,
		map[string]any{"id": d, "long": strings.Repeat("x", 2001)})
	var paths []string
	for i := range a.at("dealUpdate", "errors").([]any) {
		assert.Equal(t, "BAD_INPUT", a.at("dealUpdate", "errors", i, "code"))
		paths = append(paths, a.at("dealUpdate", "errors", i, "path", 1).(string))
	}
	slices.Sort(paths)
	assert.Equal(t, []string{"amount", "forecastCategory", "name", "nextStep", "ownerId", "stageId"}, paths)
	assert.Equal(t, map[string]any{"name": "d", "version": 1.0}, a.at("dealUpdate", "deal"), "nothing was changed")

	a = w.ok("Rita", `mutation($id: ID!) { dealUpdate(input: {dealId: $id, amount: null, closeDate: null}) { deal { amount { amount } closeDate version name } } }`, map[string]any{"id": d})
	assert.Equal(t, map[string]any{"amount": nil, "closeDate": nil, "version": 2.0, "name": "d"}, a.at("dealUpdate", "deal"), "null clears, absent stays")

	for query, code := range map[string]string{
		`{ deals(first: 0) { nodes { id } } }`:                                                   "BAD_INPUT",
		`{ deals(first: -1) { nodes { id } } }`:                                                  "BAD_INPUT",
		`{ deals(first: 101) { nodes { id } } }`:                                                 "LIMIT_EXCEEDED",
		`{ deals(first: 1, last: 1) { nodes { id } } }`:                                          "BAD_INPUT",
		`{ deals(after: "nonsense") { nodes { id } } }`:                                          "BAD_CURSOR",
		`{ deals(where: {owner: {eq: "deal_x"}}) { nodes { id } } }`:                             "BAD_INPUT",
		`{ deals(where: {amount: {eq: null}}) { nodes { id } } }`:                                "BAD_INPUT",
		`{ deals(where: {not: {not: {not: {not: {not: {name: {eq: ""}}}}}}}) { nodes { id } } }`: "LIMIT_EXCEEDED",
		`{ deal { id } }`: "BAD_INPUT",
		`{ deal(id: "deal_x", externalId: {system: "a", id: "b"}) { id } }`:  "BAD_INPUT",
		`{ deal(externalId: {system: "a", id: "b"}) { id } }`:                "NOT_FOUND",
		`{ deals(where: {closeDate: {eq: "2026-02-30"}}) { nodes { id } } }`: "BAD_INPUT",
		`{ deals { nodes { stageHistory(last: 0) { enteredAt } } } }`:        "BAD_INPUT",
		`{ accounts(where: {name: {eq: "\u0000"}}) { nodes { id } } }`:       "BAD_INPUT",
	} {
		assert.Equal(t, code, w.as("Olga", query).code(), query)
	}
}

// TestPagesPutTogetherAreTheList walks lists in random orders, page sizes, directions and filters, with many equal and
// unknown values among the rows, and holds them to sorting in Go.
func TestPagesPutTogetherAreTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var deals []deal
	for i := range 60 {
		d := deal{name: fmt.Sprintf("deal %02d", i%20), owner: []string{"Rita", "Wes"}[i%2], stage: "Prospecting", at: began.Add(time.Duration(i%7) * time.Hour)}
		if i%4 > 0 {
			d.amount = ptr(int64(i%5) * 100)
		}
		if i%3 > 0 {
			d.close = period.Day(fmt.Sprintf("2026-04-%02d", i%6+1))
		}
		deals = append(deals, d)
	}
	type row struct{ id, name, amount, close, created string }
	var rows []row
	for i, u := range w.put(deals...) {
		r := row{id: u.String(), name: deals[i].name, amount: "~", close: "~", created: deals[i].at.Format(time.RFC3339)}
		if deals[i].amount != nil {
			r.amount = fmt.Sprintf("%06d", *deals[i].amount)
		}
		if deals[i].close != "" {
			r.close = string(deals[i].close)
		}
		rows = append(rows, r)
	}
	fields := map[string]func(row) string{
		"NAME": func(r row) string { return r.name }, "AMOUNT": func(r row) string { return r.amount },
		"CLOSE_DATE": func(r row) string { return r.close }, "CREATED_AT": func(r row) string { return r.created },
	}
	rapid.Check(t, func(rt *rapid.T) {
		var order []any
		var keys []func(row) string
		var descs []bool
		for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"NAME", "AMOUNT", "CLOSE_DATE", "CREATED_AT"}), 1, 3, rapid.ID[string]).Draw(rt, "fields") {
			desc := rapid.Bool().Draw(rt, "desc")
			order = append(order, map[string]any{"field": f, "direction": map[bool]string{false: "ASC", true: "DESC"}[desc]})
			keys, descs = append(keys, fields[f]), append(descs, desc)
		}
		keys, descs = append(keys, func(r row) string { return r.id }), append(descs, descs[len(descs)-1])
		want := slices.Clone(rows)
		slices.SortFunc(want, func(a, b row) int {
			for i, key := range keys {
				if c := strings.Compare(key(a), key(b)); c != 0 {
					if descs[i] {
						return -c
					}
					return c
				}
			}
			return 0
		})
		size := rapid.IntRange(7, 100).Draw(rt, "size")
		backward := rapid.Bool().Draw(rt, "backward")
		var got []string
		var cursor any
		for {
			vars := map[string]any{"order": order, "first": size, "after": cursor}
			query := `query($order: [DealOrder!], $first: Int, $after: String) { deals(first: $first, after: $after, orderBy: $order) { nodes { name createdAt } edges { cursor } pageInfo { hasNextPage endCursor startCursor hasPreviousPage } } }`
			if backward {
				query = strings.NewReplacer("first: $first", "last: $first", "after: $after", "before: $after").Replace(query)
			}
			a := w.ok("Olga", query, vars)
			var page []string
			for _, n := range a.at("deals", "nodes").([]any) {
				page = append(page, n.(map[string]any)["name"].(string)+n.(map[string]any)["createdAt"].(string))
			}
			more, next := a.at("deals", "pageInfo", "hasNextPage"), a.at("deals", "pageInfo", "endCursor")
			if backward {
				got = append(slices.Clone(page), got...)
				more, next = a.at("deals", "pageInfo", "hasPreviousPage"), a.at("deals", "pageInfo", "startCursor")
			} else {
				got = append(got, page...)
			}
			if more != true {
				break
			}
			cursor = next
		}
		wanted := make([]string, len(want))
		for i, r := range want {
			wanted[i] = r.name + r.created
		}
		if !slices.Equal(wanted, got) {
			rt.Fatalf("order %v, size %d, backward %v:\nwant %v\ngot  %v", order, size, backward, wanted, got)
		}
	})
}

func TestFiltersHoldTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.put(
		deal{name: "100% fit", owner: "Rita", stage: "Prospecting", amount: ptr(int64(10000)), close: "2026-05-01"},
		deal{name: "a_b", owner: "Wes", stage: "Won", amount: ptr(int64(20000)), close: "2026-02-01"},
		deal{name: "axb", owner: "Wes", stage: "Proposal", account: "Acme"},
	)
	for where, want := range map[string][]string{
		`{}`:                                                                {"100% fit", "a_b", "axb"},
		`{name: {contains: "0%"}}`:                                          {"100% fit"},
		`{name: {contains: "A_"}}`:                                          {"a_b"},
		`{name: {startsWith: "a"}}`:                                         {"a_b", "axb"},
		`{name: {in: []}}`:                                                  {},
		`{name: {notIn: ["axb"]}}`:                                          {"100% fit", "a_b"},
		`{name: {neq: "axb"}}`:                                              {"100% fit", "a_b"},
		`{stageKind: {in: [OPEN, LOST]}}`:                                   {"100% fit", "axb"},
		`{stageKind: {eq: WON}, type: {eq: NEW}}`:                           {"a_b"},
		`{amount: {gte: {amount: "200", currency: "USD"}}}`:                 {"a_b"},
		`{amount: {gte: {amount: "1", currency: "EUR"}}}`:                   {},
		`{amount: {isNull: true}}`:                                          {"axb"},
		`{not: {amount: {lt: {amount: "150", currency: "USD"}}}}`:           {"a_b", "axb"},
		`{or: [{amount: {isNull: true}}, {closeDate: {lt: "2026-03-01"}}]}`: {"a_b", "axb"},
		`{or: []}`:                   {},
		`{and: []}`:                  {"100% fit", "a_b", "axb"},
		`{account: {isNull: false}}`: {"axb"},
		`{closeDate: {gte: "2026-02-01", lte: "2026-05-01"}}`:                                {"100% fit", "a_b"},
		`{closedAt: {isNull: true}}`:                                                         {"100% fit", "axb"},
		`{createdAt: {gt: "2020-01-01T00:00:00+02:00"}, forecastCategory: {in: [PIPELINE]}}`: {"100% fit", "a_b", "axb"},
		fmt.Sprintf(`{owner: {in: [%q]}}`, gid(w.users["Wes"])):                              {"a_b", "axb"},
		fmt.Sprintf(`{team: {neq: %q}}`, gid(w.teams["East"])):                               {"a_b", "axb"},
		fmt.Sprintf(`{stage: {notIn: [%q]}}`, gid(w.stages["Won"])):                          {"100% fit", "axb"},
	} {
		a := w.ok("Olga", `{ deals(orderBy: [{field: NAME}], where: `+where+`) { totalCount nodes { name } } }`)
		assert.Equal(t, want, a.names("deals", "nodes"), where)
		assert.EqualValues(t, len(want), a.at("deals", "totalCount"), where)
	}
}

// TestAPageOfAnySizeCostsTheSameStatements counts the round trips of a page with everything on it.
func TestAPageOfAnySizeCostsTheSameStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var deals []deal
	for i := range 120 {
		deals = append(deals, deal{name: fmt.Sprint("deal ", i), owner: []string{"Rita", "Wes", "Rob"}[i%3], account: []string{"Acme", "Globex", ""}[i%3], stage: "Proposal"})
	}
	w.put(deals...)
	count := func(first int, fields string) int64 {
		query := fmt.Sprintf(`{ deals(first: %d, orderBy: [{field: NAME}]) { nodes { name %s } } }`, first, fields)
		w.ok("Olga", query) // warm: reference data, token
		before := w.pool.Sent()
		a := w.ok("Olga", query)
		assert.Len(t, a.at("deals", "nodes"), first)
		return w.pool.Sent() - before
	}
	for fields, most := range map[string]int64{
		`owner { name } account { name } stage { name } team { name }`: 3, // opening, deals, accounts
		`owner { name team { name manager { name } } } account { name owner { name } parent { name } externalIds { id } } externalIds { id }
		 stage { pipeline { name } } territory { name } viewerCan(action: UPDATE) stageHistory { stage { name } by { name } } last: stageHistory(last: 3) { enteredAt }`: 8,
	} {
		one, hundred := count(1, fields), count(100, fields)
		assert.Equal(t, one, hundred, fields)
		assert.LessOrEqual(t, hundred, most, fields)
	}
}

// TestVisitsAndVersionsStayTogether changes a deal at random through the API, and holds its visits and its newest version
// to what the versions say.
func TestVisitsAndVersionsStayTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.put(deal{name: "d", owner: "Rita", stage: "Prospecting"})[0]
	rapid.Check(t, func(rt *rapid.T) {
		w.clock.add(time.Duration(rapid.IntRange(0, 90).Draw(rt, "minutes")) * time.Minute) // the clock may stand still
		set := rapid.SampledFrom([]string{
			fmt.Sprintf("stageId: %q", gid(w.stages["Prospecting"])), fmt.Sprintf("stageId: %q", gid(w.stages["Discovery"])),
			fmt.Sprintf("stageId: %q", gid(w.stages["Proposal"])), `nextStep: "call"`, `nextStep: null`, `closeDate: "2026-07-01"`,
			fmt.Sprintf("ownerId: %q", gid(w.users["Wes"])), fmt.Sprintf("ownerId: %q", gid(w.users["Rita"])),
		}).Draw(rt, "set")
		a := w.ok("Olga", fmt.Sprintf(`mutation { dealUpdate(input: {dealId: %q, %s}) { errors { message } } }`, gid(d), set))
		assert.Empty(rt, a.at("dealUpdate", "errors"))
	})
	h := w.pool.Read(pg.Session{Org: w.org.UUID})
	defer h.Close()
	var versions []crm.DealVersion
	require.NoError(t, h.Select(t.Context(), &versions, `
		select id, version, stage_id, valid_from, valid_to, changed_by, updated_at, team_id, owner_id
		  from deal_version
		 where id = $1
		 order by version`, d))
	require.Greater(t, len(versions), 10)
	for i, v := range versions {
		assert.Equal(t, i+1, v.Version)
		if i > 0 {
			assert.Equal(t, versions[i-1].ValidTo.At, v.ValidFrom)
		}
	}
	var visits []crm.Visit
	require.NoError(t, h.Select(t.Context(), &visits, `
		select deal_id, number, stage_id, entered_at, left_at, entered_by, false as history
		  from stage_visit
		 where deal_id = $1
		 order by number`, d))
	want := crm.VisitsOf(versions)
	for i := range want {
		want[i].History = false
	}
	assert.Equal(t, want, visits)
	var same bool
	require.NoError(t, h.Get(t.Context(), &same, `
		select (d.version, d.stage_id, d.owner_id, d.team_id, d.updated_at) = (v.version, v.stage_id, v.owner_id, v.team_id, v.valid_from)
		  from deal d
		  join deal_version v on v.org_id = d.org_id and v.id = d.id and v.valid_to = 'infinity'
		 where d.id = $1`, d))
	assert.True(t, same, "the newest version equals the deal")
}
