package graph_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sent is one HTTP request as Rita, whose token is sent unless the header is given.
type sent struct {
	method, query, body string
	header              map[string]string
}

func (w *world) http(s sent) (*http.Response, string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), s.method, w.url+s.query, strings.NewReader(s.body))
	require.NoError(w.t, err)
	req.Header.Set("Authorization", "Bearer acme-robotics.rita")
	if s.method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range s.header {
		req.Header.Set(k, v)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp, string(b)
}

const (
	plainJSON = "application/json; charset=utf-8"
	response  = "application/graphql-response+json"
)

// TestHTTP holds requests to the statuses and media types of GraphQL over HTTP.
func TestHTTP(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	viewer := `{"query": "{ viewer { roles } }"}`
	get := "?query=" + url.QueryEscape("{ viewer { roles } }")
	accept := func(media string) map[string]string { return map[string]string{"Accept": media} }
	for name, c := range map[string]struct {
		sent   sent
		status int
		media  string
		has    string
	}{
		"a query":                       {sent{method: "POST", body: viewer}, 200, plainJSON, `"data"`},
		"an offer of HTTP/2":            {sent{method: "POST", body: viewer, header: map[string]string{"Connection": "Upgrade", "Upgrade": "h2c"}}, 200, plainJSON, `"data"`},
		"anything accepted":             {sent{method: "POST", body: viewer, header: accept("*/*")}, 200, plainJSON, `"data"`},
		"response accepted":             {sent{method: "POST", body: viewer, header: accept(response)}, 200, response + "; charset=utf-8", `"data"`},
		"response preferred":            {sent{method: "POST", body: viewer, header: accept("application/json;q=0.5, " + response)}, 200, response + "; charset=utf-8", `"data"`},
		"nothing that there is":         {sent{method: "POST", body: viewer, header: accept("text/html")}, 406, plainJSON, "BAD_INPUT"},
		"a GET":                         {sent{method: "GET", query: get}, 200, plainJSON, `"data"`},
		"a GET with variables":          {sent{method: "GET", query: get + "&variables=" + url.QueryEscape(`{"a":1}`)}, 200, plainJSON, `"data"`},
		"a GET with bad variables":      {sent{method: "GET", query: get + "&variables=7"}, 400, plainJSON, "variables"},
		"a GET without a query":         {sent{method: "GET"}, 400, plainJSON, "query"},
		"a mutation by GET":             {sent{method: "GET", query: "?query=" + url.QueryEscape(`mutation { dealUpdate(input: {dealId: "x"}) { deal { id } } }`)}, 405, plainJSON, "POST"},
		"another method":                {sent{method: "PUT", body: viewer}, 405, plainJSON, "POST"},
		"another type of body":          {sent{method: "POST", body: viewer, header: map[string]string{"Content-Type": "text/plain"}}, 415, plainJSON, "application/json"},
		"a form":                        {sent{method: "POST", body: "query=x", header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"}}, 415, plainJSON, "application/json"},
		"another charset":               {sent{method: "POST", body: viewer, header: map[string]string{"Content-Type": "application/json; charset=latin1"}}, 415, plainJSON, "UTF-8"},
		"its charset":                   {sent{method: "POST", body: viewer, header: map[string]string{"Content-Type": "application/json; charset=UTF-8"}}, 200, plainJSON, `"data"`},
		"a batch":                       {sent{method: "POST", body: "[" + viewer + "]"}, 400, plainJSON, "Batches"},
		"no JSON":                       {sent{method: "POST", body: `{"secret-in-the-body"`}, 400, plainJSON, "JSON object"},
		"no query":                      {sent{method: "POST", body: `{"variables": {}}`}, 400, plainJSON, "query"},
		"a query that is a number":      {sent{method: "POST", body: `{"query": 7}`}, 400, plainJSON, "string"},
		"variables that are a list":     {sent{method: "POST", body: `{"query": "{ viewer { roles } }", "variables": []}`}, 400, plainJSON, "object"},
		"a name that is an object":      {sent{method: "POST", body: `{"query": "{ viewer { roles } }", "operationName": {}}`}, 400, plainJSON, "operationName"},
		"too much":                      {sent{method: "POST", body: `{"query": "` + strings.Repeat(" ", 1<<20) + `"}`}, 413, plainJSON, "LIMIT_EXCEEDED"},
		"syntax, for json":              {sent{method: "POST", body: `{"query": "{"}`}, 200, plainJSON, "locations"},
		"syntax, for response":          {sent{method: "POST", body: `{"query": "{"}`, header: accept(response)}, 400, response + "; charset=utf-8", "locations"},
		"an unknown field, response":    {sent{method: "POST", body: `{"query": "{ nothing }"}`, header: accept(response)}, 400, response + "; charset=utf-8", "locations"},
		"an unknown operation":          {sent{method: "POST", body: `{"query": "query A { viewer { roles } }", "operationName": "B"}`, header: accept(response)}, 400, response + "; charset=utf-8", "BAD_INPUT"},
		"a missing variable":            {sent{method: "POST", body: `{"query": "query A($i: ID!) { node(id: $i) { id } }"}`, header: accept(response)}, 400, response + "; charset=utf-8", "BAD_INPUT"},
		"no token":                      {sent{method: "POST", body: viewer, header: map[string]string{"Authorization": ""}}, 401, plainJSON, "UNAUTHENTICATED"},
		"a wrong token":                 {sent{method: "POST", body: viewer, header: map[string]string{"Authorization": "Bearer x"}}, 401, plainJSON, "UNAUTHENTICATED"},
		"a wrong token and a bad query": {sent{method: "POST", body: `{"query": "{"}`, header: map[string]string{"Authorization": "Bearer x"}}, 401, plainJSON, "UNAUTHENTICATED"},
	} {
		resp, body := w.http(c.sent)
		assert.Equal(t, c.status, resp.StatusCode, "%s: %s", name, body)
		assert.Equal(t, c.media, resp.Header.Get("Content-Type"), name)
		assert.Contains(t, body, c.has, name)
		assert.NotContains(t, body, "secret-in-the-body", name)
		if c.has != `"data"` {
			assert.NotContains(t, body, `"data"`, name)
			assert.Contains(t, body, resp.Header.Get("X-Request-Id"), name)
		}
		if c.status == http.StatusUnauthorized {
			assert.NotEmpty(t, resp.Header.Get("WWW-Authenticate"), name)
		}
		if c.status == http.StatusMethodNotAllowed {
			assert.NotEmpty(t, resp.Header.Get("Allow"), name)
		}
	}
}

// TestStream asks for an answer as server-sent events.
func TestStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	resp, body := w.http(sent{method: "POST", body: `{"query": "{ viewer { roles } }"}`, header: map[string]string{"Accept": "text/event-stream"}})
	assert.Equal(t, http.StatusOK, resp.StatusCode)
	assert.Equal(t, "text/event-stream; charset=utf-8", resp.Header.Get("Content-Type"))
	_, event, ok := strings.Cut(body, "event: next\ndata: ")
	require.True(t, ok, body)
	data, rest, _ := strings.Cut(event, "\n\n")
	assert.Equal(t, "event: complete\ndata:\n\n", rest)
	var a answer
	require.NoError(t, json.Unmarshal([]byte(data), &a))
	assert.Equal(t, "SALES", a.at("viewer", "roles", 0))
	resp, body = w.http(sent{method: "POST", body: `{"query": "{"}`, header: map[string]string{"Accept": "text/event-stream"}})
	assert.Equal(t, http.StatusBadRequest, resp.StatusCode, body)
}

// TestCost holds what operations cost to what docs/api.md says.
func TestCost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, cost := range map[string]float64{
		`{ viewer { roles } }`:                        1,
		`{ __typename }`:                              1,
		`{ deals { nodes { name } } }`:                27, // the connection, the list, 25 deals
		`{ deals(first: 100) { nodes { name } } }`:    102,
		`{ deals(last: 2) { nodes { name } } }`:       4,
		`{ deals(first: 2) { edges { node { id } }}}`: 6,
		`{ deals(first: 2) { totalCount } }`:          11,
		`{ deals(first: 2) { ...f } } fragment f on DealConnection { nodes { owner { name } } pageInfo { hasNextPage } }`: 7,
		`{ pipelines { name } }`:                                              11,
		`{ nodes(ids: ["a", "b", "c"]) { id } }`:                              4,
		`{ a: viewer { roles } b: viewer { roles } }`:                         2,
		`{ deals(first: 2) { nodes { owner @skip(if: true) { name } } } }`:    4,
		`{ deals(first: 2) { nodes { stageHistory(last: 3) { seconds } } } }`: 12,
	} {
		a := w.as("Rita", query)
		assert.InDelta(t, cost, a.cost("requested"), 0, "%s: %s", query, a.Body)
	}
	a := w.as("Rita", `query q($n: Int) { deals(first: $n) { nodes { name } } rateLimit { cost limit remaining maxCost } }`, map[string]any{"n": 3})
	assert.InDelta(t, 6, a.cost("requested"), 0)
	assert.InDelta(t, 6, a.at("rateLimit", "cost"), 0)
	assert.InDelta(t, 100_000, a.at("rateLimit", "limit"), 0)
	assert.InDelta(t, a.cost("remaining"), a.at("rateLimit", "remaining"), 0)
	dear := `{ deals(first: 100) { nodes { team { members { team { members { name } } } } } } }`
	a = w.as("Rita", dear)
	assert.Equal(t, "COST_EXCEEDED", a.code(), a.Body)
	assert.Nil(t, a.Data)
}

func (a answer) cost(what string) float64 {
	var r struct {
		Extensions struct{ Cost map[string]any }
	}
	_ = json.Unmarshal([]byte(a.Body), &r)
	n, _ := r.Extensions.Cost[what].(float64)
	return n
}

// TestRate empties a token's bucket and waits until it has filled up again.
func TestRate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dear := `{"query": "{ a: deals(first: 100) { nodes { team { members { name } } } } b: deals(first: 100) { nodes { team { members { name } } } } c: deals(first: 100) { nodes { team { members { name } } } } }"}`
	limited := 0
	for range 40 {
		resp, body := w.http(sent{method: "POST", body: dear})
		if resp.StatusCode == http.StatusTooManyRequests {
			limited++
			assert.Contains(t, body, "RATE_LIMITED")
			assert.NotEmpty(t, resp.Header.Get("Retry-After"))
		}
		assert.Equal(t, "100000", resp.Header.Get("RateLimit-Limit"))
	}
	assert.Positive(t, limited)
	assert.Empty(t, w.as("Rob", `{ viewer { roles } }`).Errors, "another token is not concerned")
	w.clock.add(60e9)
	resp, body := w.http(sent{method: "POST", body: dear})
	assert.Equal(t, http.StatusOK, resp.StatusCode, body)
}

// TestErrorsAreFew asks for more missing things than an answer names.
func TestErrorsAreFew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := make([]string, 40)
	for i := range ids {
		ids[i] = "nothing"
	}
	a := w.as("Rita", `query q($ids: [ID!]!) { nodes(ids: $ids) { id } }`, map[string]any{"ids": ids})
	require.Len(t, a.Errors, 10)
	assert.InDelta(t, 30, a.Errors[9].Extensions["omitted"], 0)
	assert.Len(t, a.at("nodes"), 40)
	a = w.as("Rita", `{ a b c d e f g h i j k l }`)
	assert.Len(t, a.Errors, 10)
	assert.Equal(t, "BAD_INPUT", a.code())
}
