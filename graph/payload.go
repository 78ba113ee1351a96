package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/graph/view"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
)

// changes is a mutation's input as a change set.
func changes(input map[string]any) entity.ChangeSet {
	return plain(input).(map[string]any)
}

// take removes a member that is no change from a change set.
func take(set entity.ChangeSet, key string) any {
	v := set[key]
	delete(set, key)
	return v
}

func takeVersion(set entity.ChangeSet) *int {
	if v, ok := take(set, "expectedVersion").(int); ok {
		return &v
	}
	return nil
}

// updateOf splits an update's input into what it changes, which record it is about, and the version that was read.
func updateOf(input map[string]any, member string, kind id.Kind) (set entity.ChangeSet, record id.UUID, expected *int, err error) {
	set = changes(input)
	global, _ := take(set, member).(string)
	u, ok := id.ParseKind(kind, global)
	if !ok {
		return nil, u, nil, errNotFound(string(kind))
	}
	return set, u, takeVersion(set), nil
}

// writtenAs is the end of a mutation: what could not be accepted, and the record as it is after the write, loaded with
// what is selected of it in the payload's field. The record is null where none was made, and where the asker no longer
// sees it.
func writtenAs[K interface{ IsZero() bool }, V any](ctx context.Context, m *mutation, err error, record K,
	load func(*view.Env, context.Context, K, view.Selection) (*V, error), field, typ string,
) (*V, []*model.UserError, error) {
	refused, err := userErrors(err)
	if err != nil || record.IsZero() {
		return nil, refused, err
	}
	env, ended, err := m.afterwards(ctx)
	if err != nil || ended {
		return nil, refused, err
	}
	payload := graphql.GetFieldContext(ctx).Field.Definition.Type.Name()
	written, err := load(env, ctx, record, view.Selected(ctx, payload).Under(field, typ, "Node"))
	return written, refused, err
}

// afterwards is after, for a mutation that may have ended the asker's own access. Then it tells so, and the payload shows
// nothing but that it was done.
func (m *mutation) afterwards(ctx context.Context) (env *view.Env, ended bool, err error) {
	env, err = m.after(ctx)
	if errs.CodeOf(err) == errs.Unauthenticated {
		return nil, true, nil
	}
	return env, false, err
}
