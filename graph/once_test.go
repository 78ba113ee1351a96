package graph_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/pg"
)

const createOnce = `mutation($name: String!, $key: String!) { dealCreate(input: {name: $name}) @idempotent(key: $key) { deal { id name } errors { code message path } } }`

func TestTheSameMutationIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vars := map[string]any{"name": "Robots", "key": "k1"}
	first := w.ok("Rita", createOnce, vars)
	for range 4 {
		assert.Equal(t, first.Data, w.ok("Rita", createOnce, vars).Data)
	}
	count := func() any { return w.ok("Olga", `{ deals { totalCount } }`).at("deals", "totalCount") }
	assert.EqualValues(t, 1, count())

	other := w.ok("Rita", createOnce, map[string]any{"name": "Other", "key": "k1"})
	assert.Equal(t, "BAD_INPUT", other.at("dealCreate", "errors", 0, "code"), "other parameters under the same key")
	assert.EqualValues(t, 1, count())

	theirs := w.ok("Rob", createOnce, vars)
	assert.NotEqual(t, first.at("dealCreate", "deal", "id"), theirs.at("dealCreate", "deal", "id"), "keys of different people never meet")

	w.clock.add(8 * 24 * time.Hour)
	later := w.ok("Rita", createOnce, vars)
	assert.NotEqual(t, first.at("dealCreate", "deal", "id"), later.at("dealCreate", "deal", "id"), "a key is kept for a week")
}

func TestAReplayRendersWhatIsSelectedNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ok("Rita", createOnce, map[string]any{"name": "Robots", "key": "k"})
	a := w.ok("Rita", `mutation($name: String!) { dealCreate(input: {name: $name}) @idempotent(key: "k") { deal { stage { name } owner { name } } } }`, map[string]any{"name": "Robots"})
	assert.Equal(t, map[string]any{"stage": map[string]any{"name": "Prospecting"}, "owner": map[string]any{"name": "Rita"}}, a.at("dealCreate", "deal"))
}

func TestARefusalIsKeptToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := gid(w.put(deal{name: "d", owner: "Rita", stage: "Prospecting"})[0])
	stale := `mutation($id: ID!) { dealUpdate(input: {dealId: $id, expectedVersion: 2, nextStep: "call"}) @idempotent(key: "k") { deal { version nextStep } errors { code message path } } }`
	first := w.ok("Rita", stale, map[string]any{"id": d})
	assert.Equal(t, "CONFLICT", first.at("dealUpdate", "errors", 0, "code"))
	w.ok("Rita", updateName, map[string]any{"id": d}) // now at version 2
	again := w.ok("Rita", stale, map[string]any{"id": d})
	assert.Equal(t, first.at("dealUpdate", "errors"), again.at("dealUpdate", "errors"))
	assert.Equal(t, map[string]any{"version": 2.0, "nextStep": "call"}, again.at("dealUpdate", "deal"), "the deal is shown as it is")
}

// TestManyAtOnceUnderOneKey sends the same mutation from many connections at the same moment.
func TestManyAtOnceUnderOneKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	ids := make([]any, 12)
	for i := range ids {
		wg.Go(func() {
			ids[i] = w.ok("Rita", createOnce, map[string]any{"name": "Robots", "key": "k"}).at("dealCreate", "deal", "id")
		})
	}
	wg.Wait()
	for _, got := range ids {
		assert.Equal(t, ids[0], got)
	}
	assert.EqualValues(t, 1, w.ok("Olga", `{ deals { totalCount } }`).at("deals", "totalCount"))
}

func TestTheHeaderIsAKeyForEachAlias(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	send := func(key string) answer {
		body, err := json.Marshal(map[string]any{"query": `mutation { a: dealCreate(input: {name: "x"}) { deal { id } errors { code } } b: dealCreate(input: {name: "x"}) { deal { id } errors { code } } }`})
		require.NoError(t, err)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.url, bytes.NewReader(body))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer acme-robotics.rita")
		req.Header.Set("Idempotency-Key", key)
		return w.do(req)
	}
	first := send("k")
	assert.Equal(t, first.Data, send("k").Data)
	assert.NotEqual(t, first.at("a", "deal", "id"), first.at("b", "deal", "id"))
	assert.EqualValues(t, 2, w.ok("Olga", `{ deals { totalCount } }`).at("deals", "totalCount"))
	assert.Equal(t, "BAD_INPUT", w.as("Rita", `mutation { dealCreate(input: {name: "x"}) @idempotent(key: "") { deal { id } } }`).code())
}

// TestMutationsOutnumberingThePoolFinish runs mutations that all need a connection, twice as many as there are.
func TestMutationsOutnumberingThePoolFinish(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			a := w.ok("Rita", `mutation { dealCreate(input: {name: "x"}) { deal { name owner { name } stageHistory { stage { name } } } } }`)
			assert.Equal(t, "x", a.at("dealCreate", "deal", "name"), "the payload shows what was written")
			assert.Equal(t, "Prospecting", a.at("dealCreate", "deal", "stageHistory", 0, "stage", "name"))
		})
	}
	wg.Wait()
	assert.EqualValues(t, 12, w.ok("Olga", `{ deals { totalCount } }`).at("deals", "totalCount"))
}

// TestAMutationHoldsWhatItRemembersAgainstThePresent lets a server remember who may what, changes that behind its back,
// and sends mutations: what was taken away is refused, what was given works.
func TestAMutationHoldsWhatItRemembersAgainstThePresent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := gid(w.put(deal{name: "d", owner: "Rita", stage: "Prospecting"})[0])
	update := func(who string) answer { return w.as(who, updateName, map[string]any{"id": d}) }
	behind := func(query string, args ...any) {
		require.NoError(t, w.pool.Write(t.Context(), pg.Session{Org: w.org.UUID}, func(tx *pg.Tx) error {
			_, err := tx.Exec(t.Context(), query, args...)
			return err
		}))
	}
	remember := func() { w.ok("Lea", `{ viewer { roles } }`) }

	remember()
	behind(`delete from access_policy where role = 'SALES' and object = 'deal' and action in ('update', 'create')`)
	assert.Equal(t, "FORBIDDEN", update("Rita").code(), "taken away")
	assert.Equal(t, "FORBIDDEN", w.as("Rita", `mutation { dealCreate(input: {name: "x"}) { deal { id } } }`).code())
	remember()
	behind(`insert into access_policy (org_id, role, object, action, reach) values ($1, 'SALES', 'deal', 'update', 'own')`, w.org)
	assert.Empty(t, update("Rita").code(), "given")

	remember()
	behind(`delete from role_grant where user_id = $1`, w.users["Olga"])
	assert.Equal(t, "FORBIDDEN", w.as("Olga", `mutation { productDefine(input: {key: "x", name: "x"}) { product { id } } }`).code())
	remember()
	behind(`update reporting_line set valid_to = $2 where user_id = $1`, w.users["Max"], start.Add(-time.Hour))
	behind(`update team set manager_id = null where id = $1`, w.teams["East"])
	assert.Contains(t, []string{"FORBIDDEN", "NOT_FOUND"}, update("Max").code(), "neither its manager nor in it")
	remember()
	behind(`update service_token set revoked_at = $2 where user_id = $1`, w.users["Rita"], start)
	assert.Equal(t, "UNAUTHENTICATED", update("Rita").code(), "the token is gone")
	assert.EqualValues(t, 2, w.ok("Lea", `query($d: ID!) { deal(id: $d) { version } }`, map[string]any{"d": d}).at("deal", "version"), "one change was made in all")
}
