package main_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/dbtest"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "entente-cmd")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "entente")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// run runs a command to its end.
func run(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if err != nil {
		require.ErrorAs(t, err, new(*exec.ExitError), "%v", args)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func succeed(t *testing.T, args ...string) string {
	t.Helper()
	out, errs, status := run(t, args...)
	require.Zero(t, status, "entente %s: %s", strings.Join(args, " "), errs)
	return out
}

// freePort is a port that was free a moment ago.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// folder is a folder that PostgreSQL's user can reach too, when the tests run as root.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(dbtest.TempDir(), "cmd")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return filepath.Join(dir, "data")
}

// output is what a process that still runs has said so far.
type output struct {
	mu   sync.Mutex
	text strings.Builder
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// process is a server under test.
type process struct {
	*exec.Cmd
	address string
	output  output
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{address: freePort(t)}
	p.Cmd = exec.Command(binary, append(args, "--listen", p.address)...)
	p.Stdout, p.Stderr = &p.output, &p.output
	require.NoError(t, p.Start())
	t.Cleanup(func() { _ = p.Process.Kill() })
	require.Eventually(t, func() bool {
		resp, err := http.Get("http://" + p.address + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}, time.Minute, 20*time.Millisecond, "the server does not become ready: %s", &p.output)
	return p
}

// stop interrupts the server as Ctrl-C does and gives its exit status.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	require.NoError(t, p.Process.Signal(os.Interrupt))
	_ = p.Wait()
	return p.ProcessState.ExitCode()
}

// ask asks with a token.
func ask(t *testing.T, address, token, query string, variables map[string]any) map[string]any {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+address+"/graphql", bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	var answer struct {
		Data   map[string]any
		Errors []any
	}
	require.NoError(t, json.Unmarshal(text, &answer), "%s", text)
	require.Empty(t, answer.Errors, "%s asks %s: %s", token, query, text)
	return answer.Data
}

func total(t *testing.T, address, token string) int {
	t.Helper()
	return int(ask(t, address, token, `{ deals { totalCount } }`, nil)["deals"].(map[string]any)["totalCount"].(float64))
}

// leftovers are processes whose command line names the folder.
func leftovers(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	require.NoError(t, err)
	for _, l := range lines {
		text, err := os.ReadFile(l)
		if err == nil && bytes.Contains(text, []byte(dir)) {
			out = append(out, strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
	return out
}

func TestDemo(t *testing.T) {
	t.Parallel()
	data := folder(t)
	demo := start(t, "demo", "--data", data)
	for _, text := range []string{"http://" + demo.address + "/playground", "demo-integration", "Three questions"} {
		assert.Contains(t, demo.output.String(), text)
	}
	sales, manager, ops := total(t, demo.address, "demo-sales"), total(t, demo.address, "demo-manager"), total(t, demo.address, "demo-ops")
	assert.Positive(t, sales)
	assert.Less(t, sales, manager)
	assert.Less(t, manager, ops)
	assert.Equal(t, 3000, ops)

	resp, err := http.Get("http://" + demo.address + "/playground/config.json")
	require.NoError(t, err)
	var config struct {
		Demo struct {
			People    []struct{ Token string }
			Questions []struct{ Role, Query string }
		}
	}
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&config))
	_ = resp.Body.Close()
	assert.Len(t, config.Demo.People, 8)
	tokens := map[string]string{"SALES": "demo-sales", "SALES_MANAGER": "demo-manager", "LEADERSHIP": "demo-leadership", "CS": "demo-cs"}
	for _, q := range config.Demo.Questions {
		answer, err := json.Marshal(ask(t, demo.address, tokens[q.Role], q.Query, nil))
		require.NoError(t, err)
		assert.Contains(t, string(answer), `"name"`, "the question has an answer: %s", q.Query)
	}

	_, errs, status := run(t, "demo", "--data", data+"2", "--listen", demo.address)
	assert.Equal(t, 1, status)
	assert.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
	assert.Contains(t, errs, "Another program listens on")

	assert.Zero(t, demo.stop(t), "%s", &demo.output)
	assert.Empty(t, leftovers(t, data))
	before := time.Now()
	again := start(t, "demo", "--data", data)
	t.Logf("a later start was ready after %s", time.Since(before).Round(time.Millisecond))
	assert.Equal(t, 3000, total(t, again.address, "demo-ops"))
	assert.Zero(t, again.stop(t))
	assert.Empty(t, leftovers(t, data))
}

// TestInterruptedWhileMakingData stops the first start half-way; the next one makes the data.
func TestInterruptedWhileMakingData(t *testing.T) {
	t.Parallel()
	data := folder(t)
	cmd := exec.Command(binary, "demo", "--data", data, "--listen", freePort(t))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	require.NoError(t, cmd.Start())
	time.Sleep(1500 * time.Millisecond)
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	assert.Zero(t, cmd.ProcessState.ExitCode(), "%s", &errs)
	assert.Empty(t, leftovers(t, data))
	again := start(t, "demo", "--data", data)
	assert.Equal(t, 3000, total(t, again.address, "demo-ops"))
	assert.Zero(t, again.stop(t))
}

func TestRefusalsAreOneLine(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	db := dbtest.New(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a folder that cannot be":    {[]string{"demo", "--data", filepath.Join(file, "x"), "--listen", freePort(t)}, file},
		"no such org":                {[]string{"token", "create", "--database-url", db.AppURL, "--org", "none", "--role", "OPS", "--name", "x"}, `no org with the key "none"`},
		"no such role":               {[]string{"token", "create", "--database-url", db.AppURL, "--org", "none", "--role", "BOSS", "--name", "x"}, `no org`},
		"a key that is none":         {[]string{"org", "create", "--database-url", db.AppURL, "--key", "A B", "--name", "x"}, "lower-case"},
		"migrating without rights":   {[]string{"migrate", "--database-url", db.AppURL}, "--owner-url"},
		"a database that is not":     {[]string{"check", "--database-url", "postgres://entente_app@127.0.0.1:1/none?sslmode=disable"}, "connect"},
		"an address that is no port": {[]string{"demo", "--data", folder(t), "--listen", "127.0.0.1:99999"}, "99999"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, errs, status := run(t, c.args...)
			assert.Equal(t, 1, status, errs)
			assert.Equal(t, 1, strings.Count(errs, "\n"), "one line: %s", errs)
			assert.Contains(t, errs, c.want)
		})
	}
}

// TestMavenOrg imports real files into a fresh org beside the demo's, and asks about them through the API.
func TestMavenOrg(t *testing.T) {
	t.Parallel()
	const files = "../../../shared/data/crm_maven"
	if _, err := os.Stat(files); err != nil {
		t.Skip("the Maven files are not here: ", err)
	}
	data := folder(t)
	server := start(t, "demo", "--data", data)
	succeed(t, "org", "create", "--data", data, "--key", "maven", "--name", "Maven")
	summary := succeed(t, "import", "--data", data, "--org", "maven", "--history", "--format", "csv", "--mapping", "../../examples/mappings/maven-crm.yaml", files)
	assert.Contains(t, summary, "8,800")
	out := succeed(t, "token", "create", "--data", data, "--org", "maven", "--role", "OPS", "--name", "test")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	token := lines[len(lines)-1]
	require.Regexp(t, "^ent_", token)

	got := mavenThroughTheAPI(t, server.address, token)
	assert.Equal(t, mavenFromTheFiles(t, files), got)
	assert.Equal(t, mavenSums{
		deals: 8800, won: 4238, lost: 2473, engaging: 1589, prospecting: 500, openWithAmount: 0, openWithDate: 0, wonCents: 10_005_534_00,
		accounts: 85, reps: 35, managers: 6, regions: 3,
	}, got)
	demo, err := json.Marshal(ask(t, server.address, token, `{
		accounts(where: {name: {contains: "a"}}, first: 100) { nodes { name } } teams { nodes { name } } territories { nodes { name } } viewer { org { key } } }`, nil))
	require.NoError(t, err)
	assert.NotContains(t, string(demo), "northwind")
	assert.Equal(t, 3000, total(t, server.address, "demo-ops"), "the demo org sees its own only")
	assert.Zero(t, server.stop(t))
}

type mavenSums struct {
	deals, won, lost, engaging, prospecting, openWithAmount, openWithDate, wonCents, accounts, reps, managers, regions int
}

// mavenThroughTheAPI walks all pages of the org.
func mavenThroughTheAPI(t *testing.T, address, token string) mavenSums {
	t.Helper()
	var s mavenSums
	regions := map[string]bool{}
	pages(t, address, token, "deals", `stage { key } amount { amount } closeDate territory { key } team { name } owner { name }`, func(d map[string]any) {
		s.deals++
		open := false
		switch d["stage"].(map[string]any)["key"] {
		case "won":
			s.won++
			amount := d["amount"].(map[string]any)["amount"].(string)
			cents, err := strconv.Atoi(strings.ReplaceAll(amount, ".", ""))
			require.NoError(t, err)
			s.wonCents += cents
		case "lost":
			s.lost++
		case "engaging":
			s.engaging++
			open = true
		case "prospecting":
			s.prospecting++
			open = true
		}
		if open && d["amount"] != nil {
			s.openWithAmount++
		}
		if open && d["closeDate"] != nil {
			s.openWithDate++
		}
		regions[d["territory"].(map[string]any)["key"].(string)] = true
		assert.NotNil(t, d["team"])
	})
	pages(t, address, token, "accounts", "name", func(map[string]any) { s.accounts++ })
	pages(t, address, token, "users", "name", func(map[string]any) { s.reps++ })
	pages(t, address, token, "teams", "manager { name }", func(team map[string]any) {
		if team["manager"] != nil {
			s.managers++
		}
	})
	s.reps -= s.managers
	s.regions = len(regions)
	return s
}

func pages(t *testing.T, address, token, list, fields string, each func(map[string]any)) {
	t.Helper()
	var after any
	for {
		query := fmt.Sprintf(`query($after: String) { %s(first: 100, after: $after) { nodes { %s } pageInfo { hasNextPage endCursor } } }`, list, fields)
		c := ask(t, address, token, query, map[string]any{"after": after})[list].(map[string]any)
		for _, n := range c["nodes"].([]any) {
			each(n.(map[string]any))
		}
		info := c["pageInfo"].(map[string]any)
		if info["hasNextPage"] != true {
			return
		}
		after = info["endCursor"]
	}
}

// mavenFromTheFiles computes the same from the files, sharing no code with the import.
func mavenFromTheFiles(t *testing.T, dir string) mavenSums {
	t.Helper()
	read := func(name string) []map[string]string {
		f, err := os.Open(filepath.Join(dir, name))
		require.NoError(t, err)
		defer f.Close()
		rows, err := csv.NewReader(f).ReadAll()
		require.NoError(t, err)
		var out []map[string]string
		for _, r := range rows[1:] {
			m := map[string]string{}
			for i, h := range rows[0] {
				m[h] = r[i]
			}
			out = append(out, m)
		}
		return out
	}
	s := mavenSums{accounts: len(read("accounts.csv"))}
	managers, regions := map[string]bool{}, map[string]bool{}
	for _, r := range read("sales_teams.csv") {
		s.reps++
		managers[r["manager"]], regions[r["regional_office"]] = true, true
	}
	s.managers, s.regions = len(managers), len(regions)
	for _, r := range read("sales_pipeline.csv") {
		s.deals++
		switch r["deal_stage"] {
		case "Won":
			s.won++
			amount, err := strconv.Atoi(r["close_value"])
			require.NoError(t, err)
			s.wonCents += amount * 100
		case "Lost":
			s.lost++
		case "Engaging":
			s.engaging++
		case "Prospecting":
			s.prospecting++
		}
	}
	return s
}

func TestServeStopsGracefully(t *testing.T) {
	t.Parallel()
	db := dbtest.New(t)
	metrics := freePort(t)
	server := start(t, "serve", "--database-url", db.AppURL, "--metrics-listen", metrics, "--allow-origin", "https://app.example.com")
	resp, err := http.Get("http://" + metrics + "/metrics")
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	_ = resp.Body.Close()
	assert.Contains(t, string(text), "entente_sql_round_trips_total")
	for path, status := range map[string]int{"/healthz": 200, "/readyz": 200, "/schema.graphql": 200, "/playground/": 200, "/graphql": 401, "/metrics": 404, "/none": 404} {
		resp, err := http.Get("http://" + server.address + path)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, status, resp.StatusCode, path)
		assert.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"), path)
		assert.NotEmpty(t, resp.Header.Get("Content-Security-Policy"), path)
	}
	for origin, allowed := range map[string]string{"https://app.example.com": "https://app.example.com", "https://evil.example.com": ""} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodOptions, "http://"+server.address+"/graphql", nil)
		require.NoError(t, err)
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		_ = resp.Body.Close()
		assert.Equal(t, http.StatusNoContent, resp.StatusCode, origin)
		assert.Equal(t, allowed, resp.Header.Get("Access-Control-Allow-Origin"), origin)
		assert.Equal(t, allowed != "", strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "Authorization"), origin)
	}
	succeed(t, "org", "create", "--database-url", db.AppURL, "--key", "acme", "--name", "Acme")
	lines := strings.Fields(succeed(t, "token", "create", "--database-url", db.AppURL, "--org", "acme", "--role", "OPS", "--name", "socket"))
	socket, _, err := websocket.Dial(t.Context(), "ws://"+server.address+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"Origin": {"https://app.example.com"}},
	})
	require.NoError(t, err)
	require.NoError(t, socket.Write(t.Context(), websocket.MessageText, []byte(`{"type": "connection_init", "payload": {"token": "`+lines[len(lines)-1]+`"}}`)))
	_, ack, err := socket.Read(t.Context())
	require.NoError(t, err)
	assert.Contains(t, string(ack), "connection_ack")
	require.NoError(t, server.Process.Signal(syscall.SIGTERM))
	_, _, err = socket.Read(t.Context())
	assert.Equal(t, websocket.StatusGoingAway, websocket.CloseStatus(err), "%v", err)
	_ = server.Wait()
	assert.Zero(t, server.ProcessState.ExitCode(), "%s", &server.output)
}
