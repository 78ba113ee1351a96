package graph

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// streamState is what a subscription's reading and its answering tell each other.
type streamState struct {
	mu     sync.Mutex
	masked []denial // for the events under way
	ended  error    // why there is no more, until it was told
}

func (s *streamState) mask(d []denial) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.masked = d
}

func (s *streamState) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = err
}

func (s *streamState) masks() []denial {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.masked
}

// why tells once why there is no more.
func (s *streamState) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.ended
	s.ended = nil
	return err
}

// listen runs a subscription. It has no snapshot of its own: each batch of events is read by a handle that opens after
// they arrived and is closed before they are written to the client. Why it ended is its last answer, whatever the
// transport.
func (o *operation) listen(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	o.handle.Close()
	responses := next(context.WithValue(ctx, operationKey{}, o))
	return func(ctx context.Context) *graphql.Response {
		if resp := responses(ctx); resp != nil {
			return o.finish(ctx, resp, o.stream.masks())
		}
		if err := o.stream.why(); err != nil && ctx.Err() == nil {
			return &graphql.Response{Errors: gqlerror.List{o.present(context.WithValue(ctx, operationKey{}, o), err)}}
		}
		return nil
	}
}

const (
	maxTries   = 8 // of reading the database before a subscription is given up
	betweenTry = 100 * time.Millisecond
)

// listenTo subscribes to the org's events, from now on or after one that was received, and gives what load makes of
// them. load runs within a snapshot of its own, as the subscriber is allowed at that moment.
func listenTo[T any](ctx context.Context, after *string, load func(context.Context, *view.Env, []*event.Event) ([]T, error)) (<-chan T, error) {
	op := ctx.Value(operationKey{}).(*operation)
	if op.Events == nil {
		return nil, errors.New("subscriptions are not wired")
	}
	var from id.UUID
	if after != nil {
		var ok bool
		if from, ok = id.ParseKind(id.EventKind, *after); !ok || from.IsZero() {
			return nil, errs.New(errs.BadCursor, "This is not the id of an event. Take it from the last event that you received.").At("after")
		}
	}
	fc := graphql.GetFieldContext(ctx)
	l := &listener{operation: op, gc: graphql.GetOperationContext(ctx), need: op.permits[coordinate{fc.Object, fc.Field.Name}]}
	sub, err := op.Events.Subscribe(ctx, op.identity.Org, from, l.check)
	if err != nil {
		return nil, err
	}
	out := make(chan T)
	go func() {
		defer close(out)
		defer sub.Close()
		defer func() {
			if p := recover(); p != nil {
				op.stream.end(op.recovered(ctx, p))
			}
		}()
		if err := deliver(ctx, l, sub, load, out); err != nil && ctx.Err() == nil {
			op.stream.end(err)
		}
	}()
	return out, nil
}

// listener is who listens, for as long as they do.
type listener struct {
	*operation
	gc   *graphql.OperationContext
	need need
}

// check tells whether they still may.
func (l *listener) check(ctx context.Context, db pg.Versioned) error {
	p, err := l.Access.Resolve(ctx, db, l.identity)
	if err == nil && !l.need.metBy(p) {
		err = access.Forbidden(l.need.object, l.need.actions[0])
	}
	return err
}

// deliver sends batch after batch until the subscriber leaves or may no longer listen. An interruption of the database
// is waited out for a few seconds.
func deliver[T any](ctx context.Context, l *listener, sub *event.Subscription, load func(context.Context, *view.Env, []*event.Event) ([]T, error), out chan<- T) error {
	var events []*event.Event
	for try := 1; ; {
		var err error
		if len(events) == 0 {
			events, err = sub.Next(ctx)
		}
		var items []T
		if err == nil {
			items, err = batch(ctx, l, events, load)
		}
		switch {
		case err == nil:
			try, events = 1, nil
		case event.Final(err) || try == maxTries || ctx.Err() != nil:
			return err
		default:
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(try) * betweenTry):
			}
			try++
		}
		for _, item := range items {
			select {
			case <-sub.Ended(): // before anything more is sent
				_, err := sub.Next(ctx)
				return err
			default:
			}
			select {
			case out <- item:
			case <-sub.Ended():
				_, err := sub.Next(ctx)
				return err
			case <-ctx.Done():
				return nil
			}
		}
	}
}

// batch reads what the subscriber may see of the events, by a handle of its own.
func batch[T any](ctx context.Context, l *listener, events []*event.Event, load func(context.Context, *view.Env, []*event.Event) ([]T, error)) ([]T, error) {
	h := l.Pool.Read(pg.Session{Org: l.identity.Org.UUID})
	defer h.Close()
	env, err := l.open(ctx, h)
	if err != nil {
		return nil, err
	}
	if !l.need.metBy(env.Principal) {
		return nil, access.Forbidden(l.need.object, l.need.actions[0])
	}
	l.stream.mask(l.permits.denied(env.Principal, l.gc))
	return load(ctx, env, events)
}
