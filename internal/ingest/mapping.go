package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/money"
)

// Mapping says how the files of one system become records. It is written by a person; docs/imports.md explains every
// key.
type Mapping struct {
	System     string         `yaml:"system"`     // whose ids the files hold: the system of external ids
	Currency   money.Currency `yaml:"currency"`   // of money without a currency of its own
	DateFormat string         `yaml:"dateFormat"` // "" has it proven from each file
	Pipeline   *Pipeline      `yaml:"pipeline"`
	Files      []File         `yaml:"files"`
}

// Pipeline is where the deals go, made when the org has none of the key.
type Pipeline struct {
	Key    string  `yaml:"key"`
	Name   string  `yaml:"name"`
	Stages []Stage `yaml:"stages"` // in order
}

// Stage is a stage of the pipeline. Is lists what the files call it, apart from its key and its name.
type Stage struct {
	Key              string        `yaml:"key"`
	Name             string        `yaml:"name"`
	Is               []string      `yaml:"is"`
	Kind             crm.StageKind `yaml:"kind"`
	Probability      money.Decimal `yaml:"probability"`
	ForecastCategory string        `yaml:"forecastCategory"`
	CSVisible        bool          `yaml:"csVisible"`
}

// File maps one file: a row of it is one record of the entity.
type File struct {
	Name       string                       `yaml:"file"` // a pattern: sales_pipeline*.csv
	Entity     Entity                       `yaml:"entity"`
	ExternalID string                       `yaml:"externalId"` // the column that identifies a row
	DateFormat string                       `yaml:"dateFormat"` // overrides the mapping's
	Aliases    map[string]map[string]string `yaml:"aliases"`    // by column: what a cell says, and what it means
	Fields     map[string]Value             `yaml:"fields"`
	Versions   []Version                    `yaml:"versions"` // of deals, oldest first
}

// Value says where a field's value comes from: exactly one of a column, a template and a constant.
type Value struct {
	Column   string   `yaml:"column"`
	Template []string `yaml:"template"` // "{product} – {account}"; the first one whose columns are all filled
	Constant string   `yaml:"constant"`
	By       string   `yaml:"by"`   // of references: externalId or name
	Unit     string   `yaml:"unit"` // of money: what 1 in the file stands for, "1000000" for millions
}

// Version dates one version of a deal by a column; a row that leaves the column empty has no such version.
type Version struct {
	From    string   `yaml:"from"`
	Stage   string   `yaml:"stage"`   // a stage's key; "" is the stage that the row itself names
	Unknown []string `yaml:"unknown"` // fields whose values came later
}

// The ways of a reference.
const (
	byExternalID = "externalId"
	byName       = "name"
)

// LoadMapping reads a mapping from a file. Errors: BAD_INPUT, with the line of each fault.
func LoadMapping(path string) (*Mapping, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, errs.New(errs.BadInput, "The mapping cannot be read: %v.", err)
	}
	m, err := ParseMapping(text)
	var bad *errs.Error
	if errors.As(err, &bad) {
		return nil, errs.New(errs.BadInput, "%s: %s", filepath.Base(path), bad.Message)
	}
	return m, err
}

// ParseMapping reads a mapping. Unknown keys are refused. Errors: BAD_INPUT, with the line of each fault.
func ParseMapping(text []byte) (*Mapping, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(text, &root); err != nil {
		return nil, explainYAML(err)
	}
	m := &Mapping{}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(m); err != nil {
		return nil, explainYAML(err)
	}
	if err := d.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		return nil, errs.New(errs.BadInput, "A mapping is one YAML document. Take out what follows the line \"---\".")
	}
	c := checker{root: &root, m: m}
	if c.mapping(); len(c.faults) > 0 {
		return nil, errs.New(errs.BadInput, "The mapping cannot be used as it is:\n  %s", strings.Join(c.faults, "\n  "))
	}
	return m, nil
}

var unknownKey = regexp.MustCompile(`^line (\d+): field (.+) not found in type .*$`)

// explainYAML says in the words of a mapping what the decoder says in those of Go.
func explainYAML(err error) error {
	if errors.Is(err, io.EOF) {
		return errs.New(errs.BadInput, "The mapping is empty. Start from one in examples/mappings.")
	}
	lines := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	var typed *yaml.TypeError
	if errors.As(err, &typed) {
		lines = typed.Errors
	}
	for i, l := range lines {
		lines[i] = unknownKey.ReplaceAllString(l, `line $1: there is no key "$2" here; docs/imports.md lists the keys`)
	}
	return errs.New(errs.BadInput, "The mapping cannot be read:\n  %s", strings.Join(lines, "\n  "))
}

var placeholder = regexp.MustCompile(`\{([^{}]+)\}`)

// placeholders are the columns that a template names.
func placeholders(template string) []string {
	var out []string
	for _, m := range placeholder.FindAllStringSubmatch(template, -1) {
		out = append(out, m[1])
	}
	return out
}

// columns are all columns that the file must have, each with the key of the mapping that asks for it.
func (f *File) columns() []needed {
	out := []needed{{f.ExternalID, "externalId"}}
	for _, field := range f.Entity.fields() {
		v, mapped := f.Fields[field.name]
		if !mapped {
			continue
		}
		if v.Column != "" {
			out = append(out, needed{v.Column, "fields." + field.name})
		}
		for _, t := range v.Template {
			for _, c := range placeholders(t) {
				out = append(out, needed{c, "fields." + field.name})
			}
		}
	}
	for i, v := range f.Versions {
		out = append(out, needed{v.From, fmt.Sprintf("versions[%d].from", i)})
	}
	for _, c := range sortedKeys(f.Aliases) {
		out = append(out, needed{c, "aliases." + c})
	}
	return out
}

// dateColumns are the columns that hold days.
func (f *File) dateColumns() []string {
	var out []string
	for _, field := range f.Entity.fields() {
		if v := f.Fields[field.name]; field.kind == dayField && v.Column != "" {
			out = append(out, v.Column)
		}
	}
	for _, v := range f.Versions {
		out = append(out, v.From)
	}
	return unique(out)
}

type needed struct{ column, by string }
