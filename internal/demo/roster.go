package demo

import "github.com/ententehq/entente/internal/access"

// entry is a person of the roster. People are the same whatever the seed, so that texts and tests may name them.
type entry struct {
	name, title string
	team        string // the key of the team they are in today
	roles       []access.Role
	territory   string
	skill       int // of those who sell: 1 struggles, 2 does well, 3 leads the board
}

// midMarket is the team whose deals are smaller.
const midMarket = "mid_market"

var (
	rep        = []access.Role{access.Sales}
	manager    = []access.Role{access.SalesManager}
	ops        = []access.Role{access.Ops}
	cs         = []access.Role{access.CS}
	leadership = []access.Role{access.Leadership}
	finance    = []access.Role{access.Finance}
	admin      = []access.Role{access.Admin}
)

var roster = []entry{
	{"Ruth Adler", "Chief Executive Officer", "executive", leadership, "", 0},
	{"Helen Park", "Chief Financial Officer", "executive", []access.Role{access.Leadership, access.Finance}, "", 0},
	{"Victor Almeida", "Chief Revenue Officer", "revenue", leadership, "", 0},

	{"Carmen Reyes", "VP Sales, Americas", "sales_americas", manager, "americas", 0},
	{"Marcus Bell", "Sales Manager, Americas East", "americas_east", manager, "us_east", 0},
	{"Priya Raman", "Senior Account Executive", "americas_east", rep, "us_east", 3},
	{"Jonah Whitfield", "Account Executive", "americas_east", rep, "us_east", 2},
	{"Keisha Daniels", "Senior Account Executive", "americas_east", rep, "us_east", 3},
	{"Tom Kowalski", "Account Executive", "americas_east", rep, "us_east", 1},
	{"Elena Marchetti", "Account Executive", "americas_east", rep, "us_east", 2},
	{"Andre Baptiste", "Account Executive", "americas_east", rep, "us_east", 2},

	{"Hannah Nakamura", "Sales Manager, Americas West", "americas_west", manager, "us_west", 0},
	{"Diego Fuentes", "Senior Account Executive", "americas_west", rep, "us_west", 3},
	{"Rachel Stein", "Account Executive", "americas_west", rep, "us_west", 2},
	{"Wes Calloway", "Account Executive", "americas_west", rep, "us_west", 1},
	{"Mei-Ling Chao", "Account Executive", "americas_west", rep, "us_west", 2},
	{"Omar Haddad", "Account Executive", "americas_west", rep, "us_west", 2},
	{"Colin Frazier", "Account Executive", "americas_west", rep, "us_west", 1},

	{"Sofia Delgado", "Sales Manager, Mid-Market", midMarket, manager, "americas_other", 0},
	{"Tyler Brandt", "Account Executive, Mid-Market", midMarket, rep, "us_east", 1},
	{"Naomi Osei", "Account Executive, Mid-Market", midMarket, rep, "us_east", 2},
	{"Grace Lindholm", "Account Executive, Mid-Market", midMarket, rep, "us_west", 2},
	{"Rafael Costa", "Account Executive, Mid-Market", midMarket, rep, "us_west", 3},
	{"Isabelle Tremblay", "Account Executive, Canada", midMarket, rep, "americas_other", 2},
	{"Javier Montoya", "Account Executive, Latin America", midMarket, rep, "americas_other", 2},
	{"Brianna Hughes", "Associate Account Executive", midMarket, rep, "americas_other", 1},

	{"Alasdair Munro", "Sales Director, International", "europe_north", manager, "international", 0},
	{"Ingrid Solheim", "Senior Account Executive", "europe_north", rep, "europe_north", 3},
	{"Declan Byrne", "Account Executive", "europe_north", rep, "europe_north", 2},
	{"Charlotte Ashworth", "Account Executive", "europe_north", rep, "europe_north", 2},
	{"Mikael Virtanen", "Account Executive", "europe_north", rep, "europe_north", 1},
	{"Oluwaseun Adeyemi", "Account Executive", "europe_north", rep, "europe_north", 2},

	{"Katharina Vogel", "Sales Manager, Europe Central", "europe_central", manager, "europe_central", 0},
	{"Lukas Brenner", "Account Executive", "europe_central", rep, "europe_central", 2},
	{"Chiara Fontana", "Senior Account Executive", "europe_central", rep, "europe_central", 3},
	{"Pieter van Dijk", "Account Executive", "europe_central", rep, "europe_central", 1},
	{"Freya Lindqvist", "Account Executive", "europe_central", rep, "europe_central", 2},
	{"Amélie Rousseau", "Account Executive", "europe_central", rep, "europe_central", 2},

	{"Kenji Watanabe", "Sales Manager, Asia-Pacific", "asia_pacific", []access.Role{access.Sales, access.SalesManager}, "asia_pacific", 0},
	{"Yuki Tanabe", "Account Executive", "asia_pacific", rep, "asia_pacific", 2},
	{"Arjun Mehta", "Senior Account Executive", "asia_pacific", rep, "asia_pacific", 3},
	{"Sienna Walsh", "Account Executive", "asia_pacific", rep, "asia_pacific", 2},
	{"Min-jun Park", "Account Executive", "asia_pacific", rep, "asia_pacific", 1},
	{"Linh Tran", "Account Executive", "asia_pacific", rep, "asia_pacific", 2},

	{"Dana Ortiz", "Director of Revenue Operations", "revenue_operations", ops, "", 0},
	{"Samuel Greene", "Revenue Operations Analyst", "revenue_operations", ops, "", 0},
	{"Noor Rahimi", "Revenue Systems Manager", "revenue_operations", []access.Role{access.Ops, access.Admin}, "", 0},

	{"Beatriz Carvalho", "Head of Customer Success", "customer_success", cs, "", 0},
	{"Leo Hartmann", "Customer Success Manager", "customer_success", cs, "", 0},
	{"Aisha Farouk", "Customer Success Manager", "customer_success", cs, "", 0},
	{"Ben Castellano", "Customer Success Manager", "customer_success", cs, "", 0},
	{"Tara McKenna", "Senior Customer Success Manager", "customer_success", cs, "", 0},
	{"Hugo Bergström", "Customer Success Manager", "customer_success", cs, "", 0},
	{"Wanjiru Kamau", "Customer Success Manager", "customer_success", cs, "", 0},
	{"Daniel Cho", "Customer Success Manager", "customer_success", cs, "", 0},

	{"Grant Sullivan", "Commissions Accountant", "finance", finance, "", 0},
	{"Mina Petrova", "Financial Controller", "finance", finance, "", 0},
	{"Ravi Shah", "Business Systems Administrator", "business_systems", admin, "", 0},
}

// What changed among the people within the last months, by name.
var (
	joined = map[string]int{"Brianna Hughes": 6, "Amélie Rousseau": 9} // months ago
	left   = map[string]int{"Colin Frazier": 4}
	moved  = map[string]struct {
		monthsAgo       int
		team, territory string // where they were before
	}{
		"Andre Baptiste":  {7, midMarket, "us_east"},
		"Omar Haddad":     {5, midMarket, "us_west"},
		"Freya Lindqvist": {8, "europe_north", "europe_north"},
	}
)

var teamTree = []struct{ key, name, parent, manager string }{
	{"executive", Name, "", "Ruth Adler"},
	{"revenue", "Revenue", "executive", "Victor Almeida"},
	{"sales_americas", "Sales Americas", "revenue", "Carmen Reyes"},
	{"americas_east", "Americas East", "sales_americas", "Marcus Bell"},
	{"americas_west", "Americas West", "sales_americas", "Hannah Nakamura"},
	{midMarket, "Americas Mid-Market", "sales_americas", "Sofia Delgado"},
	{"sales_international", "Sales International", "revenue", "Alasdair Munro"},
	{"europe_north", "Europe North", "sales_international", "Alasdair Munro"},
	{"europe_central", "Europe Central", "sales_international", "Katharina Vogel"},
	{"asia_pacific", "Asia-Pacific", "sales_international", "Kenji Watanabe"},
	{"revenue_operations", "Revenue Operations", "revenue", "Dana Ortiz"},
	{"customer_success", "Customer Success", "revenue", "Beatriz Carvalho"},
	{"finance", "Finance", "executive", "Helen Park"},
	{"business_systems", "Business Systems", "executive", "Ravi Shah"},
}

var territoryTree = []struct {
	key, name, parent string
	accounts          int // of 100
	countries         []string
}{
	{"americas", "Americas", "", 0, nil},
	{"us_east", "US East", "americas", 26, []string{"United States"}},
	{"us_west", "US West", "americas", 23, []string{"United States"}},
	{"americas_other", "Canada and Latin America", "americas", 10, []string{"Canada", "Canada", "Mexico", "Brazil"}},
	{"international", "International", "", 0, nil},
	{"europe_north", "Northern Europe", "international", 16, []string{"United Kingdom", "United Kingdom", "Ireland", "Sweden", "Norway", "Denmark", "Finland"}},
	{"europe_central", "Central and Southern Europe", "international", 14, []string{"Germany", "Germany", "Netherlands", "France", "Italy", "Spain", "Switzerland", "Austria"}},
	{"asia_pacific", "Asia-Pacific", "international", 11, []string{"Japan", "Japan", "Australia", "Singapore", "South Korea", "India"}},
}
