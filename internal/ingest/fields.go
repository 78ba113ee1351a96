package ingest

import (
	"cmp"
	"maps"
	"slices"
)

// Entity is what a row of a file is.
type Entity string

// The entities that a mapping can feed.
const (
	People   Entity = "people" // users with their manager, team and territory
	Accounts Entity = "account"
	Deals    Entity = "deal"
)

// entities is the order in which they are written: each refers to earlier ones only.
var entities = []Entity{People, Accounts, Deals}

type fieldKind int

const (
	textField fieldKind = iota
	countField
	moneyField
	dayField
	refField      // names another record, by its external id or its name
	stageField    // names a stage of the mapping's pipeline
	typeField     // a deal's type
	roleField     // an access role
	currencyField // a code of ISO 4217
)

type fieldSpec struct {
	name     string
	kind     fieldKind
	required bool
	max      int // characters of a text; zero has no bound
}

const maxName = 200

var fieldsOf = map[Entity][]fieldSpec{
	People: {
		{name: "name", required: true, max: maxName},
		{name: "email", max: 320},
		{name: "title", max: maxName},
		{name: "role", kind: roleField},
		{name: "manager", kind: refField},
		{name: "managerRole", kind: roleField},
		{name: "team", max: maxName},
		{name: "territory", max: maxName},
	},
	Accounts: {
		{name: "name", required: true, max: maxName},
		{name: "industry", max: maxName},
		{name: "country", max: maxName},
		{name: "website", max: 2000},
		{name: "employees", kind: countField},
		{name: "currency", kind: currencyField},
		{name: "annualRevenue", kind: moneyField},
		{name: "parent", kind: refField},
		{name: "owner", kind: refField},
	},
	Deals: {
		{name: "name", required: true, max: 300},
		{name: "type", kind: typeField},
		{name: "account", kind: refField},
		{name: "owner", kind: refField, required: true},
		{name: "stage", kind: stageField, required: true},
		{name: "currency", kind: currencyField},
		{name: "amount", kind: moneyField},
		{name: "recurringAmount", kind: moneyField},
		{name: "closeDate", kind: dayField},
		{name: "nextStep", max: 2000},
	},
}

// laterFields are those of a deal that an early version may not know yet.
var laterFields = []string{"amount", "recurringAmount", "closeDate", "nextStep"}

func (e Entity) fields() []fieldSpec { return fieldsOf[e] }

func (e Entity) field(name string) (fieldSpec, bool) {
	i := slices.IndexFunc(fieldsOf[e], func(f fieldSpec) bool { return f.name == name })
	if i < 0 {
		return fieldSpec{}, false
	}
	return fieldsOf[e][i], true
}

// FieldNames lists the fields that a mapping can feed, in the order of the documentation.
func FieldNames(e Entity) []string {
	var out []string
	for _, f := range fieldsOf[e] {
		out = append(out, f.name)
	}
	return out
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// unique drops repetitions and keeps the order.
func unique(list []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}
