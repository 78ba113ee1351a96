package graph_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// bodyOf is a request's body.
func bodyOf(query string, variables any) string {
	b, _ := json.Marshal(map[string]any{"query": query, "variables": variables})
	return string(b)
}

// chain is n fragments, each of which spreads the next one as spread says.
func chain(n int, spread string) string {
	var b strings.Builder
	b.WriteString("{ ...f0 }")
	for i := range n {
		fmt.Fprintf(&b, " fragment f%d on Query { %s }", i, strings.ReplaceAll(spread, "NEXT", fmt.Sprintf("...f%d", i+1)))
	}
	fmt.Fprintf(&b, " fragment f%d on Query { __typename }", n)
	return b.String()
}

func many(n int, format string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.ReplaceAll(format, "N", fmt.Sprint(i)))
	}
	return b.String()
}

// lists are n lists of m numbers each.
func lists(n, m int) [][]int {
	out := make([][]int, n)
	for i := range out {
		out[i] = make([]int, m)
	}
	return out
}

func nested(open, end string, n int) string { return strings.Repeat(open, n) + strings.Repeat(end, n) }

// attack is a request's body and the code of the error that answers it, "" where it must be answered with data.
type attack struct{ body, code string }

const (
	limit = "LIMIT_EXCEEDED"
	bad   = "BAD_INPUT"
)

// attacks are documents that have brought down GraphQL servers.
func attacks() map[string]attack {
	all := map[string]attack{}
	for _, some := range []map[string]attack{floods(), tangles(), values()} {
		maps.Copy(all, some)
	}
	return all
}

// floods are much of one thing.
func floods() map[string]attack {
	return map[string]attack{
		"10,000 aliases":                     {bodyOf("{"+many(10_000, "aN:__typename ")+"}", nil), limit},
		"2,000 aliases":                      {bodyOf("{"+many(1_900, "aN:viewer ")+"}", nil), limit},
		"31 aliases":                         {bodyOf("{ viewer {"+many(31, "aN:roles ")+"} }", nil), limit},
		"10,000 times one field":             {bodyOf("{"+strings.Repeat("__typename ", 10_000)+"}", nil), limit},
		"1,300 times one field":              {bodyOf("{"+strings.Repeat("__typename ", 1_300)+"}", nil), limit},
		"fields 400 deep":                    {bodyOf("{"+nested("a{", "}", 400)+"}", nil), bad},
		"a field 13 deep":                    {bodyOf(`{ accounts { nodes {`+nested("parent{", "}", 10)+"}}}", nil), bad},
		"brackets only":                      {bodyOf(strings.Repeat("{", 8_000), nil), bad},
		"1 MB of commas":                     {bodyOf(strings.Repeat(",", 1_000_000), nil), limit},
		"comments":                           {bodyOf("{ viewer { roles } }"+strings.Repeat("#\n", 8_000), nil), limit},
		"a filter 100 deep":                  {bodyOf(`query q($w: DealFilter) { deals(where: $w) { totalCount } }`, json.RawMessage(`{"w": `+strings.Repeat(`{"not":`, 100)+"{}"+strings.Repeat("}", 100)+"}")), limit},
		"1,000 introspections":               {bodyOf("{"+many(400, "aN:__schema{types{name}}")+"}", nil), limit},
		"20 introspections":                  {bodyOf("{"+many(20, "aN:__schema{types{fields{type{name ofType{name}}args{type{name}}}}}")+"}", nil), "COST_EXCEEDED"},
		"introspection in a circle":          {bodyOf(`{__schema{types{fields{type{fields{type{fields{type{fields{type{fields{name}}}}}}}}}}}}`, nil), bad},
		"introspection in a circle, shorter": {bodyOf(`{__schema{types{fields{type{fields{type{fields{name}}}}}}}}`, nil), bad},
		"200 unknown fields":                 {bodyOf("{ viewer {"+many(190, "unknown_field_N ")+"} }", nil), bad},
		"2,000 directives":                   {bodyOf("{ viewer "+strings.Repeat("@skip(if:false)", 300)+" { roles } }", nil), limit},
		"unknown directives":                 {bodyOf("{ viewer "+strings.Repeat("@a", 900)+" { roles } }", nil), limit},
		"directives on everything":           {bodyOf("{"+strings.Repeat("...@skip(if:true){a}", 100)+"}", nil), limit},
		"400 operations":                     {bodyOf(many(380, "query aN{__typename}"), nil), limit},
		"arguments that are not there":       {bodyOf(`{ deals(`+many(600, "aN:1 ")+`) { totalCount } }`, nil), bad},
		"__typename only":                    {bodyOf("{"+strings.Repeat("__typename ", 20)+"}", nil), ""},
	}
}

// tangles are fragments within fragments, and fields that have to be compared with one another.
func tangles() map[string]attack {
	return map[string]attack{
		"fragments doubled 60 times":             {bodyOf(chain(60, "NEXT NEXT"), nil), limit},
		"fragments doubled 45 times":             {bodyOf(chain(45, "NEXT NEXT"), nil), limit},
		"fragments doubled below fields":         {bodyOf(chain(11, "viewer { roles } a: node(id: 1) { NEXT } b: node(id: 1) { NEXT }"), nil), limit},
		"a fragment in itself":                   {bodyOf(`{ ...a } fragment a on Query { ...a }`, nil), bad},
		"fragments in a circle":                  {bodyOf(`{ ...a } fragment a on Query { ...b ...c } fragment b on Query { ...c ...a } fragment c on Query { ...a ...b }`, nil), bad},
		"fragments in a large circle":            {bodyOf(`{ ...f0 }`+many(49, " fragment fN on Query { viewer { roles } ...f0 }"), nil), bad},
		"199 fields of 19 objects":               {bodyOf("{"+many(19, "aN:viewer{"+strings.Repeat("roles ", 100)+"}")+"}", nil), limit},
		"8,000 inline fragments":                 {bodyOf("{"+strings.Repeat("...{a}", 8_000)+"}", nil), limit},
		"500 inline fragments":                   {bodyOf("{"+strings.Repeat("...{a}", 490)+"}", nil), limit},
		"nested inline fragments":                {bodyOf("{"+nested("...{", "}", 700)+"}", nil), bad},
		"fields that conflict":                   {bodyOf("{ viewer {"+many(25, "a: roles b: can(object: \"N\", action: \"read\") ")+"} }", nil), limit},
		"fields that may conflict":               {bodyOf("{ viewer {"+strings.Repeat(`can(object: "deal", action: "read") `, 190)+"} }", nil), ""},
		"fragments that conflict with all":       {bodyOf(`{`+many(9, "...fN ")+`}`+many(9, ` fragment fN on Query { viewer { can(object: "N", action: "read") roles } }`), nil), bad},
		"one object 19 times with 50 fields":     {bodyOf("{"+strings.Repeat("viewer{"+strings.Repeat("roles ", 50)+"}", 19)+"}", nil), ""},
		"two levels of it":                       {bodyOf("{"+strings.Repeat("viewer{"+strings.Repeat("org{"+strings.Repeat("name ", 10)+"}", 9)+"}", 9)+"}", nil), ""},
		"the same in fragments":                  {bodyOf("{ viewer {"+many(40, "...fN ")+"} }"+many(40, " fragment fN on Viewer { org { id name key timeZone currency } can(object: \"deal\", action: \"read\") }"), nil), ""},
		"fragments that conflict within objects": {bodyOf("{ viewer {"+many(40, "...fN ")+"} }"+many(40, " fragment fN on Viewer { org { id name key } can(object: \"N\", action: \"read\") }"), nil), bad},
		"fragments in a long chain":              {bodyOf(chain(48, "NEXT viewer { roles org { name id } }"), nil), limit},
		"190 fields that conflict each with all": {bodyOf("{ viewer {"+many(190, "can(object:\"N\" action:\"a\")")+"} }", nil), bad},
		"objects that conflict each with all":    {bodyOf("{"+many(19, "node(id:N){id "+many(6, "...on Deal{stageHistory(last:N){seconds}}")+"}")+"}", nil), bad},
	}
}

// values are what stands in arguments, variables and names.
func values() map[string]attack {
	ids := make([]int, 200_000)
	return map[string]attack{
		"16 kB of commas":                     {bodyOf("{ viewer { roles } }"+strings.Repeat(",", 16_000), nil), ""},
		"200,000 ids in a variable":           {bodyOf(`query q($i: [ID!]!) { nodes(ids: $i) { id } }`, map[string]any{"i": ids}), limit},
		"200,000 ids in a variable not used":  {bodyOf(`{ viewer { roles } }`, map[string]any{"i": ids}), limit},
		"10,000 variables":                    {bodyOf(`query q(`+many(700, "$vN:ID ")+`) { viewer { roles } }`, nil), limit},
		"51 variables":                        {bodyOf(`query q(`+many(51, "$vN:ID ")+`) { viewer { roles } }`, nil), limit},
		"variables 5,000 deep":                {`{"query": "{ viewer { roles } }", "variables": {"a": ` + nested("[", "]", 5_000) + `}}`, limit},
		"variables 400,000 deep":              {`{"query": "{ viewer { roles } }", "variables": {"a": ` + nested("[", "]", 400_000) + `}}`, bad},
		"a filter 300 deep, written":          {bodyOf(`{ deals(where: `+strings.Repeat(`{not:`, 300)+"{}"+strings.Repeat("}", 300)+`) { totalCount } }`, nil), limit},
		"pages of pages":                      {bodyOf(`{ teams(first: 100) { nodes { members { team { members { team { members { name } } } } } } } }`, nil), "COST_EXCEEDED"},
		"a number too large":                  {bodyOf(`{ deals(first: `+strings.Repeat("9", 5_000)+`) { totalCount } }`, nil), bad},
		"a number too large in a variable":    {`{"query": "query q($n: Int) { deals(first: $n) { totalCount } }", "variables": {"n": ` + strings.Repeat("9", 500_000) + `}}`, bad},
		"a large exponent in a variable":      {`{"query": "query q($n: Int) { deals(first: $n) { totalCount } }", "variables": {"n": 1e999999999}}`, bad},
		"a negative page":                     {bodyOf(`{ deals(first: -2147483648) { nodes { id } } }`, nil), bad},
		"a page too long":                     {bodyOf(`{ deals(first: 2147483647) { nodes { id } } }`, nil), limit},
		"a string of 15 kB":                   {bodyOf(`{ node(id: "`+strings.Repeat("a", 15_000)+`") { id } }`, nil), "NOT_FOUND"},
		"a string of 900 kB in a variable":    {bodyOf(`query q($i: ID!) { node(id: $i) { id } }`, map[string]any{"i": strings.Repeat("é", 450_000)}), limit},
		"text to look for of 900 kB":          {bodyOf(`query q($s: String) { deals(where: {name: {contains: $s}}) { totalCount } }`, map[string]any{"s": strings.Repeat("%_", 450_000)}), limit},
		"an alias of 15 kB":                   {bodyOf("{"+strings.Repeat("a", 15_000)+": viewer { roles } }", nil), limit},
		"an unknown field of 15 kB":           {bodyOf("{"+strings.Repeat("a", 15_000)+"}", nil), limit},
		"an operation's name of 15 kB":        {fmt.Sprintf(`{"query": "query a { viewer { roles } }", "operationName": %q}`, strings.Repeat("a", 900_000)), bad},
		"an unknown type of 15 kB":            {bodyOf("query q($v: "+strings.Repeat("A", 15_000)+") { node(id: $v) { id } }", nil), bad},
		"an unfinished block string":          {bodyOf(`{ node(id: """`+strings.Repeat("a\\n", 5_000), nil), bad},
		"escapes":                             {bodyOf(`{ node(id: "`+strings.Repeat(`\u0000`, 2_000)+`") { id } }`, nil), "NOT_FOUND"},
		"surrogates":                          {bodyOf(`{ node(id: "`+strings.Repeat(`\uD800`, 2_000)+`") { id } }`, nil), "NOT_FOUND"},
		"other letters":                       {bodyOf("{ "+strings.Repeat("ﷺ", 5_000)+" }", nil), bad},
		"no letters":                          {`{"query": "` + strings.Repeat("\x00\xff\xfe", 1_000) + `"}`, bad},
		"a list of 500 numbers, written":      {bodyOf(`{ nodes(ids: [`+strings.Repeat("1,", 500)+`]) { id } }`, nil), limit},
		"lists in lists, written":             {bodyOf(`{ nodes(ids: `+nested("[", "]", 900)+`) { id } }`, nil), bad},
		"an object with 400 members, written": {bodyOf(`{ deals(where: {`+many(400, "aN:1 ")+`}) { totalCount } }`, nil), bad},
		"an object with 50,000 members":       {bodyOf(`query q($w: DealFilter) { deals(where: $w) { totalCount } }`, json.RawMessage(`{"w": {`+strings.TrimSuffix(many(50_000, `"aN":1,`), ",")+`}}`)), bad},
		"lists of lists in a variable":        {bodyOf("{ viewer { roles } }", map[string]any{"a": lists(200, 240)}), ""},
	}
}
