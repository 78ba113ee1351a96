package access

import (
	"slices"
	"strings"

	"github.com/ententehq/entente/internal/errs"
)

// ofDeals are the reaches of what belongs to a deal; ofPeople of what belongs to a person.
var (
	ofDeals  = reaches
	ofPeople = []Reach{Own, Team, All}
)

// supported says which reaches can be granted on an object: those that its rows can be told by. An object that is not
// named has the reach all only. A reach that no row could meet is refused, since it would look like a grant and be none.
var supported = map[string][]Reach{
	"deal": ofDeals, "activity": ofDeals, "credit": ofDeals,
	"account": {Own, Team, Customers, All}, "contact": {Own, Team, Customers, All},
	"customer": {Own, Credited, Team, Customers, All}, "outcome": {Own, Credited, Team, Customers, All},
	"handoff": {Own, Team, Customers, All},
	"waiver":  ofPeople, "comp_plan": ofPeople, "quota": ofPeople, "payout": ofPeople, "statement": ofPeople,
	"ledger": ofPeople, "dispute": ofPeople, "forecast": ofPeople, "hygiene": ofPeople, "adherence": ofPeople,
	"field_use": ofPeople, "user": ofPeople, "team": ofPeople,
	"saved_query": {Own, All}, "export": {Own, All},
}

// wholly are permissions that are granted on everything or not at all, although their object knows narrower reaches:
// names of people and teams stand on every answer, nobody is there yet to reach, and erasing is for the whole org.
var wholly = map[Permission]bool{
	{"user", "read"}: true, {"team", "read"}: true, {"user", "create"}: true, {"user", "erase"}: true, {"contact", "erase"}: true,
}

// ReachesOf gives the reaches that can be granted on a known permission, from narrow to wide.
func ReachesOf(object, action string) []Reach {
	if of, ok := supported[object]; ok && !wholly[Permission{object, action}] {
		return of
	}
	return []Reach{All}
}

// Permissions are all permissions there are, in the order of the built-in policy.
func Permissions() []Permission { return slices.Clone(catalogue) }

var catalogue = func() []Permission {
	var out []Permission
	for _, r := range Builtin {
		if p := (Permission{r.Object, r.Action}); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}()

// grantable tells why a permission cannot be granted with a reach, nil where it can.
func grantable(object, action string, r Reach) *errs.Error {
	if !Known(object, action) {
		return errs.New(errs.BadInput, "There is no permission %s on %s. permissionPolicy.known lists all there are.", action, object).At("action")
	}
	if of := ReachesOf(object, action); !slices.Contains(of, r) {
		return errs.New(errs.BadInput, "%s on %s cannot reach %q: choose among %s.", action, object, r, join(of)).At("reaches")
	}
	return nil
}

// signs tells whether the permission is to sign a proposal for a side.
func signs(action string) bool { return strings.HasPrefix(action, "sign_") }
