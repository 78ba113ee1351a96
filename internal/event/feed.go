package event

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/lib/pq"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

const (
	eventsPerPage = 500

	// settleIn is when to look again for events that other transactions, still running, may yet come before.
	settleIn = 25 * time.Millisecond

	listenerPing = 30 * time.Second
)

// feed is what one process hands out: the orgs that somebody here subscribes to.
type feed struct {
	mu   sync.Mutex
	orgs map[id.Org]*orgFeed
}

// orgFeed is an org's place in the order of events, up to which its subscribers here were given all.
type orgFeed struct {
	at      Position
	subs    map[*Subscription]bool
	version int64     // the reference version at which the subscribers were last checked
	checked time.Time // and when
}

// fanOut reads new events of the orgs that are subscribed to, once for all subscribers, and hands them over.
func (s *Service) fanOut(ctx context.Context) {
	notified, stop := s.listen(ctx)
	defer stop()
	poll := time.NewTicker(s.options.Poll)
	defer poll.Stop()
	unsettled := map[id.Org]bool{}
	for {
		var again <-chan time.Time
		if len(unsettled) > 0 {
			again = time.After(settleIn)
		}
		due := map[id.Org]bool{}
		select {
		case <-ctx.Done():
			return
		case n := <-notified:
			s.noted(n, due)
		case <-poll.C:
			s.all(due)
		case <-again:
		}
		for len(notified) > 0 { // what else has come is answered by the same reading
			s.noted(<-notified, due)
		}
		for org := range unsettled {
			due[org] = true
		}
		clear(unsettled)
		for org := range due {
			if s.read(ctx, org) {
				unsettled[org] = true
			}
		}
	}
}

// listen has PostgreSQL tell of orgs with something new. The channel is nil without an address to listen at.
func (s *Service) listen(ctx context.Context) (<-chan *pq.Notification, func()) {
	if s.options.ListenURL == "" {
		return nil, func() {}
	}
	l := pq.NewListener(s.options.ListenURL, 50*time.Millisecond, 5*time.Second, func(e pq.ListenerEventType, err error) {
		if err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "listening for events was interrupted; changes are noticed by polling meanwhile", "error", err)
		}
	})
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := l.Listen(Channel); err != nil { // waits for a connection
			return
		}
		for { // a connection that died without a word is found out
			select {
			case <-ctx.Done():
				return
			case <-time.After(listenerPing):
				_ = l.Ping()
			}
		}
	})
	return l.NotificationChannel(), func() {
		_ = l.Close()
		wg.Wait()
	}
}

// noted takes a notification: nil after a reconnection, when others may have been lost.
func (s *Service) noted(n *pq.Notification, due map[id.Org]bool) {
	if n == nil {
		s.all(due)
		return
	}
	u, err := id.ParseUUID(n.Extra)
	if err != nil {
		return // somebody else's
	}
	org := id.Org{UUID: u}
	s.touched(org)
	due[org] = true
}

func (s *Service) all(due map[id.Org]bool) {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	for org := range s.feed.orgs {
		due[org] = true
	}
}

// readTimeout bounds one org's reading, so that it cannot hold up the others for long.
const readTimeout = pg.StatementTimeout + time.Second

// read hands the org's new events to its subscribers and checks that these may still listen. It tells whether there are
// events that cannot be handed out yet.
func (s *Service) read(ctx context.Context, org id.Org) (unsettled bool) {
	s.feed.mu.Lock()
	of := s.feed.orgs[org]
	s.feed.mu.Unlock()
	if of == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	h := s.pool.Read(pg.Session{Org: org.UUID})
	defer h.Close()
	for full := true; full; {
		page, err := eventsAfter(ctx, h, org, of.at, nil)
		if err != nil {
			if ctx.Err() == nil {
				s.log.WarnContext(ctx, "events not read", "org", org.String(), "error", err)
			}
			return false // the next poll tries again
		}
		full = len(page) == eventsPerPage
		for i, e := range page {
			if !e.Settled {
				page, unsettled, full = page[:i], true, false
				break
			}
		}
		s.feed.hand(of, page)
	}
	s.recheck(ctx, h, of)
	return unsettled
}

// hand gives a page to the org's subscribers and moves on. Nobody waits: who has no room falls back to the outbox.
func (f *feed) hand(of *orgFeed, page []*Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(page) == 0 {
		return
	}
	of.at = page[len(page)-1].Position
	for sub := range of.subs {
		sub.offer(page)
	}
}

// recheck asks each subscriber's check, when what it depends on has changed and now and then: time alone ends some
// permissions. It costs no statement unless the org's reference version is new.
func (s *Service) recheck(ctx context.Context, h *pg.Handle, of *orgFeed) {
	version, err := h.Version(ctx)
	now := s.clock.Now()
	if err != nil || version == of.version && now.Sub(of.checked) < s.options.Poll {
		return
	}
	of.version, of.checked = version, now
	s.feed.mu.Lock()
	subs := make([]*Subscription, 0, len(of.subs))
	for sub := range of.subs {
		subs = append(subs, sub)
	}
	s.feed.mu.Unlock()
	for _, sub := range subs {
		if err := sub.check(ctx, h); Final(err) {
			sub.end(err)
		}
	}
}

// Final tells whether an error means that the subscriber may no longer listen, rather than that asking failed.
func Final(err error) bool {
	code := errs.CodeOf(err)
	return code == errs.Unauthenticated || code == errs.Forbidden
}

// eventsAfter reads the next page of events after a place, up to another (nil: all), in their order.
func eventsAfter(ctx context.Context, db pg.DB, org id.Org, after Position, until *Position) ([]*Event, error) {
	end, args := "", []any{org, after.Xid, after.Seq}
	if until != nil {
		end = "\n		   and (e.xid, e.seq) <= ($4::xid8, $5)"
		args = append(args, until.Xid, until.Seq)
	}
	var page []*Event
	err := db.Select(ctx, &page, fmt.Sprintf(`
		select e.xid, e.seq, e.id, e.entity, e.entity_id, e.version, e.action, e.changed, e.user_id, e.token_id, e.occurred_at,
		       e.xid < pg_snapshot_xmin(pg_current_snapshot()) as settled
		  from event e
		 where e.org_id = $1
		   and (e.xid, e.seq) > ($2::xid8, $3)%s
		 order by e.xid, e.seq
		 limit %d`, end, eventsPerPage), args...)
	if err != nil {
		return nil, fmt.Errorf("read events: %w", err)
	}
	return page, nil
}
