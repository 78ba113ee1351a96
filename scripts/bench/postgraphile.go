package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// The same questions in the schema that PostGraphile makes of the tables.
const (
	otherP1 = ``
	otherP2 = ``
	otherP4 = ``
)

// startPostgraphile starts it as the app role, under row level security as the program is.
func (b *stand) startPostgraphile(ctx context.Context) error {
	listen, _, err := freePorts()
	if err != nil {
		return err
	}
	b.other, err = startChild(ctx, "http://"+listen, "node", []string{
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
		requests[i] = &request{bytes: post("/graphql", "", encode(op.other, v)), must: []byte(`"data":{`)}
	}
	if err := learn(ctx, b.other.address, requests); err != nil {
		return nil, fmt.Errorf("postgraphile, %s: %w", op.name, err)
	}
	return &target{address: b.other.address, next: func(c, n int) *request { return requests[(c*7+n)%len(requests)] }}, nil
}
