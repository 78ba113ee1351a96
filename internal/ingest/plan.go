package ingest

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/period"
)

// plan is what the files say, checked row by row as far as that goes without the database.
type plan struct {
	m        *Mapping
	people   []*personRow
	accounts []*accountRow
	deals    []*dealRow
	total    int
	sum      Summary
	seen     map[Entity]map[string]place
}

type personRow struct {
	place
	name        string
	email       *string // lower case
	title       *string
	role        access.Role
	manager     string
	managerBy   string
	managerRole access.Role
	team        string
	territory   string
}

type accountRow struct {
	place
	name              string
	industry, country *string
	website           *string
	employees         *int64
	currency          money.Currency
	revenue           *int64
	parent, parentBy  string
	owner, ownerBy    string
}

type dealRow struct {
	place
	name               string
	kind               crm.DealType
	account, accountBy string
	owner, ownerBy     string
	stage              *Stage
	currency           money.Currency
	amount, recurring  *int64
	closeDate          period.Day
	nextStep           *string
	versions           []datedVersion // oldest first; none when no column dates the row
}

// datedVersion is a version of a deal with the day on which it began.
type datedVersion struct {
	day     period.Day
	column  string
	stage   *Stage
	unknown []string
}

// readPlan reads the files and checks their rows. Errors: BAD_INPUT for a wrong file.
func readPlan(m *Mapping, paths []string, format string) (*plan, error) {
	files, notes, err := findFiles(m, paths)
	if err != nil {
		return nil, err
	}
	p := &plan{m: m, seen: map[Entity]map[string]place{}, sum: newSummary(m.System, notes)}
	for _, f := range files {
		t, err := readTable(f.path, f.file)
		if err != nil {
			return nil, err
		}
		explicit := firstOf(format, f.file.DateFormat, m.DateFormat)
		if err := t.settleDates(explicit); err != nil {
			return nil, err
		}
		p.addTable(t)
	}
	return p, nil
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func (p *plan) addTable(t *table) {
	p.sum.Files = append(p.sum.Files, t.name)
	p.sum.Aliases = append(p.sum.Aliases, t.aliased...)
	if t.note != "" {
		p.sum.Notes = append(p.sum.Notes, t.note)
	}
	p.total += t.total()
	c := p.sum.count(countedAs(t.file.Entity))
	c.Read += t.total()
	c.Rejected += len(t.short)
	p.sum.Rejected = append(p.sum.Rejected, t.short...)
	for _, row := range t.rows {
		r := &reader{m: p.m, t: t, row: row}
		add := p.read(r)
		if len(r.bad) > 0 {
			c.Rejected++
			p.sum.Rejected = append(p.sum.Rejected, r.bad...)
			continue
		}
		add()
	}
}

// countedAs is the name under which the summary counts an entity's rows.
func countedAs(e Entity) string {
	if e == People {
		return "user"
	}
	return string(e)
}

// read reads a row and returns what adds it to the plan, which the caller runs unless the row was rejected.
func (p *plan) read(r *reader) func() {
	at := place{r.t.file, r.t.name, r.row.line, r.externalID()}
	p.checkTwice(r, at)
	switch r.t.file.Entity {
	case People:
		row := readPerson(r, at)
		return func() { p.people = append(p.people, row) }
	case Accounts:
		row := readAccount(r, at)
		return func() { p.accounts = append(p.accounts, row) }
	default:
		row := readDeal(r, at)
		return func() { p.deals = append(p.deals, row) }
	}
}

func (p *plan) checkTwice(r *reader, at place) {
	e := r.t.file.Entity
	if p.seen[e] == nil {
		p.seen[e] = map[string]place{}
	}
	first, twice := p.seen[e][at.external]
	switch {
	case at.external == "":
	case twice:
		r.reject(r.t.file.ExternalID, "%q identifies the row at %s already", clip(at.external), fmt.Sprintf("%s:%d", first.file, first.line))
	default:
		p.seen[e][at.external] = at
	}
}

var emailForm = regexp.MustCompile(`^[^@\s]+@[^@\s]+$`)

func readPerson(r *reader, at place) *personRow {
	f := r.t.file.Fields
	row := &personRow{
		place: at, name: r.text("name"), title: r.optional("title"), role: r.role("role"),
		manager: r.text("manager"), managerBy: f["manager"].By, managerRole: r.role("managerRole"),
		team: r.text("team"), territory: r.text("territory"),
	}
	if e := strings.ToLower(r.text("email")); e != "" {
		if row.email = &e; !emailForm.MatchString(e) {
			_, column := r.raw("email")
			r.reject(column, "%q is not an e-mail address", clip(e))
		}
	}
	if fold(row.manager) == fold(row.name) || row.managerBy == byExternalID && row.manager == at.external {
		row.manager = "" // the head of the house is often entered as their own manager
	}
	return row
}

func readAccount(r *reader, at place) *accountRow {
	f := r.t.file.Fields
	c := r.currency()
	return &accountRow{
		place: at, name: r.text("name"), industry: r.optional("industry"), country: r.optional("country"),
		website: r.optional("website"), employees: r.count("employees"), currency: c, revenue: r.money("annualRevenue", c),
		parent: r.text("parent"), parentBy: f["parent"].By, owner: r.text("owner"), ownerBy: f["owner"].By,
	}
}

func readDeal(r *reader, at place) *dealRow {
	f := r.t.file.Fields
	c := r.currency()
	row := &dealRow{
		place: at, name: r.text("name"), kind: r.dealType(),
		account: r.text("account"), accountBy: f["account"].By, owner: r.text("owner"), ownerBy: f["owner"].By,
		stage: r.stage(), currency: c, amount: r.money("amount", c), recurring: r.money("recurringAmount", c),
		closeDate: r.day("closeDate"), nextStep: r.optional("nextStep"),
	}
	row.readVersions(r)
	return row
}

// readVersions dates the deal's versions, and rejects dates that run backwards or do not lead to the row's own stage.
func (d *dealRow) readVersions(r *reader) {
	var empty []string
	bad := len(r.bad)
	for _, v := range r.t.file.Versions {
		day := r.dayIn(v.From)
		if day == "" {
			empty = append(empty, v.From)
			continue
		}
		stage := d.stage
		if v.Stage != "" {
			stage = r.m.Pipeline.keyed(v.Stage)
		}
		if n := len(d.versions); n > 0 && day < d.versions[n-1].day {
			r.reject(v.From, "%s lies before %s, which is %s", day, d.versions[n-1].column, d.versions[n-1].day)
		}
		d.versions = append(d.versions, datedVersion{day, v.From, stage, v.Unknown})
	}
	if d.stage == nil || len(r.bad) > bad {
		return // what follows would only repeat it
	}
	_, column := r.raw("stage")
	n := len(d.versions)
	switch {
	case n == 0 && d.stage.Kind != crm.Open:
		r.reject(column, "the deal is in the closed stage %s, but no column says since when (%s)", d.stage.Name, strings.Join(unique(empty), ", "))
	case n > 0 && d.versions[n-1].stage != d.stage:
		r.reject(column, "the deal is in %s, but by its dates it is in %s since %s", d.stage.Name, d.versions[n-1].stage.Name, d.versions[n-1].day)
	}
}
