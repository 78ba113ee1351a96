package playground_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ententehq/entente/internal/playground"
)

// serve starts the page over the small API of web/dev-server.mjs and returns its address.
func serve(t *testing.T, o playground.Options) string {
	t.Helper()
	api := exec.Command("node", "dev-server.mjs")
	api.Dir = "web"
	api.Stderr = os.Stderr
	out, err := api.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := api.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = api.Process.Kill(); _ = api.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the API did not start: %v", err)
	}
	target, err := url.Parse(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/playground", playground.Handler(o))
	mux.Handle("/playground/", playground.Handler(o))
	mux.Handle("/graphql", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }, FlushInterval: -1})
	page := httptest.NewServer(mux)
	t.Cleanup(page.Close)
	return page.URL
}

// TestInBrowser runs web/check.mjs and web/behave.mjs, which need node, `npm ci` in web and chromium, and therefore PLAYGROUND_BROWSER=1.
// PLAYGROUND_SHOTS names a folder for its screenshots.
func TestInBrowser(t *testing.T) {
	if os.Getenv("PLAYGROUND_BROWSER") == "" {
		t.Skip("PLAYGROUND_BROWSER is not set")
	}
	shots := os.Getenv("PLAYGROUND_SHOTS")
	if shots == "" {
		shots = t.TempDir()
	}
	t.Run("behaviour", func(t *testing.T) {
		t.Parallel()
		node(t, "behave.mjs", serve(t, demo), shots)
	})
	for name, c := range map[string]struct {
		options playground.Options
		args    string
	}{
		"demo-light":        {demo, "--role LEADERSHIP"},
		"demo-dark":         {demo, "--role OPS --dark"},
		"demo-narrow":       {demo, "--role SALES --width 900"},
		"demo-narrow-dark":  {demo, "--role LEADERSHIP --width 900 --dark"},
		"demo-tiny":         {demo, "--role SALES --width 640"},
		"token-light":       {playground.Options{}, "--token demo-ops"},
		"token-service":     {playground.Options{}, "--token ent_service --dark"},
		"token-in-the-demo": {demo, "--token ent_service --width 900"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"check.mjs", serve(t, c.options), "--screenshot", filepath.Join(shots, name+".png")}, strings.Fields(c.args)...)
			node(t, args...)
		})
	}
}

func node(t *testing.T, args ...string) {
	t.Helper()
	check := exec.CommandContext(t.Context(), "node", args...)
	check.Dir = "web"
	check.WaitDelay = 10 * time.Second
	out, err := check.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
		return
	}
	t.Logf("%s", out)
}
