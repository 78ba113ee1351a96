// Package period is calendar days, and later the fiscal periods made of them.
package period

import (
	"database/sql/driver"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/ententehq/entente/internal/errs"
)

// Day is a calendar day without a time zone, as YYYY-MM-DD. Days compare as text. "" is no day and stored as NULL.
type Day string

// DayOf is the day of the moment in the zone.
func DayOf(at time.Time, zone *time.Location) Day { return Day(at.In(zone).Format(time.DateOnly)) }

// ParseDay reads YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", errs.New(errs.BadInput, "%.20q is not a day. Write it as 2026-03-31.", s)
	}
	return Day(s), nil
}

// Start is the first moment of the day in the zone.
func (d Day) Start(zone *time.Location) time.Time {
	t, _ := time.ParseInLocation(time.DateOnly, string(d), zone) // a Day is well-formed
	return t
}

// Value gives the day to the database.
func (d Day) Value() (driver.Value, error) {
	if d == "" {
		return nil, nil
	}
	return string(d), nil
}

// Scan takes the day from the database.
func (d *Day) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*d = ""
	case time.Time:
		*d = Day(v.Format(time.DateOnly))
	default:
		return fmt.Errorf("scan a day from %T", src)
	}
	return nil
}

// MarshalJSON writes the day for an insert from JSON.
func (d Day) MarshalJSON() ([]byte, error) {
	if d == "" {
		return []byte("null"), nil
	}
	return []byte(strconv.Quote(string(d))), nil
}

// MarshalGQL writes the day.
func (d Day) MarshalGQL(w io.Writer) {
	if d == "" {
		_, _ = io.WriteString(w, "null")
		return
	}
	_, _ = io.WriteString(w, strconv.Quote(string(d)))
}

// UnmarshalGQL reads a day.
func (d *Day) UnmarshalGQL(v any) (err error) {
	s, _ := v.(string)
	*d, err = ParseDay(s)
	return err
}
