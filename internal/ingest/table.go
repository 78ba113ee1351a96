package ingest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ententehq/entente/internal/errs"
)

// table is a file as read: its rows with trimmed cells, in which aliases stand for what they mean.
type table struct {
	file    *File
	name    string
	columns []string // as the file spells them
	index   map[string]int
	rows    []row
	format  dateFormat
	aliased []AliasUse
	short   []Reject // rows with too few or too many cells
	note    string
}

type row struct {
	line  int
	cells []string
}

// AliasUse says how many cells of a column an alias changed.
type AliasUse struct {
	File, Column string
	From, To     string
	Cells        int
}

var byteOrderMark = []byte("\ufeff")

// readTable reads a file whole. Errors: BAD_INPUT when it is no CSV in UTF-8 or lacks a column of the mapping.
func readTable(path string, f *File) (*table, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, errs.New(errs.BadInput, "%s cannot be read: %v.", filepath.Base(path), err)
	}
	t := &table{file: f, name: filepath.Base(path), index: map[string]int{}}
	text = bytes.TrimPrefix(text, byteOrderMark)
	if line := firstBadLine(text); line > 0 {
		return nil, errs.New(errs.BadInput, "%s: line %d is not text in UTF-8. Save the file as CSV UTF-8 and import it again.", t.name, line)
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = -1 // counted below: a short row is rejected, not the file
	if err := t.readHeader(r); err != nil {
		return nil, err
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, t.explain(err)
		}
		line, _ := r.FieldPos(0)
		t.addRow(line, cells)
	}
	t.applyAliases()
	return t, nil
}

// firstBadLine is the first line with bytes that are no UTF-8 or that PostgreSQL cannot keep; zero if there is none.
func firstBadLine(text []byte) int {
	if utf8.Valid(text) && bytes.IndexByte(text, 0) < 0 {
		return 0
	}
	n := 0
	for line := range bytes.Lines(text) {
		if n++; !utf8.Valid(line) || bytes.IndexByte(line, 0) >= 0 {
			break
		}
	}
	return n
}

func (t *table) explain(err error) error {
	var p *csv.ParseError
	if errors.As(err, &p) {
		return errs.New(errs.BadInput, "%s: line %d cannot be read: %v. Correct the quotes there and import the file again.", t.name, p.Line, p.Err)
	}
	return fmt.Errorf("read %s: %w", t.name, err)
}

func (t *table) readHeader(r *csv.Reader) error {
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return errs.New(errs.BadInput, "%s is empty. Its first line must name the columns.", t.name)
	}
	if err != nil {
		return t.explain(err)
	}
	for i, c := range header {
		c = strings.TrimSpace(c)
		t.columns = append(t.columns, c)
		if _, twice := t.index[fold(c)]; twice && c != "" {
			return errs.New(errs.BadInput, "%s has two columns named %q. Rename one.", t.name, c)
		}
		t.index[fold(c)] = i
	}
	var missing []string
	for _, n := range t.file.columns() {
		if _, ok := t.index[fold(n.column)]; !ok {
			missing = append(missing, fmt.Sprintf("%q (for %s)", n.column, n.by))
		}
	}
	if len(missing) > 0 {
		return errs.New(errs.BadInput, "%s lacks columns that the mapping asks for: %s. Found: %s. Correct the mapping or the file.",
			t.name, strings.Join(unique(missing), ", "), strings.Join(t.columns, ", "))
	}
	return nil
}

func (t *table) addRow(line int, cells []string) {
	for i, c := range cells {
		cells[i] = strings.TrimSpace(c)
	}
	if len(cells) != len(t.columns) {
		t.short = append(t.short, Reject{t.name, line, "", fmt.Sprintf("has %d cells where the header has %d", len(cells), len(t.columns))})
		return
	}
	t.rows = append(t.rows, row{line, cells})
}

// applyAliases changes cells to what they mean, whatever their case, and counts those that it changed.
func (t *table) applyAliases() {
	for _, column := range sortedKeys(t.file.Aliases) {
		meaning, counts := map[string]string{}, map[[2]string]int{}
		for says, means := range t.file.Aliases[column] {
			meaning[fold(says)] = strings.TrimSpace(means)
		}
		i := t.index[fold(column)]
		for _, r := range t.rows {
			if means, ok := meaning[fold(r.cells[i])]; ok && means != r.cells[i] {
				counts[[2]string{r.cells[i], means}]++
				r.cells[i] = means
			}
		}
		for use, n := range counts {
			t.aliased = append(t.aliased, AliasUse{t.name, t.columns[i], use[0], use[1], n})
		}
	}
	slices.SortFunc(t.aliased, func(a, b AliasUse) int {
		return strings.Compare(a.Column+"\x00"+a.From, b.Column+"\x00"+b.From)
	})
}

// settleDates decides how the table writes days: by the explicit format, else by what all its date columns prove.
func (t *table) settleDates(explicit string) error {
	columns := t.file.dateColumns()
	if explicit != "" {
		f, err := parseDateFormat(explicit)
		if err != nil {
			return err
		}
		t.format = f
		return nil
	}
	p := proof{byShape: map[dateFormat]int{}}
	for _, c := range columns {
		i := t.index[fold(c)]
		for _, r := range t.rows {
			if r.cells[i] != "" {
				p.add(c, r.line, r.cells[i])
			}
		}
	}
	var err error
	t.format, t.note, err = p.decide(t.name)
	return err
}

// total is the number of rows, the unreadable ones included.
func (t *table) total() int { return len(t.rows) + len(t.short) }
