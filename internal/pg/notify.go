package pg

import (
	"context"
	"sync"
	"time"
)

// notifyEvery is how long notifications are gathered. PostgreSQL lets one transaction with a NOTIFY commit at a time, so
// a NOTIFY in each write would serialise all writers; one for all of them now and then costs nothing.
const notifyEvery = 20 * time.Millisecond

// notifyTimeout bounds one sending. What cannot be sent is dropped: listeners also look by themselves.
const notifyTimeout = 2 * time.Second

type note struct{ channel, payload string }

// Notify tells who listens on the channel, once the transaction has committed, together with others of the same 20 ms.
// It may get lost: listeners must also look by themselves now and then.
func (t *Tx) Notify(channel, payload string) {
	n := note{channel, payload}
	for _, have := range t.notes {
		if have == n {
			return
		}
	}
	t.notes = append(t.notes, n)
}

// notifier gathers the notifications of committed transactions and sends them in a transaction of their own.
type notifier struct {
	pool *Pool
	stop chan struct{}
	done sync.WaitGroup

	mu      sync.Mutex
	pending map[note]bool
	running bool
	closed  bool
}

func newNotifier(p *Pool) *notifier {
	return &notifier{pool: p, stop: make(chan struct{}), pending: map[note]bool{}}
}

func (n *notifier) add(notes []note) {
	if len(notes) == 0 {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, x := range notes {
		n.pending[x] = true
	}
	if !n.running && !n.closed {
		n.running = true
		n.done.Go(n.run)
	}
}

// run sends what has gathered every 20 ms until nothing has.
func (n *notifier) run() {
	for {
		select {
		case <-time.After(notifyEvery):
		case <-n.stop:
		}
		n.mu.Lock()
		due := n.pending
		if len(due) == 0 {
			n.running = false
			n.mu.Unlock()
			return
		}
		n.pending = map[note]bool{}
		n.mu.Unlock()
		n.send(due)
	}
}

func (n *notifier) send(due map[note]bool) {
	var channels, payloads []string
	for x := range due {
		channels, payloads = append(channels, x.channel), append(payloads, x.payload)
	}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), uncounted{}, true), notifyTimeout)
	defer cancel()
	tx, _, err := n.pool.begin(ctx, "isolation level read committed read write", Session{})
	if err != nil {
		return
	}
	defer func() { _ = tx.Rollback() }() // after a commit it does nothing
	// One transaction for all that has gathered.
	_, err = tx.ExecContext(ctx, `
		select pg_notify(channel, payload)
		  from unnest($1::text[], $2::text[]) as n (channel, payload)`, channels, payloads)
	if err == nil {
		_ = tx.Commit()
	}
}

// close sends what is due.
func (n *notifier) close() {
	n.mu.Lock()
	if !n.closed {
		n.closed = true
		close(n.stop)
	}
	n.mu.Unlock()
	n.done.Wait()
}
