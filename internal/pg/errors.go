package pg

import (
	"context"
	"errors"
	"net"

	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"

	"github.com/ententehq/entente/internal/errs"
)

// Violates names the constraint that err broke, or "" when it broke none. The package that owns the constraint turns
// the name into a field error.
func Violates(err error) string {
	e := pq.As(err, pqerror.UniqueViolation, pqerror.ForeignKeyViolation, pqerror.CheckViolation,
		pqerror.NotNullViolation, pqerror.ExclusionViolation)
	if e == nil {
		return ""
	}
	if e.Constraint == "" {
		return e.Table + "." + e.Column
	}
	return e.Constraint
}

// Explain turns an error of the driver that has a meaning to the client into one that says so; anything else comes back
// as it is and will be shown as INTERNAL.
func Explain(err error) error {
	var known *errs.Error
	var list errs.List
	switch {
	case err == nil, errors.As(err, &known), errors.As(err, &list):
		return err
	case errors.Is(err, context.DeadlineExceeded), pq.As(err, pqerror.QueryCanceled) != nil:
		return errs.New(errs.Timeout, "This took longer than allowed and was stopped. Ask for less at once: a smaller page or a narrower filter.")
	case pq.As(err, pqerror.LockNotAvailable, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil:
		return errs.New(errs.Conflict, "Others were changing the same records at the same moment. Nothing was changed; try again.")
	}
	return err
}

// Unavailable tells whether err means that the database cannot be reached at present.
func Unavailable(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) || pq.As(err, pqerror.AdminShutdown, pqerror.CrashShutdown, pqerror.CannotConnectNow, pqerror.TooManyConnections) != nil
}

func retryable(err error) bool {
	return pq.As(err, pqerror.TRSerializationFailure, pqerror.TRDeadlockDetected) != nil
}
