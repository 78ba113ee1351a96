package main

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

//go:embed sql/*.sql
var scripts embed.FS

// operation is one thing that is measured: through GraphQL, by SQL, and through PostGraphile where it can be.
type operation struct {
	name, about string
	query       string
	variables   []map[string]any    // requests, taken in turns
	sql         []map[string]string // what stands in the script's braces; pgbench takes one at random
	other       string              // PostGraphile's query, over otherVars
	otherVars   []map[string]any
	moves       bool // a write: the requests are made by a mover
}

const (
	dealFields = `id name amount { amount currency } closeDate owner { id name } account { id name } stage { id name }`
	p1         = `query P1($id: ID!) { deal(id: $id) { ` + dealFields + ` } }`
	p2         = `query P2 { deals(first: 50, where: {stageKind: {eq: OPEN}}, orderBy: [{field: CLOSE_DATE}]) { nodes { ` + dealFields +
		` stageHistory(last: 3) { stage { name } enteredAt leftAt } } pageInfo { hasNextPage endCursor } } }`
	p4 = `query P4($after: String) { deals(first: 50, after: $after, where: {stageKind: {eq: OPEN}}, orderBy: [{field: CLOSE_DATE}]) { nodes { ` +
		dealFields + ` } pageInfo { hasNextPage endCursor } } }`
	m1 = `mutation M1($id: ID!, $stage: ID!) { dealUpdate(input: {dealId: $id, stageId: $stage}) { deal { id version stage { id } } errors { message } } }`
	// seek walks to a cursor deep in the list, as a client would get there.
	seek = `query($after: String) { deals(first: 100, after: $after, where: {stageKind: {eq: OPEN}}, orderBy: [{field: CLOSE_DATE}]) { nodes { id closeDate } pageInfo { endCursor } } }`
)

// Variants of each request, so that one row's pages are not all that is read.
const (
	pointReads = 100
	deepReads  = 20
)

func (b *stand) operations(ctx context.Context) ([]*operation, error) {
	org := map[string]string{"org": b.org.String()}
	point := &operation{name: "P1", about: "`deal(id)` with owner, account, stage", query: p1, other: otherP1}
	// Closed ones: those that the writes move would not have the answer that was learnt.
	deals, err := b.ids(ctx, `select id from deal where org_id = '%s' and stage_kind <> 'OPEN' order by md5(id::text) limit %d`, b.org, pointReads)
	if err != nil {
		return nil, err
	}
	for _, d := range deals {
		point.variables = append(point.variables, map[string]any{"id": id.Global(id.DealKind, d)})
		point.sql = append(point.sql, map[string]string{"org": b.org.String(), "deal": d.String()})
		point.otherVars = append(point.otherVars, map[string]any{"org": b.org.String(), "id": d.String()})
	}
	list := &operation{
		name: "P2", about: "50 open deals by close date with owner, account, stage, last three visits", query: p2,
		variables: []map[string]any{{}}, sql: []map[string]string{org}, other: otherP2, otherVars: []map[string]any{{}},
	}
	first := &operation{
		name: "P4 first", about: "P2 without visits: the first page", query: p4,
		variables: []map[string]any{{}}, sql: []map[string]string{{"org": b.org.String(), "close": "-infinity", "deal": id.UUID{}.String()}},
		other: otherP4, otherVars: []map[string]any{{}},
	}
	deep, err := b.deep(ctx)
	if err != nil {
		return nil, fmt.Errorf("find a cursor deep in the list: %w", err)
	}
	all := []*operation{point, list, first, deep, {name: "M1", about: "`dealUpdate`: a stage move", query: m1, moves: true}}
	return slices.DeleteFunc(all, func(o *operation) bool {
		return len(b.Only) > 0 && !slices.Contains(b.Only, strings.Fields(o.name)[0])
	}), nil
}

func (b *stand) ids(ctx context.Context, query string, args ...any) ([]id.UUID, error) {
	h := b.super.Read(pg.Session{Timeout: time.Minute})
	defer h.Close()
	var out []id.UUID
	err := h.Select(ctx, &out, fmt.Sprintf(query, args...))
	return out, err
}

// deep takes cursors from the middle of the open deals on.
func (b *stand) deep(ctx context.Context) (*operation, error) {
	op := &operation{name: "P4 deep", query: p4, other: otherP4}
	c, err := dial(ctx, b.server.address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	after := map[string]any{}
	for rank := 100; len(op.variables) < deepReads && rank <= b.facts.Open; rank += 100 {
		if err := c.ask(&request{bytes: post("Bearer "+token, encode(seek, after))}, 0); err != nil {
			return nil, err
		}
		var page struct {
			Data struct {
				Deals struct {
					Nodes    []struct{ ID, CloseDate string }
					PageInfo struct{ EndCursor string }
				}
			}
		}
		if err := json.NewDecoder(bytes.NewReader(c.body.Bytes())).Decode(&page); err != nil {
			return nil, err
		}
		if len(page.Data.Deals.Nodes) == 0 {
			break
		}
		after = map[string]any{"after": page.Data.Deals.PageInfo.EndCursor}
		last := page.Data.Deals.Nodes[len(page.Data.Deals.Nodes)-1]
		deal, _ := id.ParseKind(id.DealKind, last.ID)
		if rank < b.facts.Open/2 || last.CloseDate == "" {
			continue
		}
		if op.about == "" {
			op.about = fmt.Sprintf("the same from rank %d on", rank)
		}
		op.variables = append(op.variables, after)
		op.sql = append(op.sql, map[string]string{"org": b.org.String(), "close": last.CloseDate, "deal": deal.String()})
		op.otherVars = append(op.otherVars, map[string]any{"after": nil, "offset": rank})
	}
	return op, nil
}

func encode(query string, variables map[string]any) []byte {
	b, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		panic(err) // strings and numbers only
	}
	return b
}

// script fills a statement file.
func script(name string, values map[string]string) (string, error) {
	text, err := scripts.ReadFile("sql/" + name + ".sql")
	if err != nil {
		return "", err
	}
	out := string(text)
	for k, v := range values {
		out = strings.ReplaceAll(out, "{"+k+"}", v)
	}
	return out, nil
}
