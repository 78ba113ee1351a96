package ingest

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/money"
)

// checker collects what is wrong with a mapping, each with its line.
type checker struct {
	root   *yaml.Node
	m      *Mapping
	faults []string
}

// fault reports something about the value at the path: keys of maps and indexes of lists, with dots between.
func (c *checker) fault(at, format string, args ...any) {
	where := fmt.Sprintf("line %d", lineOf(c.root, strings.Split(at, "\x00")))
	c.faults = append(c.faults, where+": "+strings.ReplaceAll(at, "\x00", ".")+": "+fmt.Sprintf(format, args...))
}

// at joins the parts of a path; file and column names may hold dots themselves.
func at(parts ...any) string {
	s := make([]string, len(parts))
	for i, p := range parts {
		s[i] = fmt.Sprint(p)
	}
	return strings.Join(s, "\x00")
}

// lineOf is the line of the deepest part of the path that the document has.
func lineOf(n *yaml.Node, path []string) int {
	if n.Kind == yaml.DocumentNode && len(n.Content) > 0 {
		return lineOf(n.Content[0], path)
	}
	if n.Kind == yaml.AliasNode {
		return lineOf(n.Alias, path)
	}
	if len(path) == 0 {
		return n.Line
	}
	if i, err := strconv.Atoi(path[0]); err == nil && n.Kind == yaml.SequenceNode && i < len(n.Content) {
		return lineOf(n.Content[i], path[1:])
	}
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == path[0] {
			if len(path) == 1 {
				return n.Content[i].Line
			}
			return lineOf(n.Content[i+1], path[1:])
		}
	}
	return n.Line
}

var keyForm = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)

const keyHelp = "use up to 63 lower-case letters, digits, hyphens and underscores, a letter or digit first"

func (c *checker) mapping() {
	if !keyForm.MatchString(c.m.System) {
		c.fault("system", "%q cannot name a system: %s.", c.m.System, keyHelp)
	}
	if _, err := money.ParseCurrency(string(c.m.Currency)); err != nil {
		c.fault("currency", "%q is not a currency; use a code of ISO 4217 in upper case, such as USD.", c.m.Currency)
	}
	c.dateFormat("dateFormat", c.m.DateFormat)
	if c.m.Pipeline != nil {
		c.pipeline(c.m.Pipeline)
	}
	if len(c.m.Files) == 0 {
		c.fault("files", "name at least one file.")
	}
	for i := range c.m.Files {
		c.file(i, &c.m.Files[i])
	}
}

func (c *checker) dateFormat(at, text string) {
	if text == "" {
		return
	}
	if _, err := parseDateFormat(text); err != nil {
		c.fault(at, "%s", err.Message)
	}
}

func (c *checker) pipeline(p *Pipeline) {
	if !keyForm.MatchString(p.Key) {
		c.fault(at("pipeline", "key"), "%q cannot be a key: %s.", p.Key, keyHelp)
	}
	if n := len(strings.TrimSpace(p.Name)); n == 0 || n > maxName {
		c.fault(at("pipeline", "name"), "give the pipeline a name of up to %d characters.", maxName)
	}
	if len(p.Stages) == 0 {
		c.fault(at("pipeline", "stages"), "name the stages, in order.")
	}
	names := map[string]string{}
	for i, s := range p.Stages {
		c.stage(at("pipeline", "stages", i), s)
		for _, n := range unique(append([]string{fold(s.Key), fold(s.Name)}, folded(s.Is)...)) {
			if other, taken := names[n]; taken {
				c.fault(at("pipeline", "stages", i), "%q stands for the stage %q already.", n, other)
			}
			names[n] = s.Key
		}
	}
}

func (c *checker) stage(where string, s Stage) {
	if !keyForm.MatchString(s.Key) {
		c.fault(at(where, "key"), "%q cannot be a key: %s.", s.Key, keyHelp)
	}
	if n := len(strings.TrimSpace(s.Name)); n == 0 || n > maxName {
		c.fault(at(where, "name"), "give the stage a name of up to %d characters.", maxName)
	}
	if !slices.Contains([]crm.StageKind{crm.Open, crm.Won, crm.Lost}, s.Kind) {
		c.fault(at(where, "kind"), "a stage is OPEN, WON or LOST, not %q.", s.Kind)
	}
	p, err := money.ParseDecimal(string(s.Probability))
	if err != nil || p.IsNegative() || p.GreaterThan(one) || p.Exponent() < -4 {
		c.fault(at(where, "probability"), "a probability is a number from 0 to 1 with at most four decimals, not %q.", s.Probability)
	}
	if known := []string{"OMITTED", "PIPELINE", "BEST_CASE", "COMMIT", "CLOSED"}; !slices.Contains(known, s.ForecastCategory) {
		c.fault(at(where, "forecastCategory"), "%q is not a forecast category; use one of %s.", s.ForecastCategory, strings.Join(known, ", "))
	}
}

func (c *checker) file(i int, f *File) {
	where := at("files", i)
	if _, err := path.Match(f.Name, ""); err != nil || f.Name == "" || strings.ContainsAny(f.Name, `/\`) {
		c.fault(at(where, "file"), "%q is not a file name; write one without a folder, with * for what varies: accounts*.csv.", f.Name)
	}
	if f.ExternalID == "" {
		c.fault(at(where, "externalId"), "name the column that identifies a row, so that a second import finds it again.")
	}
	c.dateFormat(at(where, "dateFormat"), f.DateFormat)
	if !slices.Contains(entities, f.Entity) {
		c.fault(at(where, "entity"), "%q is not an entity; use people, account or deal.", f.Entity)
		return
	}
	for _, name := range sortedKeys(f.Fields) {
		spec, known := f.Entity.field(name)
		if !known {
			c.fault(at(where, "fields", name), "%s has no such field; its fields are %s.", f.Entity, strings.Join(FieldNames(f.Entity), ", "))
			continue
		}
		c.value(at(where, "fields", name), spec, f.Fields[name])
	}
	for _, spec := range f.Entity.fields() {
		if _, mapped := f.Fields[spec.name]; spec.required && !mapped {
			c.fault(at(where, "fields"), "%s needs the field %s.", f.Entity, spec.name)
		}
	}
	c.aliases(where, f)
	c.versions(where, f)
}

func (c *checker) aliases(where string, f *File) {
	columns := map[string]bool{}
	for _, column := range sortedKeys(f.Aliases) {
		if columns[fold(column)] {
			c.fault(at(where, "aliases", column), "this column is here twice; upper and lower case are the same.")
		}
		columns[fold(column)] = true
		seen := map[string]bool{}
		for _, says := range sortedKeys(f.Aliases[column]) {
			if seen[fold(says)] {
				c.fault(at(where, "aliases", column, says), "this value is here twice; upper and lower case are the same.")
			}
			seen[fold(says)] = true
		}
	}
}

func (c *checker) value(where string, spec fieldSpec, v Value) {
	given := 0
	for _, has := range []bool{v.Column != "", len(v.Template) > 0, v.Constant != ""} {
		if has {
			given++
		}
	}
	if given != 1 {
		c.fault(where, "give exactly one of column, template and constant.")
		return
	}
	if v.Unit != "" {
		if u, err := money.ParseDecimal(v.Unit); spec.kind != moneyField || err != nil || !u.IsPositive() {
			c.fault(at(where, "unit"), "a unit is a number above 0, of a money field: \"1000000\" where the file counts millions.")
		}
	}
	if ref := spec.kind == refField; ref && v.By != byExternalID && v.By != byName || !ref && v.By != "" {
		c.fault(at(where, "by"), "a reference, and only a reference, says by what it finds the other record: externalId or name.")
	}
	if len(v.Template) > 0 && spec.kind != textField {
		c.fault(at(where, "template"), "only a text can be composed; use column or constant.")
	}
	if v.Constant != "" {
		c.constant(at(where, "constant"), spec, v.Constant)
	}
}

// constant refuses a value that every row would be rejected for.
func (c *checker) constant(where string, spec fieldSpec, text string) {
	switch spec.kind {
	case roleField:
		if _, ok := parseRole(text); !ok {
			c.fault(where, "%s", notARole(text))
		}
	case typeField:
		if _, ok := parseDealType(text); !ok {
			c.fault(where, "%s", notADealType(text))
		}
	case currencyField:
		if _, err := money.ParseCurrency(text); err != nil {
			c.fault(where, "%q is not a currency; use a code of ISO 4217 in upper case, such as USD.", text)
		}
	case stageField:
		if c.m.Pipeline != nil && c.m.Pipeline.stage(text) == nil {
			c.fault(where, "the pipeline has no stage %q.", text)
		}
	case dayField:
		c.fault(where, "a day comes from a column.")
	case textField, countField, moneyField, refField:
	}
}

func (c *checker) versions(where string, f *File) {
	if f.Entity != Deals {
		if len(f.Versions) > 0 {
			c.fault(at(where, "versions"), "only deals have versions.")
		}
		return
	}
	if c.m.Pipeline == nil {
		c.fault(at(where, "entity"), "deals need a pipeline; describe it at the mapping's top.")
		return
	}
	for i, v := range f.Versions {
		if v.From == "" {
			c.fault(at(where, "versions", i, "from"), "name the column that dates the version.")
		}
		if v.Stage != "" && c.m.Pipeline.keyed(v.Stage) == nil {
			c.fault(at(where, "versions", i, "stage"), "the pipeline has no stage with the key %q.", v.Stage)
		}
		for _, u := range v.Unknown {
			if !slices.Contains(laterFields, u) {
				c.fault(at(where, "versions", i, "unknown"), "%q cannot be unknown; these can: %s.", u, strings.Join(laterFields, ", "))
			}
		}
	}
}

// keyed gives the stage with the key, or nil.
func (p *Pipeline) keyed(key string) *Stage {
	for i := range p.Stages {
		if p.Stages[i].Key == key {
			return &p.Stages[i]
		}
	}
	return nil
}

// stage gives the stage that a file calls so, or nil.
func (p *Pipeline) stage(name string) *Stage {
	for i := range p.Stages {
		s := &p.Stages[i]
		if n := fold(name); n == fold(s.Key) || n == fold(s.Name) || slices.Contains(folded(s.Is), n) {
			return s
		}
	}
	return nil
}

func parseRole(text string) (access.Role, bool) {
	r := access.Role(strings.ToUpper(text))
	return r, r != access.Integration && slices.Contains(access.Roles, r)
}

func notARole(text string) string {
	return fmt.Sprintf("%q is not a role of a person; use SALES, SALES_MANAGER, OPS, CS, LEADERSHIP, FINANCE or ADMIN.", text)
}

func parseDealType(text string) (crm.DealType, bool) {
	t := crm.DealType(strings.ToUpper(text))
	return t, slices.Contains([]crm.DealType{crm.New, crm.Expansion, crm.Renewal}, t)
}

func notADealType(text string) string {
	return fmt.Sprintf("%q is not a type of deal; use NEW, EXPANSION or RENEWAL.", text)
}

// fold is the form in which names are compared: trimmed, and upper and lower case the same.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func folded(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fold(s)
	}
	return out
}
