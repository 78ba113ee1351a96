package demo

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"
	_ "time/tzdata" // the org's zone is known also where the machine has no zones

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
)

// The org that is made.
const (
	Key  = "northwind"
	Name = "Northwind Robotics"
)

const (
	zoneName    = "America/New_York"
	currency    = "USD"
	fiscalMonth = 2
	months      = 15 // of deals
)

var orgParams = org.CreateParams{Key: Key, Name: Name, Currency: currency, TimeZone: zoneName, FiscalMonth: fiscalMonth}

// world is the demo org as planned: small facts about everyone and everything, from which rows are made.
type world struct {
	seed    uint64
	size    Size
	zone    *time.Location
	founded time.Time // the org and its first people
	start   time.Time // of the deals
	end     time.Time // the first moment of today, exclusive for everything that happens
	org     id.Org

	teams       []*team
	territories []*territory
	people      []*person
	accounts    []*account
	pipelines   []*pipeline
	deals       []dealPlan
}

func newWorld(seed uint64, today time.Time, size Size) (*world, error) {
	zone, err := time.LoadLocation(zoneName)
	if err != nil {
		return nil, fmt.Errorf("load the time zone %s of the demo org: %w", zoneName, err)
	}
	t := today.In(zone)
	w := &world{seed: seed, size: size, zone: zone}
	w.end = w.midnight(t.Year(), t.Month(), t.Day())
	w.start = w.midnight(t.Year(), t.Month()-months, t.Day())
	w.founded = w.midnight(t.Year()-5, t.Month(), 1)
	w.org = id.Org{UUID: w.id(w.founded, "org")}
	w.planPeople()
	w.planPipelines()
	w.planAccounts()
	w.planDeals()
	w.settleAccounts()
	return w, nil
}

// rand is the random stream of one record: what is drawn for it depends on no other.
func (w *world) rand(kind string, n int) *rand.Rand {
	h := fnv.New64a()
	_, _ = fmt.Fprintf(h, "%s/%d", kind, n) // never fails
	return rand.New(rand.NewPCG(w.seed, h.Sum64()))
}

func (w *world) id(at time.Time, name string) id.UUID {
	return id.Derived(at, fmt.Sprintf("%s/%d/%s", Key, w.seed, name))
}

// chance is true in percent of 100 cases.
func chance(r *rand.Rand, percent int) bool { return r.IntN(100) < percent }

// between is a number from low to high, both included.
func between(r *rand.Rand, low, high int) int { return low + r.IntN(high-low+1) }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// quantiles describe a skewed distribution: the values at evenly spaced shares of the draws.
type quantiles []int64

func (q quantiles) draw(r *rand.Rand) int64 {
	i := r.IntN(len(q) - 1)
	return q[i] + r.Int64N(q[i+1]-q[i]+1)
}

// weighted draws an index, each as often as its weight says.
func weighted(r *rand.Rand, weights []int) int {
	total := 0
	for _, x := range weights {
		total += x
	}
	n := r.IntN(total)
	for i, x := range weights {
		if n -= x; n < 0 {
			return i
		}
	}
	return len(weights) - 1
}
