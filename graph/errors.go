package graph

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/ententehq/entente/graph/model"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/pg"
)

// present turns an error into what a client may see. What is not meant for them becomes INTERNAL with the request's id,
// and its text goes to the log.
func (r *Resolver) present(ctx context.Context, err error) *gqlerror.Error {
	return r.presentAt(ctx, graphql.GetPath(ctx), err)
}

func (r *Resolver) presentAt(ctx context.Context, path ast.Path, err error) *gqlerror.Error {
	var shown *gqlerror.Error
	if errors.As(err, &shown) && shown.Extensions["requestId"] != nil {
		return shown // the guard presents what it refuses, and gqlgen hands it on
	}
	err = pg.Explain(err)
	out := &gqlerror.Error{Path: path, Extensions: map[string]any{"requestId": requestOf(ctx).id}}
	var known *errs.Error
	var list errs.List
	var gq *gqlerror.Error
	switch {
	case errors.As(err, &known):
	case errors.As(err, &list):
		known = list[0]
	case errors.As(err, &gq) && gq.Err == nil:
		known = ofLibrary(gq)
		out.Locations, out.Rule = gq.Locations, gq.Rule
		if len(gq.Path) > 0 {
			out.Path = gq.Path
		}
	case pg.Unavailable(err):
		r.Log.ErrorContext(ctx, "database unavailable", "request", requestOf(ctx).id, "error", err)
		known = errs.New(errs.Internal, "The database cannot be reached at present. Try again in a moment.")
	case errors.Is(err, context.Canceled):
		known = errs.New(errs.Timeout, "The request was given up before it was answered.")
	default:
		r.Log.ErrorContext(ctx, "internal error", "request", requestOf(ctx).id, "path", path.String(), "error", err)
		known = errs.New(errs.Internal, "Something went wrong on our side. Tell your administrator the request id %s.", requestOf(ctx).id)
	}
	out.Message = short(known.Message)
	for k, v := range known.Meta {
		out.Extensions[k] = v
	}
	out.Extensions["code"] = string(known.Code)
	if len(known.Path) > 0 {
		out.Extensions["argument"] = strings.Join(known.Path, ".")
	}
	return out
}

// ofLibrary gives a code to an error that gqlgen or its parser made: all of them are about what the client sent.
func ofLibrary(e *gqlerror.Error) *errs.Error { return errs.New(errs.BadInput, "%s", e.Message) }

const (
	maxErrors  = 10  // of an answer, besides those of masked fields
	maxMessage = 500 // bytes: messages name what was sent, which may be long
)

// short cuts a message that is too long to be read, between characters.
func short(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + " …"
}

// capped keeps the first errors, the last of which says how many more there were.
func capped(list gqlerror.List) gqlerror.List {
	if len(list) <= maxErrors {
		return list
	}
	kept := append(gqlerror.List{}, list[:maxErrors]...)
	last := *kept[maxErrors-1]
	last.Extensions = maps.Clone(last.Extensions)
	last.Extensions["omitted"] = len(list) - maxErrors
	kept[maxErrors-1] = &last
	return kept
}

// recovered turns a panic into an error for the log; the client sees INTERNAL.
func (r *Resolver) recovered(ctx context.Context, p any) error {
	r.Log.ErrorContext(ctx, "panic", "request", requestOf(ctx).id, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
	return errors.New("panic")
}

// userErrors takes out of an error what a mutation answers in its payload: input that cannot be accepted, conflicts.
// Anything else comes back as the error it was.
func userErrors(err error) ([]*model.UserError, error) {
	none := []*model.UserError{}
	var list errs.List
	var one *errs.Error
	switch {
	case err == nil:
		return none, nil
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = errs.List{one}
	default:
		return none, err
	}
	out := make([]*model.UserError, len(list))
	for i, e := range list {
		switch e.Code {
		case errs.BadInput, errs.Conflict, errs.LimitExceeded:
			out[i] = &model.UserError{Code: string(e.Code), Message: e.Message, Path: append([]string{"input"}, e.Path...)}
		default:
			return none, err
		}
	}
	return out, nil
}
