package event

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Options tune what runs in the background.
type Options struct {
	// ListenURL is a direct connection to the database, for LISTEN: a pooler that gives a connection to others between
	// transactions loses notifications. "" does without: subscribers then learn of changes with the next poll.
	ListenURL string

	Poll  time.Duration // how often feeds look without being told, and check that subscribers still may listen; 500 ms
	Seal  time.Duration // how often the orgs with new audit rows are sealed; 1 s
	Sweep time.Duration // how often all orgs are, whoever wrote; a minute
}

// Service is one process's share in what goes on outside of transactions: the fan-out of events, the sealing of audit
// rows, the writing of refused attempts and the removal of old events. Several servers may run it on one database.
type Service struct {
	pool    *pg.Pool
	clock   clock.Clock
	log     *slog.Logger
	options Options
	denials Denials
	feed    feed

	mu    sync.Mutex
	dirty map[id.Org]bool // orgs with audit rows that may not be sealed yet
}

// NewService makes the service. Nothing happens until Run.
func NewService(pool *pg.Pool, c clock.Clock, log *slog.Logger, o Options) *Service {
	if o.Poll == 0 {
		o.Poll = 500 * time.Millisecond
	}
	if o.Seal == 0 {
		o.Seal = time.Second
	}
	if o.Sweep == 0 {
		o.Sweep = time.Minute
	}
	s := &Service{pool: pool, clock: c, log: log, options: o, dirty: map[id.Org]bool{}}
	s.feed.orgs = map[id.Org]*orgFeed{}
	return s
}

// Deny queues a refused attempt for the audit log. It never waits and never fails: the answer does not depend on it.
func (s *Service) Deny(d Denial) { s.denials.add(d) }

// Run works until the context ends; then it writes the refused attempts that are left.
func (s *Service) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { s.fanOut(ctx) })
	wg.Go(func() { s.every(ctx, s.options.Seal, s.sealDirty) })
	wg.Go(func() { s.every(ctx, s.options.Sweep, s.sweep) })
	wg.Go(func() { s.every(ctx, time.Second, s.flushDenials) })
	wg.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	s.flushDenials(last)
}

// every runs a job at once and then again and again, an interval after it ended.
func (s *Service) every(ctx context.Context, interval time.Duration, job func(context.Context)) {
	for {
		job(ctx)
		select {
		case <-ctx.Done():
			return
		case <-time.After(interval):
		}
	}
}

func (s *Service) flushDenials(ctx context.Context) {
	lost, err := s.denials.flush(ctx, s.pool)
	if err != nil || lost > 0 {
		s.log.WarnContext(ctx, "refused attempts not written to the audit log", "count", lost, "error", err)
	}
}

// touched notes that the org may have audit rows to seal.
func (s *Service) touched(org id.Org) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirty[org] = true
}

// sealDirty seals the orgs that were written to. Of several servers on one database each hears of them, and one of them
// gets to seal.
func (s *Service) sealDirty(ctx context.Context) {
	s.mu.Lock()
	dirty := s.dirty
	s.dirty = map[id.Org]bool{}
	s.mu.Unlock()
	for org := range dirty {
		s.seal(ctx, org)
	}
}

func (s *Service) seal(ctx context.Context, org id.Org) {
	left, err := Seal(ctx, s.pool, org)
	if left && ctx.Err() == nil {
		s.touched(org)
	}
	if err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "audit rows not sealed", "org", org.String(), "error", err)
	}
}

// sweep seals every org, for rows of which no notification came, and removes events that are past their retention.
func (s *Service) sweep(ctx context.Context) {
	orgs, err := Orgs(ctx, s.pool)
	if err != nil {
		if ctx.Err() == nil {
			s.log.WarnContext(ctx, "orgs not swept", "error", err)
		}
		return
	}
	for _, o := range orgs {
		s.seal(ctx, o.ID)
		if err := s.prune(ctx, o.ID); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "old events not removed", "org", o.ID.String(), "error", err)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// prune removes the org's events that are past their retention. Their ids begin with the time they were made at, so the
// primary key finds them.
func (s *Service) prune(ctx context.Context, org id.Org) error {
	oldest := id.Derived(s.clock.Now().Add(-Retention), "")
	return s.pool.Write(ctx, pg.Session{Org: org.UUID}, func(tx *pg.Tx) error {
		_, err := tx.Exec(ctx, `
			delete from event
			 where org_id = $1
			   and id = any(array(
			       select id from event
			        where org_id = $1
			          and id < $2::uuid
			        order by id
			        limit 10000))`, org, oldest)
		return err
	})
}

// KnownOrg is an org as work across orgs knows it.
type KnownOrg struct {
	ID  id.Org `db:"org_id"`
	Key string `db:"key"`
}

// Orgs lists all orgs, for work that must be done for each.
func Orgs(ctx context.Context, pool *pg.Pool) ([]KnownOrg, error) {
	h := pool.Read(pg.Session{})
	defer h.Close()
	var orgs []KnownOrg
	if err := h.Select(ctx, &orgs, `select org_id, key from org_lookup order by key`); err != nil {
		return nil, fmt.Errorf("list orgs: %w", err)
	}
	return orgs, nil
}
