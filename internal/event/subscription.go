package event

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// maxBuffered bounds the events that wait for one subscriber in memory. One that is slower than that reads the outbox
// from its last event on instead.
const maxBuffered = 1_000

// Check tells whether a subscriber may still listen: an error that is [Final] ends the subscription. It is asked from
// the fan-out's goroutine, within a read handle of the org, and should cost no statement of its own as a rule.
type Check func(ctx context.Context, db pg.Versioned) error

// Subscription gives one subscriber the events of an org, each exactly once and in one order for all. Next and Close are
// for one goroutine.
type Subscription struct {
	service *Service
	org     id.Org
	check   Check
	more    chan struct{} // there is something to take
	ended   chan struct{}

	last  Position // all up to here was given out
	until Position // all up to here comes from the outbox, what follows from the buffer

	// Under the feed's lock.
	buffer []*Event
	behind bool // the buffer was too small: nothing is added until the subscriber has caught up
	err    error
}

// Subscribe begins with what happens from now on, or after an event that the subscriber has had. Errors: BAD_CURSOR for
// an event that is not known, or no longer.
func (s *Service) Subscribe(ctx context.Context, org id.Org, after id.UUID, check Check) (*Subscription, error) {
	h := s.pool.Read(pg.Session{Org: org.UUID})
	defer h.Close()
	var now Position
	// Whatever commits from now on is not below the oldest transaction that is running now.
	err := h.Get(ctx, &now, `select pg_snapshot_xmin(pg_current_snapshot()) as xid, 0 as seq`)
	if err != nil {
		return nil, fmt.Errorf("subscribe: %w", err)
	}
	sub := &Subscription{service: s, org: org, check: check, more: make(chan struct{}, 1), ended: make(chan struct{}), last: now}
	if !after.IsZero() {
		err := h.Get(ctx, &sub.last, `select xid, seq from event where org_id = $1 and id = $2`, org, after)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, errs.New(errs.BadCursor, "There is no such event, or no longer: events are kept for %d days. Subscribe without it, and read what you show anew.", int(Retention.Hours()/24)).At("after")
		}
		if err != nil {
			return nil, fmt.Errorf("find event: %w", err)
		}
	}
	f := &s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.orgs[org]
	if of == nil {
		of = &orgFeed{at: now, subs: map[*Subscription]bool{}}
		f.orgs[org] = of
	}
	of.subs[sub] = true
	sub.until = of.at // what the feed reads from here on it adds to the buffer
	return sub, nil
}

// Ended is closed when the subscriber may no longer listen; Next then says why.
func (sub *Subscription) Ended() <-chan struct{} { return sub.ended }

// Close ends the subscription.
func (sub *Subscription) Close() {
	f := &sub.service.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	of := f.orgs[sub.org]
	delete(of.subs, sub)
	sub.buffer, sub.behind = nil, true
	if len(of.subs) == 0 {
		delete(f.orgs, sub.org)
	}
}

// Next waits for the next events and gives them. After an error that is not [Final] it may be called again: no event is
// lost.
func (sub *Subscription) Next(ctx context.Context) ([]*Event, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-sub.ended:
			return nil, sub.err // written before ended was closed
		default:
		}
		for sub.until.After(sub.last) {
			page, err := sub.replay(ctx)
			if err != nil || len(page) > 0 {
				return page, err
			}
		}
		batch, wait, err := sub.take()
		if err != nil || len(batch) > 0 {
			return batch, err
		}
		if !wait {
			continue
		}
		select {
		case <-sub.more:
		case <-sub.ended:
		case <-ctx.Done():
		}
	}
}

// replay reads a page from the outbox.
func (sub *Subscription) replay(ctx context.Context) ([]*Event, error) {
	h := sub.service.pool.Read(pg.Session{Org: sub.org.UUID})
	defer h.Close()
	page, err := eventsAfter(ctx, h, sub.org, sub.last, &sub.until)
	switch {
	case err != nil:
		return nil, err
	case len(page) < eventsPerPage:
		sub.last = sub.until
	default:
		sub.last = page[len(page)-1].Position
	}
	return page, nil
}

// take empties the buffer. It tells to wait where there is nothing yet.
func (sub *Subscription) take() (batch []*Event, wait bool, err error) {
	f := &sub.service.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if sub.err != nil {
		return nil, false, sub.err
	}
	if sub.behind {
		sub.behind = false
		sub.until = f.orgs[sub.org].at
		return nil, false, nil
	}
	for _, e := range sub.buffer {
		if e.After(sub.last) { // a subscriber that began between two readings of the feed has had the first ones
			batch = append(batch, e)
			sub.last = e.Position
		}
	}
	sub.buffer = nil
	return batch, len(batch) == 0, nil
}

// offer adds events to the buffer, or gives it up when they are too many. It is called under the feed's lock.
func (sub *Subscription) offer(page []*Event) {
	switch {
	case sub.behind:
	case len(sub.buffer)+len(page) > maxBuffered:
		sub.buffer, sub.behind = nil, true
	default:
		sub.buffer = append(sub.buffer, page...)
	}
	select {
	case sub.more <- struct{}{}:
	default:
	}
}

// end refuses the subscriber from now on.
func (sub *Subscription) end(err error) {
	f := &sub.service.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if sub.err == nil {
		sub.err = err
		sub.buffer = nil
		close(sub.ended)
	}
}
