package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// silence is how long a stream of events or a socket says nothing before it shows that it is still there.
const silence = 20 * time.Second

// stream answers as server-sent events: "next" with each result, and "complete". It is counted and watched as a socket
// is, so it ends when its token is revoked or the server stops; the client then asks anew.
func (t plainHTTP) stream(ctx context.Context, w http.ResponseWriter, exec graphql.GraphExecutor, op *graphql.OperationContext) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	leave, err := t.sockets.enter(requestOf(ctx), func(int, string) { cancel() })
	if err != nil {
		w.Header().Set("Retry-After", "1")
		t.answer(ctx, w, http.StatusTooManyRequests, err)
		return
	}
	defer leave()
	t.budgeted(ctx, w)
	w.Header().Set("Content-Type", mediaEvents+"; charset=utf-8")
	w.Header().Set("X-Accel-Buffering", "no")
	out := &events{w: w, control: http.NewResponseController(w)}
	_ = out.control.SetReadDeadline(time.Time{}) // the request has been read; its end is the client's to choose
	if out.write(":\n\n") != nil {
		return
	}
	beating := out.beat(ctx, cancel)
	defer func() {
		cancel()
		<-beating // nothing may be written once the handler has returned
	}()
	responses, ctx := exec.DispatchOperation(ctx, op)
	for resp := responses(ctx); resp != nil; resp = responses(ctx) {
		b, err := json.Marshal(reply{resp.Errors, resp.Data, resp.Extensions})
		if err != nil {
			panic(err) // a scalar wrote what is not JSON
		}
		if out.write("event: next\ndata: "+string(b)+"\n\n") != nil {
			break
		}
	}
	if ctx.Err() == nil {
		_ = out.write("event: complete\ndata:\n\n")
	}
}

// events writes to a stream, one event at a time.
type events struct {
	mu      sync.Mutex
	w       http.ResponseWriter
	control *http.ResponseController
}

// write sends text at once; a client that does not take it for half a minute is let go.
func (e *events) write(text string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	_ = e.control.SetWriteDeadline(time.Now().Add(30 * time.Second)) //nolint:forbidigo // the connection's time, not the data's
	if _, err := fmt.Fprint(e.w, text); err != nil {
		return err
	}
	return e.control.Flush()
}

// beat shows now and then that the stream is there, and ends it when the client is not. The channel closes when the last
// beat has been sent.
func (e *events) beat(ctx context.Context, end context.CancelFunc) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		t := time.NewTicker(silence)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
				if e.write(": ping\n\n") != nil {
					end()
					return
				}
			}
		}
	}()
	return done
}
