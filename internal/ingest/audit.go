package ingest

import (
	"strings"

	"github.com/ententehq/entente/internal/event"
)

// audited is the one audit row of an import: the files and how many records of each kind came of them. The records'
// own versions name who imported them.
func (r *run) audited() event.Entry {
	e := event.Entry{Kind: event.Imported, Detail: r.sum.System + ": " + strings.Join(r.sum.Files, ", "), At: r.now}
	for _, c := range r.sum.Counts {
		if c.Created > 0 {
			e.Fields = append(e.Fields, event.Field{Name: c.Entity, After: c.Created})
		}
	}
	e.Fields = append(e.Fields, event.Field{Name: "rejected", After: len(r.sum.Rejected)})
	return e
}
