package playground

import (
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// contentTypes of the build's files, which must not depend on what the machine knows.
var contentTypes = map[string]string{
	".html":  "text/html; charset=utf-8",
	".js":    "text/javascript; charset=utf-8",
	".css":   "text/css; charset=utf-8",
	".svg":   "image/svg+xml",
	".md":    "text/plain; charset=utf-8",
	".ttf":   "font/ttf",
	".woff":  "font/woff",
	".woff2": "font/woff2",
}

// servable tells whether the path below the mount can name a file of the build: the page itself, or a file by the name
// it had before it was compressed. Folders are not listed.
func servable(name string) bool {
	if name == "/" {
		return true
	}
	_, known := contentTypes[path.Ext(name)]
	return known && strings.HasPrefix(name, "/") && name == path.Clean(name)
}

// serveFile hands the file server a request of which only the file's name, the conditions and encodings it understands
// are left, and mends the headers of its answer.
func (h *handler) serveFile(w http.ResponseWriter, r *http.Request, name string) {
	cache := "no-cache"
	if strings.HasPrefix(name, "/assets/") {
		// The name holds a hash of the content.
		cache = "public, max-age=31536000, immutable"
	}
	clean := &http.Request{Method: r.Method, URL: &url.URL{Path: name}, Header: http.Header{}, Proto: r.Proto,
		ProtoMajor: r.ProtoMajor, ProtoMinor: r.ProtoMinor}
	clean = clean.WithContext(r.Context())
	if acceptsBrotli(r.Header.Values("Accept-Encoding")) {
		clean.Header.Set("Accept-Encoding", "br")
	}
	known := strings.Trim(strings.TrimPrefix(r.Header.Get("If-None-Match"), "W/"), `"`)
	if known != "" {
		clean.Header.Set("If-None-Match", known)
	}
	if name == "/" {
		name = "/index.html"
	}
	file := &fileWriter{ResponseWriter: w, kind: contentTypes[path.Ext(name)], cache: cache, known: known}
	h.files.ServeHTTP(file, clean)
	file.WriteHeader(http.StatusOK) // an answer to HEAD has written nothing so far
}

// fileWriter gives the file server's answer a quoted ETag, a content type that does not depend on the machine, and the
// file's caching; an answer that is no file keeps the caching it has.
type fileWriter struct {
	http.ResponseWriter
	kind, cache, known string
	wrote              bool
}

func (w *fileWriter) WriteHeader(status int) {
	if w.wrote {
		return
	}
	w.wrote = true
	header := w.Header()
	switch status {
	case http.StatusOK:
		header.Set("Content-Type", w.kind)
		header.Set("Cache-Control", w.cache)
		header.Set("ETag", strconv.Quote(header.Get("ETag")))
		header.Del("Accept-Ranges") // ranges are not offered
	case http.StatusNotModified:
		header.Set("Cache-Control", w.cache)
		header.Set("ETag", strconv.Quote(w.known))
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *fileWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// acceptsBrotli reads Accept-Encoding as RFC 9110 has it, where a quality of 0 is a refusal.
func acceptsBrotli(values []string) bool {
	others := false
	for _, item := range strings.Split(strings.Join(values, ","), ",") {
		coding, params, _ := strings.Cut(item, ";")
		quality, found := strings.CutPrefix(strings.ReplaceAll(strings.ToLower(params), " ", ""), "q=")
		q, err := strconv.ParseFloat(quality, 64)
		wanted := !found || (err == nil && q > 0)
		switch strings.ToLower(strings.TrimSpace(coding)) {
		case "br":
			return wanted
		case "*":
			others = wanted
		}
	}
	return others
}
