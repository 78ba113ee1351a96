package ingest

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// Summary says what an import did.
type Summary struct {
	System   string
	Files    []string
	History  bool
	DryRun   bool // nothing was kept
	Counts   []Count
	Aliases  []AliasUse
	Notes    []string
	Rejected []Reject // in the order of files and lines; a row may have several
}

// Count is what became of one kind of record. Read = Created + Existing + Rejected.
type Count struct {
	Entity   string
	Read     int
	Created  int
	Existing int
	Rejected int
}

// Reject is one reason why a row was left out.
type Reject struct {
	File   string
	Line   int
	Column string // "" when it is about the whole row
	Reason string
}

func (r Reject) String() string {
	where := fmt.Sprintf("%s:%d", r.File, r.Line)
	if r.Column != "" {
		where += " " + r.Column
	}
	return where + ": " + r.Reason
}

// Count gives the count of the entity; zeros when the import had none of it.
func (s Summary) Count(entity string) Count {
	for _, c := range s.Counts {
		if c.Entity == entity {
			return c
		}
	}
	return Count{Entity: entity}
}

// Created is the number of all records made.
func (s Summary) Created() int {
	n := 0
	for _, c := range s.Counts {
		n += c.Created
	}
	return n
}

// counted are the kinds of records that are counted, in the order in which the summary shows them.
var counted = []string{"pipeline", "stage", "territory", "team", "user", "account", "deal"}

func newSummary(system string, notes []string) Summary {
	s := Summary{System: system, Notes: notes}
	for _, entity := range counted {
		s.Counts = append(s.Counts, Count{Entity: entity})
	}
	return s
}

func (s *Summary) count(entity string) *Count {
	return &s.Counts[slices.Index(counted, entity)]
}

func (s *Summary) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// clone is a copy that can grow without the original noticing: a transaction that is run again starts from it.
func (s *Summary) clone() Summary {
	c := *s
	c.Counts, c.Notes, c.Rejected = slices.Clone(s.Counts), slices.Clone(s.Notes), slices.Clone(s.Rejected)
	return c
}

// finish drops the kinds that the import had none of, and puts the rejects in the order in which the files were read.
func (s *Summary) finish() {
	s.Counts = slices.DeleteFunc(s.Counts, func(c Count) bool { return c.Read == 0 })
	slices.SortStableFunc(s.Rejected, func(a, b Reject) int {
		if a.File != b.File {
			return slices.Index(s.Files, a.File) - slices.Index(s.Files, b.File)
		}
		return a.Line - b.Line
	})
}

// shownRejects bounds what a terminal is filled with.
const shownRejects = 20

func (s Summary) String() string {
	var b strings.Builder
	_ = s.Write(&b) // a builder takes everything
	return b.String()
}

// Write prints the summary for a person at a terminal.
func (s Summary) Write(w io.Writer) error {
	var b strings.Builder
	kind := "live"
	if s.History {
		kind = "history"
	}
	fmt.Fprintf(&b, "Import from %s (%s): %s\n\n", s.System, kind, strings.Join(s.Files, ", "))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tread\tcreated\texisting\trejected\t")
	for _, c := range s.Counts {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", c.Entity, number(c.Read), number(c.Created), number(c.Existing), number(c.Rejected))
	}
	_ = t.Flush()
	s.writeAliases(&b)
	if len(s.Notes) > 0 {
		b.WriteString("\nNotes\n")
		for _, n := range s.Notes {
			fmt.Fprintf(&b, "  - %s\n", n)
		}
	}
	s.writeRejects(&b)
	fmt.Fprintf(&b, "\n%s\n", s.outcome())
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Summary) writeAliases(b *strings.Builder) {
	if len(s.Aliases) == 0 {
		return
	}
	b.WriteString("\nAliases\n")
	for _, a := range s.Aliases {
		fmt.Fprintf(b, "  - %s %s: %q read as %q in %s\n", a.File, a.Column, a.From, a.To, plural(a.Cells, "cell"))
	}
}

func (s Summary) writeRejects(b *strings.Builder) {
	if len(s.Rejected) == 0 {
		return
	}
	b.WriteString("\nRejected\n")
	for _, r := range s.Rejected[:min(len(s.Rejected), shownRejects)] {
		fmt.Fprintf(b, "  - %s\n", r)
	}
	if more := len(s.Rejected) - shownRejects; more > 0 {
		fmt.Fprintf(b, "  … and %s more\n", number(more))
	}
}

func (s Summary) outcome() string {
	rows := 0
	for _, c := range s.Counts {
		rows += c.Rejected
	}
	left := ""
	if rows > 0 {
		left = fmt.Sprintf(" %s rejected: correct and import again; what is there already is not made twice.", were(rows, "row"))
	}
	switch created := s.Created(); {
	case s.DryRun:
		return fmt.Sprintf("Dry run: %s would be created; nothing was kept.", plural(created, "record")) + left
	case created == 0:
		return "Nothing new was created." + left
	default:
		return fmt.Sprintf("%s created.", were(created, "record")) + left
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(n) + " " + what + "s"
}

func were(n int, what string) string {
	if n == 1 {
		return "1 " + what + " was"
	}
	return plural(n, what) + " were"
}

// number writes an integer with a comma between thousands.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
