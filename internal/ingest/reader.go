package ingest

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/shopspring/decimal"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/period"
)

var one = decimal.NewFromInt(1)

// place is where a record stands, for what is found out about it later.
type place struct {
	mapped   *File
	file     string
	line     int
	external string
}

// reader takes the typed values of the mapping's fields out of one row, and collects what is wrong with them.
type reader struct {
	m   *Mapping
	t   *table
	row row
	bad []Reject
}

func (r *reader) reject(column, format string, args ...any) {
	bad := Reject{r.t.name, r.row.line, column, fmt.Sprintf(format, args...)}
	if !slices.Contains(r.bad, bad) { // a column may feed several fields
		r.bad = append(r.bad, bad)
	}
}

func (r *reader) cell(column string) string { return r.row.cells[r.t.index[fold(column)]] }

// raw is a field's text and what to name in a reject; "" where the mapping or the row says nothing.
func (r *reader) raw(field string) (text, column string) {
	v := r.t.file.Fields[field]
	switch {
	case v.Column != "":
		return r.cell(v.Column), v.Column
	case v.Constant != "":
		return v.Constant, field
	}
	for _, t := range v.Template {
		if text, ok := r.compose(t); ok {
			return text, field
		}
	}
	return "", field
}

// compose fills a template; it tells false when one of its columns is empty.
func (r *reader) compose(template string) (string, bool) {
	complete := true
	text := placeholder.ReplaceAllStringFunc(template, func(p string) string {
		c := r.cell(strings.Trim(p, "{}"))
		complete = complete && c != ""
		return c
	})
	return text, complete
}

// text reads a text, or the text of a reference; a required one that is missing and one that is too long are rejected.
func (r *reader) text(field string) string {
	spec, _ := r.t.file.Entity.field(field)
	text, column := r.raw(field)
	switch n := utf8.RuneCountInString(text); {
	case n == 0 && spec.required:
		r.reject(column, "is empty, and %s needs %s", r.t.file.Entity, field)
	case spec.max > 0 && n > spec.max:
		r.reject(column, "has %s characters; at most %d fit", number(n), spec.max)
	}
	return text
}

// optional is text as the database keeps it: nil where there is none.
func (r *reader) optional(field string) *string {
	if s := r.text(field); s != "" {
		return &s
	}
	return nil
}

func (r *reader) externalID() string {
	s := r.cell(r.t.file.ExternalID)
	switch {
	case s == "":
		r.reject(r.t.file.ExternalID, "is empty, and identifies the row")
	case utf8.RuneCountInString(s) > maxExternal:
		r.reject(r.t.file.ExternalID, "has more than %d characters", maxExternal)
	}
	return s
}

// maxExternal is the length of an external id that can be kept.
const maxExternal = 500

func (r *reader) count(field string) *int64 {
	text, column := r.raw(field)
	if text == "" {
		return nil
	}
	d, err := money.ParseDecimal(text)
	if err != nil || !d.IsInteger() || d.IsNegative() || !d.BigInt().IsInt64() {
		r.reject(column, "%q is not a whole number from 0 on", clip(text))
		return nil
	}
	n := d.IntPart()
	return &n
}

// currency is the row's own, or the mapping's.
func (r *reader) currency() money.Currency {
	text, column := r.raw("currency")
	if text == "" {
		return r.m.Currency
	}
	c, err := money.ParseCurrency(text)
	if err != nil {
		r.reject(column, "%q is not a currency of ISO 4217, such as USD", clip(text))
	}
	return c
}

// money reads an amount in the field's unit as minor units of the currency, exactly; nil is unknown.
func (r *reader) money(field string, c money.Currency) *int64 {
	text, column := r.raw(field)
	if text == "" || c == "" {
		return nil
	}
	d, err := money.ParseDecimal(text)
	if err != nil {
		r.reject(column, "%q is not an amount; write digits with an optional point", clip(text))
		return nil
	}
	if unit := r.t.file.Fields[field].Unit; unit != "" {
		d = d.Mul(decimal.RequireFromString(unit)) // checked with the mapping
	}
	m, err := money.Parse(d, c)
	if err != nil {
		r.reject(column, "%q cannot be kept exactly in %s", clip(text), c)
		return nil
	}
	return &m.Minor
}

func (r *reader) day(field string) period.Day {
	v := r.t.file.Fields[field]
	if v.Column == "" {
		return ""
	}
	return r.dayIn(v.Column)
}

// dayIn reads a day from a column; "" where it is empty.
func (r *reader) dayIn(column string) period.Day {
	text := r.cell(column)
	if text == "" {
		return ""
	}
	d, ok := r.t.format.parse(text)
	if !ok {
		r.reject(column, "%q is not a day in the format %s", clip(text), r.t.format)
	}
	return d
}

func (r *reader) role(field string) access.Role {
	text, column := r.raw(field)
	if text == "" {
		return ""
	}
	role, ok := parseRole(text)
	if !ok {
		r.reject(column, "%s", notARole(clip(text)))
	}
	return role
}

func (r *reader) dealType() crm.DealType {
	text, column := r.raw("type")
	if text == "" {
		return crm.New
	}
	t, ok := parseDealType(text)
	if !ok {
		r.reject(column, "%s", notADealType(clip(text)))
	}
	return t
}

// stage is the mapping's stage that the row names; nil after a reject.
func (r *reader) stage() *Stage {
	text, column := r.raw("stage")
	if text == "" {
		r.reject(column, "is empty, and a deal needs its stage")
		return nil
	}
	s := r.m.Pipeline.stage(text)
	if s == nil {
		r.reject(column, "%q is no stage of the mapping's pipeline; add it to a stage's \"is\"", clip(text))
	}
	return s
}

// clip keeps what a cell holds from filling the report.
func clip(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
