package event

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// Denial is an attempt that was refused.
type Denial struct {
	Org        id.Org
	By         Actor
	Permission string // what was lacking: deal:update
	At         time.Time
}

// maxDenials bounds the queue: beyond it refusals of the same kind are only counted, and others not even that.
const maxDenials = 1_000

// Denials is the queue of refused attempts. They are written in the background, since the operation that was refused
// reads only, and equal ones of the same second become one row with a count: refusing must not be a way to fill the log.
type Denials struct {
	mu     sync.Mutex
	queued map[denied]*times
	lost   int
}

type denied struct {
	org        id.Org
	user       id.User
	token      id.Token
	client     string
	permission string
}

type times struct {
	first Denial
	count int
}

// add queues a refusal; it never waits.
func (d *Denials) add(x Denial) {
	key := denied{x.Org, x.By.User, x.By.Token, x.By.Client, x.Permission}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch have := d.queued[key]; {
	case have != nil:
		have.count++
	case len(d.queued) >= maxDenials:
		d.lost++
	default:
		if d.queued == nil {
			d.queued = map[denied]*times{}
		}
		d.queued[key] = &times{x, 1}
	}
}

// requeue keeps what could not be written for the next time.
func (d *Denials) requeue(list []*times) {
	for _, x := range list {
		for range x.count {
			d.add(x.first)
		}
	}
}

// flush writes what is queued, a transaction per org, and tells how many refusals were too many to be kept.
func (d *Denials) flush(ctx context.Context, pool *pg.Pool) (lost int, err error) {
	d.mu.Lock()
	queued := d.queued
	lost, d.queued, d.lost = d.lost, nil, 0
	d.mu.Unlock()
	byOrg := map[id.Org][]*times{}
	for key, x := range queued {
		byOrg[key.org] = append(byOrg[key.org], x)
	}
	for org, list := range byOrg {
		slices.SortFunc(list, func(a, b *times) int { return cmp.Compare(a.first.At.UnixNano(), b.first.At.UnixNano()) })
		werr := pool.Write(ctx, pg.Session{Org: org.UUID}, func(tx *pg.Tx) error {
			for _, x := range list {
				e := Entry{Kind: Denied, Detail: x.first.Permission, At: x.first.At}
				if x.count > 1 {
					e.Fields = []Field{{Name: "attempts", After: x.count}}
				}
				if err := Record(ctx, tx, org, x.first.By, e); err != nil {
					return err
				}
			}
			return nil
		})
		if werr != nil {
			d.requeue(list)
			err = fmt.Errorf("write refused attempts: %w", werr)
		}
	}
	return lost, err
}
