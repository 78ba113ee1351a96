package demo

import (
	"math/rand/v2"
	"slices"
	"time"
)

// Working hours of the org, in its zone.
const (
	opens  = 8 * time.Hour
	closes = 18 * time.Hour
)

const day = 24 * time.Hour

func (w *world) midnight(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, w.zone)
}

// monthsAgo is the first of a month, when people start, move and leave.
func (w *world) monthsAgo(n int) time.Time {
	return w.midnight(w.end.Year(), w.end.Month()-time.Month(n), 1).UTC()
}

func (w *world) workday(t time.Time) bool {
	t = t.In(w.zone)
	switch t.Weekday() {
	case time.Saturday, time.Sunday:
		return false
	}
	_, m, d := t.Date()
	return !(m == time.January && d == 1 || m == time.July && d == 4 || m == time.December && (d == 25 || d == 26))
}

// onDay is a moment in the working hours of the day of t, or of the next working day.
func (w *world) onDay(r *rand.Rand, t time.Time) time.Time {
	y, m, d := t.In(w.zone).Date()
	for !w.workday(w.midnight(y, m, d)) {
		d++
	}
	offset := opens + time.Duration(r.Int64N(int64((closes-opens)/time.Microsecond)))*time.Microsecond
	return w.midnight(y, m, d).Add(offset).UTC() // clocks are set on Sundays only
}

// before is a working moment up to some days before t, never at or after it.
func (w *world) before(r *rand.Rand, t time.Time, days int) time.Time {
	for back := between(r, 1, days); ; back++ {
		if at := w.onDay(r, t.Add(-time.Duration(back)*day)); at.Before(t) {
			return at
		}
	}
}

// moments are up to n working moments between two others, in order and all different; fewer when there is little room.
func (w *world) moments(r *rand.Rand, from, to time.Time, n int) []time.Time {
	var out []time.Time
	span := int64(to.Sub(from) / time.Microsecond)
	for tries := 0; len(out) < n && tries < 20*n && span > 1; tries++ {
		at := w.onDay(r, from.Add(time.Duration(r.Int64N(span))*time.Microsecond))
		if at.After(from) && at.Before(to) && !slices.ContainsFunc(out, at.Equal) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// closing is a working moment on which a deal might close: most do near the end of a fiscal quarter.
func (w *world) closing(r *rand.Rand, from, to time.Time) time.Time {
	span := int64(to.Sub(from) / day)
	for {
		at := w.onDay(r, from.Add(time.Duration(r.Int64N(span))*day))
		if at.Before(to) && r.IntN(100) < w.closingWeight(at) {
			return at
		}
	}
}

func (w *world) closingWeight(at time.Time) int {
	left := w.quarterEnd(at).Sub(at)
	switch {
	case left <= 10*day:
		return 100
	case left <= 31*day:
		return 45
	}
	return 25
}

// quarterEnd is the first moment after the fiscal quarter of t.
func (w *world) quarterEnd(t time.Time) time.Time {
	y, m, _ := t.In(w.zone).Date()
	into := (int(m) - fiscalMonth + 12) % 3
	return w.midnight(y, m+time.Month(3-into), 1)
}
