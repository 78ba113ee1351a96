package pg

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Until is the end of a validity, exclusive. The zero value is "still valid" and stored as infinity.
type Until struct{ At time.Time }

// Ptr is the end, nil while still valid.
func (u Until) Ptr() *time.Time {
	if u.At.IsZero() {
		return nil
	}
	return &u.At
}

// Covers tells whether the moment lies before the end.
func (u Until) Covers(at time.Time) bool { return u.At.IsZero() || at.Before(u.At) }

// Value gives the end to the database.
func (u Until) Value() (driver.Value, error) {
	if u.At.IsZero() {
		return "infinity", nil
	}
	return u.At, nil
}

// MarshalJSON writes the end for an insert from JSON.
func (u Until) MarshalJSON() ([]byte, error) {
	if u.At.IsZero() {
		return []byte(`"infinity"`), nil
	}
	return u.At.MarshalJSON()
}

// Scan takes the end from the database, which sends infinity as text.
func (u *Until) Scan(src any) error {
	switch v := src.(type) {
	case time.Time:
		u.At = v.UTC()
	case []byte, string:
		u.At = time.Time{}
	default:
		return fmt.Errorf("scan an end of validity from %T", src)
	}
	return nil
}
