package demo

import (
	"strings"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/period"
)

// Question is a GraphQL query that is worth asking first.
type Question struct {
	Title string
	Token string // whose answer it is
	Role  access.Role
	Query string
}

var questionTexts = []struct{ token, title, query string }{
	{"demo-sales", "What is on my plate, and when should it close?", `{
  viewer { user { name } roles org { name } }
  deals(
    first: 25
    where: {stageKind: {eq: OPEN}, owner: {eq: "{me}"}, closeDate: {lte: "{soon}"}}
    orderBy: [{field: CLOSE_DATE, direction: ASC}]
  ) {
    totalCount
    nodes { name closeDate amount { amount currency } stage { name } account { name } nextStep }
  }
}`},
	{"demo-manager", "Which large deals of my team are open, and how long have they been in each stage?", `{
  deals(
    first: 10
    where: {stageKind: {eq: OPEN}, amount: {gte: {amount: "50000", currency: "USD"}}, closeDate: {lte: "{soon}"}}
    orderBy: [{field: CLOSE_DATE, direction: ASC}]
  ) {
    totalCount
    nodes {
      name
      amount { amount currency }
      closeDate
      owner { name }
      account { name }
      team { name }
      territory { name }
      stage { name kind }
      stageHistory { stage { name } enteredAt leftAt seconds }
    }
  }
}`},
	{"demo-leadership", "What was in the pipeline three months ago, and what is in it now?", `{
  pipelines { key name stages { name kind probability } }
  then: deals(first: 5, where: {stageKind: {eq: OPEN}}, orderBy: [{field: AMOUNT, direction: DESC}], asOf: "{then}") {
    totalCount
    nodes { name amount { amount currency } stage { name } owner { name } closeDate }
  }
  now: deals(first: 5, where: {stageKind: {eq: OPEN}}, orderBy: [{field: AMOUNT, direction: DESC}]) {
    totalCount
    nodes { name amount { amount currency } stage { name } owner { name } closeDate }
  }
}`},
	{"demo-cs", "Which customers are mine, and what is being sold to customers?", `{
  accounts(first: 25, where: {csm: {eq: "{me}"}}) {
    totalCount
    nodes { name industry csm { name } owner { name } }
  }
  deals(first: 25, where: {stageKind: {eq: OPEN}, type: {in: [EXPANSION, RENEWAL]}}, orderBy: [{field: CLOSE_DATE, direction: ASC}]) {
    totalCount
    nodes { name type closeDate account { name } owner { name } stage { name } }
  }
}`},
}

// questions are the questions about the people of an org as they are there, around today.
func questions(ids map[string]id.User, today time.Time) []Question {
	var out []Question
	for _, q := range questionTexts {
		for _, l := range logins() {
			if l.Token != q.token {
				continue
			}
			fill := strings.NewReplacer(
				"{me}", id.Global(id.UserKind, ids[l.Email].UUID),
				"{soon}", string(period.DayOf(today.AddDate(0, 0, 90), time.UTC)),
				"{then}", today.AddDate(0, 0, -90).UTC().Format(time.RFC3339),
			)
			out = append(out, Question{Title: q.title, Token: l.Token, Role: l.Role, Query: fill.Replace(q.query)})
		}
	}
	return out
}
