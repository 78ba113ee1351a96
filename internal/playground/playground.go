// Package playground serves the page in which a person signs in, writes a query against the API and sees the answer.
//
// It owns the page and nothing else: it holds no data, decides no permission and reads no token. Whoever opens it sees
// through the API what the token they sign in with may see. The page's source is in web; its build in dist is committed
// and embedded, so that building the server needs no Node. After a change in web, run `npm ci && npm run build` there:
// a test compares the sources with those that dist was built from.
package playground

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/vearutop/statigz"
	"github.com/vearutop/statigz/brotli"
)

//go:embed dist/*.br dist/assets
var build embed.FS

const mount = "/playground"

// contentPolicy allows the page what it needs of its own host and nothing of any other. The one exception is inline
// style: the editor writes its themes, decorations and measured text as <style> elements and style attributes, which
// no nonce can cover since it generates them while one types. Script, worker and font stay limited to files.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
	"worker-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Options says which API the page talks to.
type Options struct {
	// Endpoint is the path of the GraphQL API on the page's own host, "/graphql" if empty. The page's policy forbids it
	// to talk to any other host.
	Endpoint string
	// Demo offers people to be and questions to ask. It hands its people's tokens to everybody who can open the page,
	// so it must be nil where the data are real.
	Demo *Demo
}

// Demo is what the page offers in demo mode. The page opens as the first person with the first question.
type Demo struct {
	People    []Person   `json:"people"`
	Questions []Question `json:"questions"`
}

// Person is somebody whom the page's person switch can sign in as.
type Person struct {
	Name  string `json:"name"`
	Role  string `json:"role"`  // a role's name in the API, such as OPS
	Title string `json:"title"` // the job, such as "Head of Revenue Operations"
	Token string `json:"token"`
}

// Question is a saved query that the page's menu opens in a tab.
type Question struct {
	Title     string `json:"title"`
	Role      string `json:"role"` // who would ask it; others may open it and see what they may see
	Query     string `json:"query"`
	Variables string `json:"variables"` // a JSON object, or empty
}

// Handler serves the page. It is to be mounted at both /playground and /playground/, without stripping the prefix.
// Everything it serves may be read by anybody; the API behind it asks for a token.
func Handler(o Options) http.Handler {
	h := &handler{config: configJSON(o)}
	h.files = statigz.FileServer(build, brotli.AddEncoding, statigz.FSPrefix("dist"), statigz.OnNotFound(notFound))
	return h
}

type handler struct {
	config []byte
	files  *statigz.Server
}

func configJSON(o Options) []byte {
	config := struct {
		Endpoint string `json:"endpoint"`
		Demo     *Demo  `json:"demo"`
	}{o.Endpoint, o.Demo}
	if config.Endpoint == "" {
		config.Endpoint = "/graphql"
	}
	if o.Demo != nil {
		// A list without elements is [], not null.
		config.Demo = &Demo{append([]Person{}, o.Demo.People...), append([]Question{}, o.Demo.Questions...)}
	}
	text, err := json.Marshal(config)
	if err != nil {
		panic(fmt.Sprintf("playground: structs of strings must marshal: %v", err))
	}
	return text
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Content-Security-Policy", contentPolicy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	// What is not found or not allowed may be there after the next release.
	header.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "The playground is only read. Send operations to the API.", http.StatusMethodNotAllowed)
		return
	}
	path, ok := strings.CutPrefix(r.URL.Path, mount)
	switch {
	case ok && path == "":
		redirect(w, r, "playground/")
	case ok && path == "/index.html":
		redirect(w, r, "./")
	case ok && path == "/config.json":
		header.Set("Content-Type", "application/json; charset=utf-8")
		header.Set("Content-Length", strconv.Itoa(len(h.config)))
		_, _ = w.Write(h.config) // a reader who left cannot be told
	case ok && servable(path):
		h.serveFile(w, r, path)
	default:
		notFound(w, r)
	}
}

// redirect sends a relative address, which stays right behind a proxy that puts the server below a path of its own.
func redirect(w http.ResponseWriter, r *http.Request, to string) {
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusMovedPermanently)
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	http.Error(w, "There is no such file. The playground is at "+mount+"/.", http.StatusNotFound)
}
