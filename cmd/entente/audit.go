package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/pg"
)

// parseMarks reads ends of audit chains as check prints them, by the org's key.
func parseMarks(texts []string) (map[string][]event.Mark, error) {
	marks := map[string][]event.Mark{}
	for _, text := range texts {
		f := strings.Split(text, ":")
		number := int64(0)
		var err error
		if len(f) == 3 {
			number, err = strconv.ParseInt(f[1], 10, 64)
		}
		if len(f) != 3 || err != nil || number < 0 {
			return nil, errs.New(errs.BadInput, "%q is not the end of an audit chain. Give ORG:NUMBER:HASH as printed by entente check audit --head.", text)
		}
		marks[f[0]] = append(marks[f[0]], event.Mark{Number: number, Hash: f[2]})
	}
	return marks, nil
}

// checkAudit proves of every org that its audit log is what was sealed, and names what is not sealed yet. It tells how
// many faults it found.
func checkAudit(ctx context.Context, a *app, marks map[string][]event.Mark, head bool) (faults int, err error) {
	orgs, err := event.Orgs(ctx, a.pool)
	if err != nil {
		return 0, err
	}
	for _, o := range orgs {
		h := a.pool.Read(pg.Session{Org: o.ID.UUID, Timeout: pg.ReportTimeout})
		r, err := event.Verify(ctx, h, o.ID, marks[o.Key]...)
		h.Close()
		if err != nil {
			return faults, err
		}
		delete(marks, o.Key)
		faults += len(r.Faults)
		for _, f := range r.Faults {
			fmt.Fprintf(os.Stderr, "audit: %s: %s\n", o.Key, f)
		}
		tail := ""
		if r.Unsealed > 0 {
			tail = fmt.Sprintf(", %d not sealed yet, the oldest of %s", r.Unsealed, r.Oldest.UTC().Format(time.RFC3339))
		}
		if len(r.Faults) == 0 {
			fmt.Printf("audit: %s: %d rows are what was sealed%s\n", o.Key, r.Sealed, tail)
		}
		if head {
			fmt.Printf("%s:%d:%s\n", o.Key, r.Head.Number, r.Head.Hash)
		}
	}
	for key := range marks {
		faults++
		fmt.Fprintf(os.Stderr, "audit: there is no org %s, whose chain was noted\n", key)
	}
	return faults, nil
}
