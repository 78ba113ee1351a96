package access

import (
	"crypto/sha256"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"
	"github.com/casbin/casbin/v2/persist"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/ententehq/entente/internal/id"
)

//go:embed model.conf
var modelText string

//go:embed builtin.csv
var builtinText string

// Role is a set of permissions with a name that people use.
type Role string

// The built-in roles.
const (
	Sales        Role = "SALES"
	SalesManager Role = "SALES_MANAGER"
	Ops          Role = "OPS"
	CS           Role = "CS"
	Leadership   Role = "LEADERSHIP"
	Finance      Role = "FINANCE"
	Admin        Role = "ADMIN"
	Integration  Role = "INTEGRATION" // grants nothing by itself: its token lists what it may
)

// Roles are all roles, in the order in which they are shown.
var Roles = []Role{Sales, SalesManager, Ops, CS, Leadership, Finance, Admin, Integration}

// Reach says which rows a permission covers.
type Reach string

// The reaches, from narrow to wide. Several of them make a union.
const (
	Own       Reach = "own"        // what one owns
	Credited  Reach = "credited"   // deals one is credited for
	Team      Reach = "team"       // of the teams one manages or is in, and those below them
	Territory Reach = "territory"  // of the territories one is assigned, and those below them
	Customers Reach = "customers"  // accounts one is CSM of, and their deals
	Won       Reach = "won"        // won deals
	CSVisible Reach = "cs_visible" // deals in stages marked visible to CS
	All       Reach = "all"        // everything of the org
)

var reaches = []Reach{Own, Credited, Team, Territory, Customers, Won, CSVisible, All}

// reachSet is a union of reaches, a bit each in the order of reaches.
type reachSet uint8

func setOf(r Reach) reachSet {
	i := slices.Index(reaches, r)
	if i < 0 {
		return 0
	}
	return 1 << i
}

func (s reachSet) has(r Reach) bool { return s&setOf(r) != 0 }

// Permission is what one asks for: an action on a kind of object.
type Permission struct{ Object, Action string }

func (p Permission) String() string { return p.Object + ":" + p.Action }

// Rule is one row of the policy.
type Rule struct {
	Role   Role   `db:"role"`
	Object string `db:"object"`
	Action string `db:"action"`
	Reach  Reach  `db:"reach"`
}

// Builtin is the policy that an org starts from.
var Builtin = parseBuiltin()

// known are all permissions that any part of the program asks for: those of the built-in policy.
var known = func() map[Permission]bool {
	m := map[Permission]bool{}
	for _, r := range Builtin {
		m[Permission{r.Object, r.Action}] = true
	}
	return m
}()

// Known tells whether the permission exists.
func Known(object, action string) bool { return known[Permission{object, action}] }

func parseBuiltin() []Rule {
	var out []Rule
	for line := range strings.Lines(builtinText) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		f := strings.Split(line, ", ")
		out = append(out, Rule{Role(f[0]), f[1], f[2], Reach(f[3])})
	}
	return out
}

// decisions are casbin's answers for one subject, compiled: looking one up costs no casbin.
type decisions map[Permission]reachSet

// newEnforcer makes casbin ready over an adapter; nil makes an empty one.
func newEnforcer(a persist.Adapter) (*casbin.SyncedEnforcer, error) {
	m, err := model.NewModelFromString(modelText)
	if err != nil {
		return nil, fmt.Errorf("read the access model: %w", err)
	}
	params := []any{m}
	if a != nil {
		params = append(params, a)
	}
	e, err := casbin.NewSyncedEnforcer(params...)
	if err != nil {
		return nil, fmt.Errorf("load the access policy: %w", err)
	}
	return e, nil
}

// compiled keeps casbin's answers by the rows they were given for. An org's people change far more often than its
// policy, and most orgs have the built-in one.
var compiled = func() *lru.Cache[[sha256.Size]byte, decisions] {
	c, err := lru.New[[sha256.Size]byte, decisions](1_000)
	if err != nil {
		panic(err) // only for a size below one
	}
	return c
}()

// compile asks casbin about every row that names the subject. The effect is some(allow) and the matcher compares for
// equality, so what no row of the subject names is not granted and need not be asked.
func compile(all *casbin.SyncedEnforcer, subject string, org id.Org) (decisions, error) {
	rows, err := all.GetFilteredPolicy(0, subject, org.String())
	if err != nil {
		return nil, fmt.Errorf("read the policy of %s: %w", subject, err)
	}
	slices.SortFunc(rows, func(a, b []string) int { return slices.Compare(a[2:], b[2:]) })
	hash := sha256.New()
	for _, r := range rows {
		fmt.Fprintf(hash, "%q\n", r[2:])
	}
	key := [sha256.Size]byte(hash.Sum(nil))
	if d, ok := compiled.Get(key); ok {
		return d, nil
	}
	d, err := ask(rows, subject, org)
	if err == nil {
		compiled.Add(key, d)
	}
	return d, err
}

// ask lets casbin decide each of the subject's rows, among these rows alone: others cannot change the answer.
func ask(rows [][]string, subject string, org id.Org) (decisions, error) {
	e, err := newEnforcer(nil)
	if err != nil {
		return nil, err
	}
	if _, err := e.AddPolicies(rows); err != nil {
		return nil, fmt.Errorf("compile the policy of %s: %w", subject, err)
	}
	d := decisions{}
	for _, r := range rows {
		ok, err := e.Enforce(subject, org.String(), r[2], r[3], r[4])
		if err != nil {
			return nil, fmt.Errorf("decide %s for %s: %w", r[2:], subject, err)
		}
		if ok {
			d[Permission{r[2], r[3]}] |= setOf(Reach(r[4]))
		}
	}
	return d, nil
}
