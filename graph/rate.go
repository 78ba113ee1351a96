package graph

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
)

// Rate bounds what one token may ask for over time, in cost: Burst at once, and PerSecond for as long as it likes.
// Burst is at least the cost of the dearest operation. Zero values stand for 100,000 and 2,000: ten of the dearest
// operations at once, or some forty pages of ordinary lists a second.
type Rate struct{ Burst, PerSecond int }

func (r Rate) withDefaults() Rate {
	if r.Burst == 0 {
		r.Burst = 100_000
	}
	if r.PerSecond == 0 {
		r.PerSecond = 2_000
	}
	r.Burst = max(r.Burst, maxCost)
	return r
}

// maxBuckets bounds how many tokens are remembered. The one that is forgotten has been idle for longest and is nearly
// always full again.
const maxBuckets = 10_000

// buckets hold what each token has left.
type buckets struct {
	rate Rate
	mu   sync.Mutex
	of   *lru.Cache[id.Token, *rate.Limiter]
}

func newBuckets(r Rate) *buckets {
	of, err := lru.New[id.Token, *rate.Limiter](maxBuckets)
	if err != nil {
		panic(err) // only for a size below one
	}
	return &buckets{rate: r.withDefaults(), of: of}
}

func (b *buckets) bucket(t id.Token) *rate.Limiter {
	b.mu.Lock()
	defer b.mu.Unlock()
	l, ok := b.of.Get(t)
	if !ok {
		l = rate.NewLimiter(rate.Limit(b.rate.PerSecond), b.rate.Burst)
		b.of.Add(t, l)
	}
	return l
}

// budget is what an operation took from its token's bucket, and what it left there.
type budget struct {
	requested int // the operation's cost
	limit     int
	remaining int
	resetAt   time.Time // when the bucket is full again
	wait      time.Duration
	perSecond int
}

// take charges the token. Errors: RATE_LIMITED, and then nothing was taken and the budget says how long to wait.
func (b *buckets) take(t id.Token, cost int, now time.Time) (budget, error) {
	l := b.bucket(t)
	ok := l.AllowN(now, cost)
	left := max(l.TokensAt(now), 0)
	per := float64(b.rate.PerSecond)
	out := budget{
		requested: cost, limit: b.rate.Burst, remaining: int(left), perSecond: b.rate.PerSecond,
		resetAt: now.Add(seconds((float64(b.rate.Burst) - left) / per)),
	}
	if ok {
		return out, nil
	}
	out.wait = seconds(math.Ceil(max((float64(cost)-left)/per, 1)))
	return out, errs.New(errs.RateLimited, "You have asked for too much in a short time. Try again in %d seconds.", int(out.wait.Seconds())).
		With("retryAfter", int(out.wait.Seconds()))
}

func seconds(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }

// extension is the budget as extensions.cost shows it.
func (b budget) extension() map[string]any {
	return map[string]any{
		"requested": b.requested, "limit": b.limit, "remaining": b.remaining,
		"resetAt": b.resetAt.UTC().Format(time.RFC3339),
	}
}

// header writes the budget as the IETF's draft of RateLimit header fields names it; Reset is in seconds.
func (b budget) header(h http.Header, now time.Time) {
	h.Set("RateLimit-Limit", strconv.Itoa(b.limit))
	h.Set("RateLimit-Remaining", strconv.Itoa(b.remaining))
	h.Set("RateLimit-Reset", strconv.Itoa(max(int(math.Ceil(b.resetAt.Sub(now).Seconds())), 0)))
	h.Set("RateLimit-Policy", strconv.Itoa(b.limit)+";w="+strconv.Itoa((b.limit+b.perSecond-1)/b.perSecond))
	if b.wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(b.wait.Seconds())))
	}
}

// RateLimit tells what this operation cost and what its token has left.
func (q *query) RateLimit(ctx context.Context) (*model.RateLimit, error) {
	b := requestOf(ctx).budget
	return &model.RateLimit{
		Cost: b.requested, MaxCost: maxCost, Limit: b.limit, Remaining: b.remaining, PerSecond: b.perSecond, ResetAt: b.resetAt,
	}, nil
}
