package view

import (
	"context"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// Env is one operation's surroundings: who asks, the snapshot they see, and the reference data of that snapshot.
type Env struct {
	Principal *access.Principal
	DB        pg.DB
	Directory *org.Directory
	Catalogue *crm.Catalogue
	Now       time.Time
}

func (e *Env) may(object string) bool { return e.Principal.Can(object, "read") }

// User gives the person's view, nil where there is none or people may not be read.
func (e *Env) User(u id.User) *User {
	row := e.Directory.User(u)
	if row == nil || !e.may("user") {
		return nil
	}
	return &User{row, e}
}

// Team gives the team's view, nil where there is none or teams may not be read.
func (e *Env) Team(t id.Team) *Team {
	row := e.Directory.Team(t)
	if row == nil || !e.may("team") {
		return nil
	}
	return &Team{row, e}
}

// Territory gives the territory's view, nil where there is none or territories may not be read.
func (e *Env) Territory(t id.Territory) *Territory {
	row := e.Directory.Territory(t)
	if row == nil || !e.may("territory") {
		return nil
	}
	return &Territory{row, e}
}

// Stage gives the stage's view, nil where there is none or pipelines may not be read.
func (e *Env) Stage(s id.Stage) *Stage {
	row := e.Catalogue.Stage(s)
	if row == nil || !e.may("stage") {
		return nil
	}
	return &Stage{row}
}

// Pipeline gives the pipeline's view, nil where there is none or pipelines may not be read.
func (e *Env) Pipeline(p id.Pipeline) *Pipeline {
	row := e.Catalogue.Pipeline(p)
	if row == nil || !e.may("stage") {
		return nil
	}
	return &Pipeline{row}
}

// Node is anything with an id.
type Node interface{ IsNode() }

// loaders load nodes of one type by their ids; what may not be seen is not in the answer.
var loaders = map[id.Kind]func(ctx context.Context, e *Env, ids []id.UUID, sel Selection) (map[id.UUID]Node, error){
	id.DealKind:      loader(dealView, func(d *Deal) Node { return d }),
	id.AccountKind:   loader(accountView, func(a *Account) Node { return a }),
	id.ContactKind:   loader(contactView, func(c *Contact) Node { return c }),
	id.ProductKind:   loader(productView, func(p *Product) Node { return p }),
	id.TokenKind:     loader(tokenView, func(t *Token) Node { return t }),
	id.UserKind:      fromMemory(func(e *Env, u id.UUID) (Node, bool) { v := e.User(id.User{UUID: u}); return v, v != nil }),
	id.TeamKind:      fromMemory(func(e *Env, u id.UUID) (Node, bool) { v := e.Team(id.Team{UUID: u}); return v, v != nil }),
	id.TerritoryKind: fromMemory(func(e *Env, u id.UUID) (Node, bool) { v := e.Territory(id.Territory{UUID: u}); return v, v != nil }),
	id.StageKind:     fromMemory(func(e *Env, u id.UUID) (Node, bool) { v := e.Stage(id.Stage{UUID: u}); return v, v != nil }),
	id.PipelineKind:  fromMemory(func(e *Env, u id.UUID) (Node, bool) { v := e.Pipeline(id.Pipeline{UUID: u}); return v, v != nil }),
}

func fromMemory(get func(*Env, id.UUID) (Node, bool)) func(context.Context, *Env, []id.UUID, Selection) (map[id.UUID]Node, error) {
	return func(_ context.Context, e *Env, ids []id.UUID, _ Selection) (map[id.UUID]Node, error) {
		out := make(map[id.UUID]Node, len(ids))
		for _, u := range ids {
			if n, ok := get(e, u); ok {
				out[u] = n
			}
		}
		return out, nil
	}
}

// typeNames are the GraphQL types behind the ids' prefixes.
var typeNames = map[id.Kind]string{
	id.DealKind: "Deal", id.AccountKind: "Account", id.ContactKind: "Contact", id.ProductKind: "Product", id.UserKind: "User", id.TeamKind: "Team",
	id.TerritoryKind: "Territory", id.StageKind: "Stage", id.PipelineKind: "Pipeline", id.TokenKind: "Token",
}

// Nodes loads objects of any types by their global ids, each type at once. What is missing is nil in its place.
func (e *Env) Nodes(ctx context.Context, globals []string, sel Selection) ([]Node, error) {
	byKind := map[id.Kind][]id.UUID{}
	for _, g := range globals {
		if k, u, ok := id.Parse(g); ok && loaders[k] != nil {
			byKind[k] = append(byKind[k], u)
		}
	}
	found := map[string]Node{}
	for k, ids := range byKind {
		nodes, err := loaders[k](ctx, e, ids, sel.As(typeNames[k], "Node"))
		if err != nil {
			return nil, err
		}
		for u, n := range nodes {
			found[id.Global(k, u)] = n
		}
	}
	out := make([]Node, len(globals))
	for i, g := range globals {
		out[i] = found[g]
	}
	return out, nil
}
