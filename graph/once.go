package graph

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/errs"
)

// maxKey bounds an idempotency key, so that its alias still fits beside it.
const maxKey = 200

// onceOf is the key under which the mutation is sent: its directive's, else the header's with the field's alias; none
// where neither is given.
func onceOf(ctx context.Context, fc *graphql.FieldContext) (access.Once, error) {
	op := graphql.GetOperationContext(ctx)
	key := ""
	if d := fc.Field.Directives.ForName("idempotent"); d != nil {
		key, _ = d.ArgumentMap(op.Variables)["key"].(string)
		if key == "" {
			return access.Once{}, errs.New(errs.BadInput, "An idempotency key has 1 to %d characters.", maxKey)
		}
	} else if header := op.Headers.Get("Idempotency-Key"); header != "" {
		key = header + "/" + fc.Field.Alias
	}
	if key == "" {
		return access.Once{}, nil
	}
	if len(key) > maxKey+len(fc.Field.Alias) || len(fc.Field.Alias) > maxKey/2 {
		return access.Once{}, errs.New(errs.BadInput, "An idempotency key has 1 to %d characters.", maxKey)
	}
	asked, err := json.Marshal(fc.Args)
	if err != nil {
		return access.Once{}, fmt.Errorf("hash a mutation: %w", err)
	}
	hash := sha256.Sum256(append([]byte(fc.Field.Name+"\n"), asked...))
	return access.Once{Key: key, Hash: hash[:]}, nil
}
