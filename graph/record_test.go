package graph_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestWhoMayChangeWhichAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	acme := gid(w.accounts["Acme"]) // Rita's, Carla's customer
	update := `mutation($id: ID!) { accountUpdate(input: {accountId: $id, industry: "Anvils"}) { account { industry } errors { code } } }`
	for who, want := range map[string]string{
		"Rita": "", "Max": "", "Vera": "", "Olga": "", "Carla": "", "Rob": "FORBIDDEN", "Wes": "FORBIDDEN", "Mina": "FORBIDDEN",
		"Carl": "FORBIDDEN", "Lea": "FORBIDDEN", "Ada": "FORBIDDEN", "Finn": "FORBIDDEN",
	} {
		a := w.as(who, update, map[string]any{"id": acme})
		assert.Equal(t, want, a.code(), "%s: %s", who, a.Body)
		if want == "" {
			assert.Equal(t, "Anvils", a.at("accountUpdate", "account", "industry"), who)
		}
	}
	assert.Equal(t, "FORBIDDEN", w.as("Rita", `mutation($o: ID!) { accountCreate(input: {name: "x", ownerId: $o}) { account { name } } }`,
		map[string]any{"o": gid(w.users["Wes"])}).code(), "a rep makes no accounts of others")
	assert.Empty(t, w.ok("Olga", `{ accounts(where: {name: {eq: "x"}}) { nodes { name } } }`).names("accounts", "nodes"), "and none is left behind")
}

func TestAnAccountsLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok("Rita", `mutation($p: ID!) { accountCreate(input: {name: " Umbrella ", employees: 12, annualRevenue: {amount: "5.5", currency: "EUR"}, parentId: $p}) {
		account { id name employees annualRevenue { amount currency } owner { name } parent { name owner { name } } version } errors { message } } }`,
		map[string]any{"p": gid(w.accounts["Globex"])})
	made := a.at("accountCreate", "account").(map[string]any)
	account := made["id"]
	delete(made, "id")
	assert.Equal(t, map[string]any{
		"name": "Umbrella", "employees": 12.0, "annualRevenue": map[string]any{"amount": "5.50", "currency": "EUR"}, "version": 1.0,
		"owner": map[string]any{"name": "Rita"}, "parent": map[string]any{"name": "Globex", "owner": map[string]any{"name": "Wes"}},
	}, made)
	w.clock.add(time.Minute)
	a = w.ok("Rita", `mutation($id: ID!) { accountUpdate(input: {accountId: $id, expectedVersion: 1, employees: null, name: "Umbrella Inc."}) { account { name employees version updatedAt } errors { message } } }`, map[string]any{"id": account})
	assert.Equal(t, map[string]any{"name": "Umbrella Inc.", "employees": nil, "version": 2.0, "updatedAt": "2026-03-31T12:01:00Z"}, a.at("accountUpdate", "account"))
	a = w.ok("Max", `mutation($id: ID!) { accountUpdate(input: {accountId: $id, expectedVersion: 1, name: "Mine"}) { account { name } errors { code path } } }`, map[string]any{"id": account})
	assert.Equal(t, "CONFLICT", a.at("accountUpdate", "errors", 0, "code"))
	assert.Equal(t, "Umbrella Inc.", a.at("accountUpdate", "account", "name"))
	a = w.ok("Rita", `mutation($id: ID!) { accountUpdate(input: {accountId: $id, name: "", employees: -1, parentId: "deal_x", ownerId: "user_x"}) { errors { path } } }`, map[string]any{"id": account})
	assert.Len(t, a.at("accountUpdate", "errors"), 4)
	a = w.ok("Rita", `mutation($id: ID!) { accountUpdate(input: {accountId: $id, parentId: $id}) { errors { path message } } }`, map[string]any{"id": account})
	assert.Equal(t, []any{"input", "parentId"}, a.at("accountUpdate", "errors", 0, "path"))
}

func TestContactsAndProducts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.ok("Rita", `mutation($a: ID!) { contactCreate(input: {name: "Jo Doe", email: "Jo@Acme.example", accountId: $a}) { contact { id email account { name } owner { name } } errors { message } } }`,
		map[string]any{"a": gid(w.accounts["Acme"])})
	assert.Equal(t, "jo@acme.example", a.at("contactCreate", "contact", "email"))
	contact := a.at("contactCreate", "contact", "id")
	a = w.ok("Carla", `mutation($id: ID!) { contactUpdate(input: {contactId: $id, title: "Buyer"}) { contact { title version } errors { message } } }`, map[string]any{"id": contact})
	assert.Equal(t, map[string]any{"title": "Buyer", "version": 2.0}, a.at("contactUpdate", "contact"), "of her customer")
	assert.Equal(t, "FORBIDDEN", w.as("Carl", `mutation($id: ID!) { contactUpdate(input: {contactId: $id, title: "x"}) { contact { title } } }`, map[string]any{"id": contact}).code())
	a = w.ok("Rita", `mutation($id: ID!) { contactUpdate(input: {contactId: $id, email: "no address"}) { errors { path } } }`, map[string]any{"id": contact})
	assert.Equal(t, []any{"input", "email"}, a.at("contactUpdate", "errors", 0, "path"))
	a = w.ok("Lea", `query($id: ID!) { contacts(where: {email: {eq: "jo@acme.example"}}) { totalCount nodes { name account { name } } } node(id: $id) { ... on Contact { title } } }`, map[string]any{"id": contact})
	assert.EqualValues(t, 1, a.at("contacts", "totalCount"))
	assert.Equal(t, "Buyer", a.at("node", "title"))

	define := `mutation($name: String!, $v: Int) { productDefine(input: {key: "gtx", name: $name, expectedVersion: $v, description: "A robot", unitPrice: {amount: "10", currency: "USD"}}) { product { key name version active description unitPrice { amount } } errors { code } } }`
	assert.Equal(t, "FORBIDDEN", w.as("Rita", define, map[string]any{"name": "GTX"}).code())
	w.ok("Olga", define, map[string]any{"name": "GTX"})
	a = w.ok("Olga", define, map[string]any{"name": "GTX Pro", "v": 1})
	assert.Equal(t, map[string]any{"key": "gtx", "name": "GTX Pro", "version": 2.0, "active": true, "description": "A robot", "unitPrice": map[string]any{"amount": "10.00"}}, a.at("productDefine", "product"))
	assert.Equal(t, "CONFLICT", w.ok("Olga", define, map[string]any{"name": "x", "v": 1}).at("productDefine", "errors", 0, "code"))
	a = w.ok("Rita", `{ products { nodes { name externalIds { id } } } }`)
	assert.Equal(t, []string{"GTX Pro"}, a.names("products", "nodes"))
}
