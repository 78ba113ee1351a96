package access

import (
	"slices"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
)

// NotOwn is the separation of duties: nobody grants, approves, answers or pays what is theirs, whatever their roles.
// owners are the people whose thing it is; no owner and no person asking (a service token, the operator) mean that it is
// nobody's own. What counts as theirs is the domain's to say: a plan shared by five or more people is no one's.
// Errors: FORBIDDEN.
func NotOwn(by *Principal, owners ...id.User) error {
	if by.User.IsZero() || !slices.Contains(owners, by.User) {
		return nil
	}
	return errs.New(errs.Forbidden, "This is your own, and nobody decides what is theirs. Ask somebody else who may.").
		With("rule", "separation of duties")
}
