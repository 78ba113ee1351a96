// Package clock is where time comes from. Nothing in the core reads the wall clock itself, so that "as of" and tests
// are exact.
package clock

import "time"

// Clock tells the present instant.
type Clock interface{ Now() time.Time }

// System is the machine's clock, in UTC and at the microsecond that PostgreSQL keeps.
type System struct{}

// Now is the present instant.
func (System) Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// Fixed is a clock that stands still, for tests and for generated data.
type Fixed time.Time

// Now is always the same instant.
func (f Fixed) Now() time.Time { return time.Time(f) }
