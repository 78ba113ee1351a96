package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ententehq/entente/internal/errs"
)

const (
	mediaJSON     = "application/json"
	mediaResponse = "application/graphql-response+json"
	mediaEvents   = "text/event-stream"
)

// plainHTTP is GraphQL over HTTP as its specification has it: POST with JSON, GET for queries, and answers as a stream of
// events where the client accepts nothing else.
type plainHTTP struct{ *Resolver }

var _ graphql.Transport = plainHTTP{}

// Supports tells that every request that is not the opening of a socket comes here.
func (plainHTTP) Supports(h *http.Request) bool { return !OpensSocket(h) }

// Do answers one request.
func (t plainHTTP) Do(w http.ResponseWriter, h *http.Request, exec graphql.GraphExecutor) {
	ctx := h.Context()
	media := negotiated(h.Header.Values("Accept"))
	params, status, err := t.read(h)
	switch {
	case err != nil:
	case media == "":
		status, err = http.StatusNotAcceptable, errs.New(errs.BadInput, "Accept %s, %s or, for streams, %s.", mediaResponse, mediaJSON, mediaEvents)
	}
	if err != nil {
		if status == http.StatusMethodNotAllowed {
			w.Header().Set("Allow", "GET, POST")
		}
		t.answer(ctx, w, status, err)
		return
	}
	op, list := exec.CreateOperationContext(ctx, params)
	ctx = graphql.WithOperationContext(ctx, op)
	if len(list) == 0 {
		list = t.unfit(ctx, w, h.Method, media, op)
	}
	if len(list) > 0 {
		resp := exec.DispatchError(ctx, list)
		t.send(ctx, w, media, t.refused(ctx, media, resp), resp)
		return
	}
	if media == mediaEvents {
		t.stream(ctx, w, exec, op)
		return
	}
	responses, ctx := exec.DispatchOperation(ctx, op)
	resp := responses(ctx)
	status = http.StatusOK
	if s := requestOf(ctx).status; s != 0 {
		status = s
	}
	t.send(ctx, w, media, status, resp)
}

// unfit refuses operations that do not go with the request's method or with the answer that it accepts.
func (t plainHTTP) unfit(ctx context.Context, w http.ResponseWriter, method, media string, op *graphql.OperationContext) gqlerror.List {
	switch {
	case method == http.MethodGet && op.Operation.Operation != ast.Query:
		w.Header().Set("Allow", "POST")
		requestOf(ctx).status = http.StatusMethodNotAllowed
		return gqlerror.List{t.present(ctx, errs.New(errs.BadInput, "A GET may only ask. Send mutations by POST."))}
	case media != mediaEvents && op.Operation.Operation == ast.Subscription:
		requestOf(ctx).status = http.StatusNotAcceptable
		return gqlerror.List{t.present(ctx, errs.New(errs.BadInput, "Open a WebSocket for subscriptions, or accept %s.", mediaEvents))}
	}
	return nil
}

// refused is the status for an operation that was not executed. Where the client accepts application/json only, a
// document that is well-formed JSON is answered with 200 whatever is wrong with it: the specification wants that for
// clients and proxies that take other statuses for a fault of the connection.
func (plainHTTP) refused(ctx context.Context, media string, resp *graphql.Response) int {
	code, _ := resp.Errors[0].Extensions["code"].(string)
	switch status := requestOf(ctx).status; {
	case status != 0:
		return status
	case code == string(errs.RateLimited):
		return http.StatusTooManyRequests
	case code == string(errs.Internal):
		return http.StatusInternalServerError
	case media == mediaJSON:
		return http.StatusOK
	}
	return http.StatusBadRequest
}

// reply is a response without the data key where nothing was executed.
type reply struct {
	Errors     gqlerror.List   `json:"errors,omitempty"`
	Data       json.RawMessage `json:"data,omitempty"`
	Extensions map[string]any  `json:"extensions,omitempty"`
}

func (t plainHTTP) send(ctx context.Context, w http.ResponseWriter, media string, status int, resp *graphql.Response) {
	if media == mediaEvents {
		media = mediaJSON // refused before there was a stream
	}
	t.budgeted(ctx, w)
	if status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", challenge)
	}
	w.Header().Set("Content-Type", media+"; charset=utf-8")
	b, err := json.Marshal(reply{resp.Errors, resp.Data, resp.Extensions})
	if err != nil {
		panic(err) // a scalar wrote what is not JSON
	}
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

func (t plainHTTP) budgeted(ctx context.Context, w http.ResponseWriter) {
	if b := requestOf(ctx).budget; b != nil {
		b.header(w.Header(), t.Clock.Now())
	}
}

// answer refuses a request of which no operation was read.
func (r *Resolver) answer(ctx context.Context, w http.ResponseWriter, status int, err error) {
	w.Header().Set("Content-Type", mediaJSON+"; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(reply{Errors: gqlerror.List{r.present(ctx, err)}})
}

// negotiated is the media type to answer in: what the client prefers of those there are, "" if it accepts none of them.
func negotiated(accept []string) string {
	best, preference := "", 0.0
	given := false
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		given = true
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		switch media {
		case mediaJSON, mediaResponse, mediaEvents:
		case "*/*", "application/*":
			media = mediaJSON
		default:
			continue
		}
		q := 1.0
		if text, ok := params["q"]; ok {
			if q, err = strconv.ParseFloat(text, 64); err != nil {
				continue
			}
		}
		if q > preference {
			best, preference = media, q
		}
	}
	if !given {
		return mediaJSON
	}
	return best
}

// read takes the operation out of the request. What was sent is not repeated in errors.
func (t plainHTTP) read(h *http.Request) (*graphql.RawParams, int, error) {
	start := graphql.Now()
	var fields map[string]json.RawMessage
	var err error
	status := http.StatusBadRequest
	switch h.Method {
	case http.MethodGet:
		fields, err = ofQuery(h.URL.RawQuery)
	case http.MethodPost:
		fields, status, err = ofBody(h)
	default:
		return nil, http.StatusMethodNotAllowed, errs.New(errs.BadInput, "Send operations by POST, or queries by GET.")
	}
	if err != nil {
		return nil, status, err
	}
	params := &graphql.RawParams{Headers: h.Header}
	for _, f := range []struct {
		name, want string
		dest       any
	}{
		{"query", "a string", &params.Query}, {"operationName", "a string", &params.OperationName},
		{"variables", "an object", &params.Variables}, {"extensions", "an object", &params.Extensions},
	} {
		if text := fields[f.name]; text != nil && decode(text, f.dest) != nil {
			return nil, http.StatusBadRequest, errs.New(errs.BadInput, "The parameter %s is not %s. Send %s there.", f.name, f.want, f.want)
		}
	}
	if params.Query == "" {
		return nil, http.StatusBadRequest, errs.New(errs.BadInput, "There is no query. Send the document as the parameter query.")
	}
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, 0, nil
}

// ofQuery reads the parameters of a GET: query and operationName are plain text, the others JSON.
func ofQuery(raw string) (map[string]json.RawMessage, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, errs.New(errs.BadInput, "The address cannot be read: encode its parameters as in a form.")
	}
	out := map[string]json.RawMessage{}
	for name, v := range values {
		text := []byte(v[0])
		if name == "query" || name == "operationName" {
			text, _ = json.Marshal(v[0])
		}
		if len(text) > 0 {
			out[name] = text
		}
	}
	return out, nil
}

func ofBody(h *http.Request) (map[string]json.RawMessage, int, error) {
	media, params, err := mime.ParseMediaType(h.Header.Get("Content-Type"))
	if charset := params["charset"]; err != nil || media != mediaJSON || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return nil, http.StatusUnsupportedMediaType, errs.New(errs.BadInput, "The request's body must be JSON in UTF-8. Send it as Content-Type: application/json.")
	}
	body, err := io.ReadAll(h.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, http.StatusRequestEntityTooLarge, errs.New(errs.LimitExceeded, "The request's body is larger than %d bytes. Send it in several requests.", maxBody).
			With("limit", "body").With("max", maxBody)
	case err != nil:
		return nil, http.StatusBadRequest, errs.New(errs.BadInput, "The request's body ended early. Send it again.")
	}
	fields := map[string]json.RawMessage{}
	switch first := bytes.TrimLeft(body, " \t\r\n"); {
	case len(first) > 0 && first[0] == '[':
		return nil, http.StatusBadRequest, errs.New(errs.BadInput, "Batches are not taken. Send each operation as a request of its own.")
	case len(first) == 0 || first[0] != '{' || json.Unmarshal(body, &fields) != nil:
		return nil, http.StatusBadRequest, errs.New(errs.BadInput, "The request's body is not a JSON object. Send {\"query\": …, \"variables\": …}.")
	}
	return fields, 0, nil
}

// decode reads JSON and keeps numbers as they were written.
func decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(into)
}
