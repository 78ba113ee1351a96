package ingest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/period"
)

// dateFormat is how a file writes days: the order of year, month and day, and what stands between them.
type dateFormat struct {
	order     string // "YMD", "DMY" or "MDY"
	separator string
}

const formatHelp = `write it with YYYY, MM and DD, such as YYYY-MM-DD, DD.MM.YYYY or MM/DD/YYYY`

var formatForm = regexp.MustCompile(`^(YYYY|MM?|DD?)([-/. ])(MM?|DD?)([-/. ])(YYYY|MM?|DD?)$`)

// parseDateFormat reads a format such as DD.MM.YYYY; M and D are the same as MM and DD.
func parseDateFormat(text string) (dateFormat, *errs.Error) {
	m := formatForm.FindStringSubmatch(strings.ToUpper(text))
	if m != nil && m[2] == m[4] {
		f := dateFormat{order: m[1][:1] + m[3][:1] + m[5][:1], separator: m[2]}
		switch f.order {
		case "YMD", "DMY", "MDY":
			return f, nil
		}
	}
	return dateFormat{}, errs.New(errs.BadInput, "%q is not a date format; %s.", text, formatHelp)
}

func (f dateFormat) String() string {
	var parts []string
	for _, p := range f.order {
		parts = append(parts, map[rune]string{'Y': "YYYY", 'M': "MM", 'D': "DD"}[p])
	}
	return strings.Join(parts, f.separator)
}

// firstYear bounds days from below: earlier ones are slips of the pen in a revenue team's files.
const firstYear = 1900

// parse reads a cell; zeros in front of a month or day may be missing.
func (f dateFormat) parse(cell string) (period.Day, bool) {
	parts := strings.Split(cell, f.separator)
	if len(parts) != 3 {
		return "", false
	}
	var n [3]int // year, month, day
	for i, p := range parts {
		v, err := strconv.ParseUint(p, 10, 16)
		wide := 2
		if f.order[i] == 'Y' {
			wide = 4
		}
		if err != nil || len(p) > wide || wide == 4 && len(p) < 4 {
			return "", false
		}
		n[strings.IndexByte("YMD", f.order[i])] = int(v)
	}
	t := time.Date(n[0], time.Month(n[1]), n[2], 0, 0, 0, 0, time.UTC)
	if t.Year() != n[0] || int(t.Month()) != n[1] || t.Day() != n[2] || n[0] < firstYear {
		return "", false
	}
	return period.Day(t.Format(time.DateOnly)), true
}

var (
	yearFirst = regexp.MustCompile(`^\d{4}([-/.])\d{1,2}[-/.]\d{1,2}$`)
	yearLast  = regexp.MustCompile(`^(\d{1,2})([-/. ])(\d{1,2})[-/. ]\d{4}$`)
)

// proof is what the cells of a file's date columns say about the order of day and month.
type proof struct {
	cells     int // that are filled
	ambiguous int // both parts could be the month
	byShape   map[dateFormat]int
	dayFirst  evidence // parts > 12 in front
	monthNext evidence // parts > 12 in the middle
}

// evidence is the cells that prove an order, and the first of them.
type evidence struct {
	cells  int
	column string
	line   int
	cell   string
}

func (e *evidence) add(column string, line int, cell string) {
	if e.cells++; e.cells == 1 {
		e.column, e.line, e.cell = column, line, cell
	}
}

func (e *evidence) String() string {
	return fmt.Sprintf("%q in %s on line %d", e.cell, e.column, e.line)
}

// undecided is a year-last shape, whose order is still to be proven.
const undecided = "??Y"

func (p *proof) add(column string, line int, cell string) {
	p.cells++
	if m := yearFirst.FindStringSubmatch(cell); m != nil {
		p.byShape[dateFormat{"YMD", m[1]}]++
		return
	}
	m := yearLast.FindStringSubmatch(cell)
	if m == nil {
		return // no date at all: its row will be rejected
	}
	p.byShape[dateFormat{undecided, m[2]}]++
	first, _ := strconv.Atoi(m[1]) // digits by the pattern
	second, _ := strconv.Atoi(m[3])
	switch {
	case first > 12 && second > 12: // a slip that proves nothing
	case first > 12:
		p.dayFirst.add(column, line, cell)
	case second > 12:
		p.monthNext.add(column, line, cell)
	default:
		p.ambiguous++
	}
}

// decide gives the one format that the cells prove, with a sentence on how. Errors: BAD_INPUT when they prove none, or
// two.
func (p *proof) decide(file string) (dateFormat, string, error) {
	var f dateFormat
	most := 0
	for _, shape := range []string{"YMD", undecided} {
		for _, sep := range []string{"-", "/", ".", " "} {
			if n := p.byShape[dateFormat{shape, sep}]; n > most {
				f, most = dateFormat{shape, sep}, n
			}
		}
	}
	day, month := &p.dayFirst, &p.monthNext
	switch {
	case p.cells == 0:
		return dateFormat{"YMD", "-"}, "", nil
	case most == 0:
		return f, "", errs.New(errs.BadInput, "%s: none of the %s filled cells in its date columns is a day in figures. Correct the mapping's date columns, or the file.", file, number(p.cells))
	case f.order == "YMD":
		return f, fmt.Sprintf("%s: dates read as %s, the year stands first.", file, f), nil
	case day.cells > 0 && month.cells > 0:
		return f, "", errs.New(errs.BadInput, "%s: its dates contradict one another: %s has the day first, %s the month. Correct the file, or give the format with --date-format; rows that do not fit it are then rejected.", file, day, month)
	case day.cells == 0 && month.cells == 0:
		return f, "", errs.New(errs.BadInput, "%s: %s of %s dates could have the day or the month first, and no date in the file tells which. Give the format with --date-format DD%[4]sMM%[4]sYYYY or --date-format MM%[4]sDD%[4]sYYYY.", file, number(p.ambiguous), number(p.cells), f.separator).
			With("ambiguous", p.ambiguous)
	}
	f.order = "DMY"
	proving := day
	if month.cells > 0 {
		f.order, proving = "MDY", month
	}
	return f, fmt.Sprintf("%s: dates read as %s, proven by %s of %s cells (the first: %s); %s alone could be read both ways.",
		file, f, number(proving.cells), number(p.cells), proving, number(p.ambiguous)), nil
}
