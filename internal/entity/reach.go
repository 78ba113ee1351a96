package entity

import (
	"fmt"

	"github.com/ententehq/entente/internal/id"
)

// Reach says for each reach of the access policy which rows it covers. Each condition has two renderings: SQL for
// statements, and Go over the columns loaded with a row, for what has the row in hand already. A reach that is not named
// covers no row.
type Reach[T any] map[string]Condition[T]

// Condition is one reach of an entity.
type Condition[T any] struct {
	sql   string
	holds func(row *T, asker Asker) bool
}

// Set is a set of ids that belongs to the asker.
type Set string

// The sets.
const (
	Me          Set = "me"          // the asker alone
	Teams       Set = "teams"       // the teams one manages or is in, and those below them
	Members     Set = "members"     // the people of those teams, and the asker
	Territories Set = "territories" // the territories one is assigned, and those below them
	Customers   Set = "customers"   // the accounts one is CSM of
	CSStages    Set = "cs_stages"   // the stages that are marked visible to CS
)

// Asker tells whether an id is in one of the asker's sets.
type Asker interface{ Has(s Set, u id.UUID) bool }

// In covers the rows whose column holds an id of the asker's set.
func In[T any](set Set, column string, value func(*T) id.UUID) Condition[T] {
	return Condition[T]{membership(set, column), func(row *T, asker Asker) bool {
		u := value(row)
		return !u.IsZero() && asker.Has(set, u)
	}}
}

// membership renders a column's membership in a set. What the access snapshot holds is sent along; accounts and stages
// are looked up where they are.
func membership(set Set, column string) string {
	switch set {
	case Me:
		return column + " = {me}"
	case Customers:
		return column + " in (select mine.id from account mine where mine.org_id = {org} and mine.csm_id = {me})"
	case CSStages:
		return column + " in (select seen.id from stage seen where seen.org_id = {org} and seen.cs_visible)"
	}
	return fmt.Sprintf("%s = any({%s})", column, set)
}

// When covers the rows of which something holds, whoever asks.
func When[T any](sql string, holds func(*T) bool) Condition[T] {
	return Condition[T]{sql, func(row *T, _ Asker) bool { return holds(row) }}
}

// predicates are the SQL renderings by reach.
func (r Reach[T]) predicates() Predicates {
	out := make(Predicates, len(r))
	for name, c := range r {
		out[name] = c.sql
	}
	return out
}

// Predicates are an entity's reaches as SQL over its row. Placeholders stand for the asker: {me}, {teams}, {members},
// {territories}; {org} for the org.
type Predicates map[string]string

// Covers tells of a row in hand whether the scope covers it.
func (e *Entity[T]) Covers(sc Scope, asker Asker, row *T) bool {
	for _, reach := range sc.Reaches() {
		if c, described := e.reach[reach]; reach == "all" || described && c.holds(row, asker) {
			return true
		}
	}
	return false
}
