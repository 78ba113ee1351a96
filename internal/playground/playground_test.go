package playground_test

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/ententehq/entente/internal/playground"
)

var demo = playground.Options{Demo: &playground.Demo{
	People: []playground.Person{
		{Name: "Dana Ortiz", Role: "OPS", Title: "Head of Revenue Operations", Token: "demo-ops"},
		{Name: "Ruth Adeyemi", Role: "LEADERSHIP", Title: "Chief Revenue Officer", Token: "demo-leadership"},
		{Name: "Sam Whitfield", Role: "SALES", Title: "Account Executive", Token: "demo-sales"},
	},
	Questions: []playground.Question{
		{Title: "Which deals are largest?", Role: "LEADERSHIP", Query: "query LargestDeals($n: Int!) {\n  deals(first: $n) {\n    totalCount\n    nodes { name }\n  }\n}\n", Variables: "{\"n\": 3}"},
		{Title: "Who am I to the API?", Role: "SALES", Query: "query WhoAmI {\n  viewer { user { name } roles org { name } }\n}\n"},
	},
}}

// get asks the handler and returns the answer with its body read. Headers are pairs of name and value.
func get(t *testing.T, o playground.Options, method, target string, headers ...string) (*http.Response, []byte) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	playground.Handler(o).ServeHTTP(w, r)
	res := w.Result()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

// files lists the build's files by the path they are served at.
func files(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := fs.WalkDir(os.DirFS("dist"), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && name != "sources.sha256" && name != "index.html.br" {
			paths = append(paths, "/playground/"+strings.TrimSuffix(name, ".br"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) < 10 {
		t.Fatalf("the build has only %d files", len(paths))
	}
	return paths
}

func TestEveryAnswerCarriesThePolicy(t *testing.T) {
	for _, target := range append(files(t), "/playground", "/playground/", "/playground/config.json", "/playground/nothing.js") {
		res, _ := get(t, demo, http.MethodGet, target)
		policy := res.Header.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "script-src 'self';", "connect-src 'self'", "worker-src 'self'",
			"img-src 'self' data:;", "font-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy %q lacks %q", target, policy, want)
			}
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Cross-Origin-Resource-Policy": "same-origin"} {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", target, name, got, want)
			}
		}
	}
}

func TestPageHasNoInlineScriptAndNoOtherHost(t *testing.T) {
	res, body := get(t, playground.Options{}, http.MethodGet, "/playground/")
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("got %d %s", res.StatusCode, res.Header.Get("Content-Type"))
	}
	page := string(body)
	if !strings.Contains(page, "<title>Entente playground</title>") {
		t.Error("the page lacks its title")
	}
	for _, tag := range regexp.MustCompile(`<script[^>]*>`).FindAllString(page, -1) {
		if !strings.Contains(tag, `src="./assets/`) {
			t.Errorf("a script that is no file of ours: %s", tag)
		}
	}
	for _, ref := range regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(ref[1], "./") {
			t.Errorf("%s leaves the page's folder", ref[1])
		}
		if res, _ := get(t, demo, http.MethodGet, path.Join("/playground", ref[1])); res.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d", ref[1], res.StatusCode)
		}
	}
}

func TestCaching(t *testing.T) {
	for target, want := range map[string]string{
		"/playground/":               "no-cache",
		"/playground/icon.svg":       "no-cache",
		"/playground/config.json":    "no-store",
		"/playground/assets/gone.js": "no-store",
	} {
		if res, _ := get(t, demo, http.MethodGet, target); res.Header.Get("Cache-Control") != want {
			t.Errorf("%s: %q, want %q", target, res.Header.Get("Cache-Control"), want)
		}
	}
	hashed := regexp.MustCompile(`-[\w-]{8}\.\w+$`)
	for _, target := range files(t) {
		if !strings.HasPrefix(target, "/playground/assets/") {
			continue
		}
		if !hashed.MatchString(target) {
			t.Errorf("%s may not be cached for good: its name holds no hash", target)
		}
		res, _ := get(t, demo, http.MethodGet, target)
		if got := res.Header.Get("Cache-Control"); got != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %q", target, got)
		}
	}
}

func TestRevalidation(t *testing.T) {
	for _, encoding := range []string{"br", "identity"} {
		res, _ := get(t, demo, http.MethodGet, "/playground/", "Accept-Encoding", encoding)
		tag := res.Header.Get("ETag")
		if !regexp.MustCompile(`^"\w+"$`).MatchString(tag) {
			t.Fatalf("%s: ETag %s is not quoted", encoding, tag)
		}
		for _, known := range []string{tag, "W/" + tag} {
			res, body := get(t, demo, http.MethodGet, "/playground/", "Accept-Encoding", encoding, "If-None-Match", known)
			if res.StatusCode != http.StatusNotModified || len(body) != 0 || res.Header.Get("ETag") != tag ||
				res.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%s, If-None-Match %s: %d, %d bytes, %v", encoding, known, res.StatusCode, len(body), res.Header)
			}
		}
		if res, _ := get(t, demo, http.MethodGet, "/playground/", "If-None-Match", `"other"`); res.StatusCode != http.StatusOK {
			t.Errorf("an unknown ETag gave %d", res.StatusCode)
		}
	}
}

func TestCompressionIsNegotiated(t *testing.T) {
	for _, target := range append(files(t), "/playground/") {
		plain, body := get(t, demo, http.MethodGet, target)
		if plain.StatusCode != http.StatusOK || plain.Header.Get("Content-Encoding") != "" || len(body) == 0 {
			t.Fatalf("%s without brotli: %d %v", target, plain.StatusCode, plain.Header)
		}
		packed, small := get(t, demo, http.MethodGet, target, "Accept-Encoding", "gzip, br")
		if packed.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%s: Vary is %q", target, packed.Header.Get("Vary"))
		}
		if packed.Header.Get("Content-Encoding") == "" {
			if !bytes.Equal(small, body) {
				t.Errorf("%s differs by encoding", target)
			}
			continue
		}
		whole, err := io.ReadAll(brotli.NewReader(bytes.NewReader(small)))
		if err != nil || !bytes.Equal(whole, body) {
			t.Errorf("%s differs by encoding (%v)", target, err)
		}
		if packed.Header.Get("ETag") == plain.Header.Get("ETag") {
			t.Errorf("%s: both encodings have one ETag", target)
		}
	}
	for accept, want := range map[string]string{"": "", "gzip": "", "br": "br", "BR": "br", "gzip;q=1, br;q=0.5": "br",
		"br;q=0": "", "br; q=0.0, *": "", "*": "br", "*;q=0": "", "sbr": "", "br;q=x": ""} {
		res, _ := get(t, demo, http.MethodGet, "/playground/", "Accept-Encoding", accept)
		if got := res.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q gave %q, want %q", accept, got, want)
		}
	}
}

func TestRangesAreNotOffered(t *testing.T) {
	_, whole := get(t, demo, http.MethodGet, "/playground/", "Accept-Encoding", "br")
	res, body := get(t, demo, http.MethodGet, "/playground/", "Accept-Encoding", "br", "Range", "bytes=2-5")
	if res.StatusCode != http.StatusOK || !bytes.Equal(body, whole) || res.Header.Get("Accept-Ranges") != "" {
		t.Errorf("%d, %d bytes, %v", res.StatusCode, len(body), res.Header)
	}
}

func TestContentTypes(t *testing.T) {
	want := map[string]string{".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
		".svg": "image/svg+xml", ".ttf": "font/ttf", ".woff": "font/woff", ".woff2": "font/woff2", ".md": "text/plain; charset=utf-8"}
	for _, target := range files(t) {
		res, _ := get(t, demo, http.MethodGet, target)
		if got := res.Header.Get("Content-Type"); got != want[path.Ext(target)] {
			t.Errorf("%s is %q", target, got)
		}
	}
}

func TestHeadHasTheHeadersOfGet(t *testing.T) {
	for _, target := range []string{"/playground/", "/playground/config.json", "/playground/icon.svg"} {
		want, _ := get(t, demo, http.MethodGet, target, "Accept-Encoding", "br")
		got, body := get(t, demo, http.MethodHead, target, "Accept-Encoding", "br")
		for _, name := range []string{"Content-Type", "Content-Length", "Content-Encoding", "ETag", "Cache-Control"} {
			if got.Header.Get(name) != want.Header.Get(name) {
				t.Errorf("%s: %s is %q, want %q", target, name, got.Header.Get(name), want.Header.Get(name))
			}
		}
		// The server drops a body written to HEAD; the file server writes none itself.
		if target != "/playground/config.json" && len(body) != 0 {
			t.Errorf("%s: %d bytes", target, len(body))
		}
	}
}

func TestRedirects(t *testing.T) {
	for target, want := range map[string]string{"/playground": "playground/", "/playground?a=b": "playground/?a=b",
		"/playground/index.html": "./"} {
		res, _ := get(t, demo, http.MethodGet, target)
		if res.StatusCode != http.StatusMovedPermanently || res.Header.Get("Location") != want {
			t.Errorf("%s: %d to %q", target, res.StatusCode, res.Header.Get("Location"))
		}
	}
}

func TestNotFound(t *testing.T) {
	icon := "/playground/icon.svg"
	for _, target := range []string{"/playground/nothing", "/playground/assets", "/playground/assets/", "/playground/assets/x.js",
		"/playground/sources.sha256", "/playground/index.html.br", icon + ".br", icon + "/", "/playground//icon.svg",
		"/playground/../dist/icon.svg", "/playground/assets/../icon.svg", "/playground/%2e%2e/go.mod", "/playgroundicon.svg",
		"/other", "/playground/dist/icon.svg"} {
		if res, body := get(t, demo, http.MethodGet, target); res.StatusCode != http.StatusNotFound || len(body) > 100 {
			t.Errorf("%s: %d, %d bytes", target, res.StatusCode, len(body))
		}
	}
}

func TestOnlyReading(t *testing.T) {
	for _, target := range []string{"/playground", "/playground/", "/playground/config.json"} {
		res, _ := get(t, demo, http.MethodPost, target)
		if res.StatusCode != http.StatusMethodNotAllowed || res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: %d, Allow %q", target, res.StatusCode, res.Header.Get("Allow"))
		}
	}
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		options playground.Options
		want    string
	}{
		"default": {playground.Options{}, `{"endpoint":"/graphql","demo":null}`},
		"path":    {playground.Options{Endpoint: "/api/graphql"}, `{"endpoint":"/api/graphql","demo":null}`},
		"empty":   {playground.Options{Demo: &playground.Demo{}}, `{"endpoint":"/graphql","demo":{"people":[],"questions":[]}}`},
		"demo": {playground.Options{Demo: &playground.Demo{
			People:    []playground.Person{{Name: "Ada", Role: "CS", Title: "Lead", Token: "t"}},
			Questions: []playground.Question{{Title: "T", Role: "CS", Query: "{ a }", Variables: "{}"}},
		}}, `{"endpoint":"/graphql","demo":{"people":[{"name":"Ada","role":"CS","title":"Lead","token":"t"}],` +
			`"questions":[{"title":"T","role":"CS","query":"{ a }","variables":"{}"}]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			res, body := get(t, c.options, http.MethodGet, "/playground/config.json")
			if string(body) != c.want || !json.Valid(body) {
				t.Errorf("got %s, want %s", body, c.want)
			}
			if res.Header.Get("Content-Type") != "application/json; charset=utf-8" || res.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("headers %v", res.Header)
			}
		})
	}
}
