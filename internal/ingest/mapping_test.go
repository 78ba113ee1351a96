package ingest_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/ingest"
)

const people = `system: acme
currency: EUR
files:
  - file: people.csv
    entity: people
    externalId: Id
    fields:
      name: {column: Name}
`

// mappingFaults are mappings and what must be said of them.
var mappingFaults = map[string]struct {
	text string
	want []string
}{
	"empty":        {"", []string{"The mapping is empty"}},
	"unknown keys": {people + "      email: {colum: Mail}\nfile: x\n", []string{`line 9: there is no key "colum" here`, `line 10: there is no key "file" here`}},
	"no yaml":      {"system: [", []string{"line 1"}},
	"two":          {people + "---\nsystem: x\n", []string{"one YAML document"}},
	"type":         {strings.Replace(people, "currency: EUR", "currency: [EUR]", 1), []string{"line 2: cannot unmarshal"}},
	"values": {strings.NewReplacer("acme", "Acme!", "EUR", "euro", "people.csv", "in/people.csv", "externalId: Id", `externalId: ""`).Replace(people), []string{
		`line 1: system: "Acme!" cannot name a system`, `line 2: currency: "euro" is not a currency`,
		`line 4: files.0.file: "in/people.csv" is not a file name`, `line 6: files.0.externalId: name the column`,
	}},
	"fields": {people + `      nickname: {column: Nick}
      role: {constant: BOSS}
      manager: {column: Boss}
      email: {column: Mail, by: name}
      title: {column: A, constant: B}
      team: {}
      territory: {column: Region, unit: 5}
    versions:
      - from: Since
    dateFormat: yy
`, []string{
		`line 9: files.0.fields.nickname: people has no such field; its fields are name, email`,
		`line 10: files.0.fields.role.constant: "BOSS" is not a role of a person`,
		`line 11: files.0.fields.manager.by: a reference, and only a reference, says by what`,
		`line 12: files.0.fields.email.by: a reference`,
		`line 13: files.0.fields.title: give exactly one of column, template and constant`,
		`line 14: files.0.fields.team: give exactly one`,
		`line 15: files.0.fields.territory.unit: a unit is`,
		`line 16: files.0.versions: only deals have versions`,
		`line 18: files.0.dateFormat: "yy" is not a date format`,
	}},
	"deals": {`system: acme
currency: EUR
pipeline:
  key: sales
  name: Sales
  stages:
    - {key: a, name: A, kind: MAYBE, probability: 1.5, forecastCategory: HOPE, is: [B]}
    - {key: b, name: B, kind: WON, probability: 1, forecastCategory: CLOSED}
files:
  - file: deals.csv
    entity: deal
    externalId: Id
    aliases:
      Stage: {x: A, X: B}
      stage: {y: A}
    fields:
      name: {column: Name}
      stage: {constant: c}
    versions:
      - {stage: z, unknown: [owner]}
`, []string{
		`line 7: pipeline.stages.0.kind: a stage is OPEN, WON or LOST, not "MAYBE"`,
		`line 7: pipeline.stages.0.probability: a probability is a number from 0 to 1`,
		`line 7: pipeline.stages.0.forecastCategory: "HOPE" is not a forecast category`,
		`line 8: pipeline.stages.1: "b" stands for the stage "a" already`,
		`line 14: files.0.aliases.Stage.x: this value is here twice`,
		`line 15: files.0.aliases.stage: this column is here twice`,
		`line 18: files.0.fields.stage.constant: the pipeline has no stage "c"`,
		`line 16: files.0.fields: deal needs the field owner`,
		`line 20: files.0.versions.0.from: name the column`,
		`line 20: files.0.versions.0.stage: the pipeline has no stage with the key "z"`,
		`line 20: files.0.versions.0.unknown: "owner" cannot be unknown`,
	}},
	"no pipeline": {strings.Replace(people, "entity: people", "entity: deal", 1), []string{"line 5: files.0.entity: deals need a pipeline"}},
	"no entity":   {strings.Replace(people, "entity: people", "entity: lead", 1), []string{`line 5: files.0.entity: "lead" is not an entity`}},
}

func TestMappingFaults(t *testing.T) {
	t.Parallel()
	for name, c := range mappingFaults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ingest.ParseMapping([]byte(c.text))
			require.Error(t, err)
			assert.Equal(t, errs.BadInput, errs.CodeOf(err))
			for _, want := range c.want {
				assert.Contains(t, err.Error(), want)
			}
		})
	}
}

func TestMappingFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "m.yaml")
	_, err := ingest.LoadMapping(path)
	assert.ErrorContains(t, err, "The mapping cannot be read")
	require.NoError(t, os.WriteFile(path, []byte(people+"x: 1\n"), 0o600))
	_, err = ingest.LoadMapping(path)
	assert.ErrorContains(t, err, `m.yaml: The mapping cannot be read`)
	assert.ErrorContains(t, err, `line 9: there is no key "x" here`)
}

const ownMapping = people + `      email: {column: Mail}
      manager: {column: Boss, by: externalId}
  - file: companies.csv
    entity: account
    externalId: Id
    aliases:
      Parent: {"000000000000000AAA": ""}
    fields:
      name: {column: Name}
      owner: {column: Owner, by: externalId}
      parent: {column: Parent, by: name}
      currency: {column: Currency}
      annualRevenue: {column: Revenue}
`

// TestOwnMapping runs a mapping that uses what the example does not: ids of people, managers by id, e-mail addresses,
// currencies by row, references by name, owners of accounts.
func TestOwnMapping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m, err := ingest.ParseMapping([]byte(ownMapping))
	require.NoError(t, err)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"people.csv":    "Id,Name,Mail,Boss\n1,Ann,ANN@acme.test,2\n2,Bea,bea@acme.test,2\n3,Cy,ann@acme.test,\n4,Dee,dee,1\n5,Eve,,9\n6,Fay,,5\n7,Ann,,\n",
		"companies.csv": "Id,Name,Owner,Parent,Currency,Revenue\nb,Branch,2,head,JPY,12\nh,Head,1,000000000000000AAA,KWD,1.234\nx,X,5,,EUR,1\n",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	p := ingest.Params{Mapping: m, Paths: []string{dir}}
	s := w.run(p)
	assert.Equal(t, []string{
		`people.csv:4 Mail: "ann@acme.test" is the address of Ann already`,
		`people.csv:5 Mail: "dee" is not an e-mail address`,
		`people.csv:6 Boss: no user has the external id "9", in the files or in the org`,
		`people.csv:7 Boss: no user has the external id "5", in the files or in the org`,
		`companies.csv:4 Owner: no user has the external id "5", in the files or in the org`,
	}, reasons(s))
	assert.Equal(t, ingest.Count{Entity: "user", Read: 7, Created: 3, Rejected: 4}, s.Count("user"))
	var got []struct {
		Name, Owner, Currency string
		Revenue               int64
		Parent                *string
	}
	w.read(&got, `
		select a.name, u.name as owner, a.currency, a.annual_revenue as revenue, p.name as parent
		  from account a
		  join app_user u on u.id = a.owner_id
		  left join account p on p.id = a.parent_id
		 order by a.name`)
	require.Len(t, got, 2)
	assert.Equal(t, []any{"Branch", "Bea", "JPY", int64(12), "Head"}, []any{got[0].Name, got[0].Owner, got[0].Currency, got[0].Revenue, *got[0].Parent})
	assert.Equal(t, []any{"Head", "Ann", "KWD", int64(1234)}, []any{got[1].Name, got[1].Owner, got[1].Currency, got[1].Revenue})

	again := w.run(p)
	assert.Zero(t, again.Created())
	assert.Equal(t, reasons(s), reasons(again))
	assert.Contains(t, again.String(), "Nothing new was created.")

	require.NoError(t, os.WriteFile(filepath.Join(dir, "companies.csv"), []byte("Id,Name,Owner,Parent,Currency,Revenue\nn,New,1,HEAD,,\n"), 0o600))
	w.run(p)
	assert.EqualValues(t, 1, w.count(`
		select count(*)
		  from account a
		  join account p on p.id = a.parent_id
		 where a.name = 'New' and p.name = 'Head' and a.annual_revenue is null and a.currency = 'EUR'`))
}

// TestDocumentation holds docs/imports.md to the truth: its example is a mapping, and it explains every key and field.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "imports.md"))
	require.NoError(t, err)
	text := string(raw)
	_, example, found := strings.Cut(text, "```yaml\n")
	require.True(t, found)
	example, explained, found := strings.Cut(example, "```\n")
	require.True(t, found)
	m, err := ingest.ParseMapping([]byte(example))
	require.NoError(t, err)
	assert.Len(t, m.Files, 3)
	for _, s := range []any{ingest.Mapping{}, ingest.Pipeline{}, ingest.Stage{}, ingest.File{}, ingest.Value{}, ingest.Version{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(s)) {
			assert.Contains(t, explained, "`"+f.Tag.Get("yaml")+"`")
		}
	}
	for _, e := range []ingest.Entity{ingest.People, ingest.Accounts, ingest.Deals} {
		for _, name := range ingest.FieldNames(e) {
			assert.Contains(t, explained, "`"+name+"`", e)
		}
	}
}
