package main

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"
)

// The same questions in the schema that PostGraphile makes of the tables.
const (
	otherFields = `rowId name amount currency closeDate owner: appUserByOrgIdAndOwnerId { rowId name } account: accountByOrgIdAndAccountId { rowId name }
		stage: stageByOrgIdAndPipelineIdAndStageId { rowId name }`
	otherP1   = `query P1($org: UUID!, $id: UUID!) { deal: dealByOrgIdAndRowId(orgId: $org, rowId: $id) { ` + otherFields + ` } }`
	otherList = `(first: 50, after: $after, condition: {stageKind: "OPEN"}, orderBy: [CLOSE_KEY_ASC, ROW_ID_ASC])`
	otherP2   = `query P2($after: Cursor) { deals: allDeals` + otherList + ` { nodes { ` + otherFields + `
		visits: stageVisitsByOrgIdAndDealId(first: 3, orderBy: [NUMBER_DESC]) { nodes { stage: stageByOrgIdAndStageId { name } enteredAt leftAt } }
		} pageInfo { hasNextPage endCursor } } }`
	otherP4   = `query P4($after: Cursor) { deals: allDeals` + otherList + ` { nodes { ` + otherFields + ` } pageInfo { hasNextPage endCursor } } }`
	otherSeek = `query($offset: Int) { deals: allDeals(first: 1, offset: $offset, condition: {stageKind: "OPEN"}, orderBy: [CLOSE_KEY_ASC, ROW_ID_ASC]) { pageInfo { endCursor } } }`
)

// startPostgraphile starts it as the app role, under row level security as the program is.
func (b *stand) startPostgraphile(ctx context.Context) error {
	listen, _, err := freePorts()
	if err != nil {
		return err
	}
	b.other, err = startChild(ctx, "http://"+listen, filepath.Join(b.Postgraphile, "node_modules", ".bin", "node"), []string{
		"DATABASE_URL=" + b.cluster.AppURL(""), "ORG=" + b.org.String(), "LISTEN=" + listen, "NODE_ENV=production",
	}, filepath.Join(b.Postgraphile, "server.mjs"))
	if err != nil {
		return err
	}
	return b.other.await(ctx, "/ready", time.Minute)
}

func (b *stand) otherTarget(ctx context.Context, op *operation) (*target, error) {
	requests := make([]*request, len(op.otherVars))
	for i, v := range op.otherVars {
		if offset, deep := v["offset"]; deep {
			cursor, err := b.otherCursor(ctx, offset)
			if err != nil {
				return nil, err
			}
			v = map[string]any{"after": cursor}
		}
		requests[i] = &request{bytes: post("", encode(op.other, v)), must: []byte(`"data":{`)}
	}
	if err := learn(ctx, b.other.address, requests); err != nil {
		return nil, fmt.Errorf("postgraphile, %s: %w", op.name, err)
	}
	return &target{address: b.other.address, next: func(c, n int) *request { return requests[(c*7+n)%len(requests)] }}, nil
}

// otherCursor finds PostGraphile's own cursor of the place.
func (b *stand) otherCursor(ctx context.Context, offset any) (string, error) {
	c, err := dial(ctx, b.other.address)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.Close() }()
	if err := c.ask(&request{bytes: post("", encode(otherSeek, map[string]any{"offset": offset}))}, 0); err != nil {
		return "", err
	}
	var page struct {
		Data struct {
			Deals struct{ PageInfo struct{ EndCursor string } }
		}
	}
	err = json.Unmarshal(c.body.Bytes(), &page)
	return page.Data.Deals.PageInfo.EndCursor, err
}
