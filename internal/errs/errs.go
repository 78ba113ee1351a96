// Package errs is the one error type that may reach a client, and the closed list of its codes.
//
// An error that is not an [*Error] is a fault of the program or of its surroundings: the API shows it as INTERNAL with
// a request id, and its text goes to the log only.
package errs

import (
	"errors"
	"fmt"
	"strings"
)

// Code says what kind of thing went wrong, so that a program can react to it. The list is closed and documented in
// docs/api.md.
type Code string

// The codes, in the order of docs/api.md.
const (
	Unauthenticated Code = "UNAUTHENTICATED" // no, a wrong, a revoked or an expired token
	Forbidden       Code = "FORBIDDEN"       // the asker's roles do not grant it
	NotFound        Code = "NOT_FOUND"       // no such thing, or none the asker may see
	BadInput        Code = "BAD_INPUT"       // a value that cannot be accepted; the message says which would be
	BadCursor       Code = "BAD_CURSOR"      // a cursor of another list, order or moment
	Conflict        Code = "CONFLICT"        // somebody else changed it since it was read
	LimitExceeded   Code = "LIMIT_EXCEEDED"  // a page, a document or an input larger than allowed
	CostExceeded    Code = "COST_EXCEEDED"   // an operation dearer than one request may be
	RateLimited     Code = "RATE_LIMITED"    // too much in a short time; try again later
	Timeout         Code = "TIMEOUT"         // it took longer than allowed and was given up
	Internal        Code = "INTERNAL"        // a fault on our side; the log has the request id
)

// Error is an error meant for the person or program that asked. Message says what to do next; Path names the input
// member it is about, from the operation's `input` on; Meta adds machine-readable detail.
type Error struct {
	Code    Code
	Message string
	Path    []string
	Meta    map[string]any
}

func (e *Error) Error() string {
	if len(e.Path) == 0 {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s at %s: %s", e.Code, strings.Join(e.Path, "."), e.Message)
}

// New makes an error of the code with a formatted message.
func New(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// At returns a copy of the error that names the input member it is about.
func (e *Error) At(path ...string) *Error {
	c := *e
	c.Path = path
	return &c
}

// With returns a copy of the error with one more machine-readable detail.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Meta = make(map[string]any, len(e.Meta)+1)
	for k, v := range e.Meta {
		c.Meta[k] = v
	}
	c.Meta[key] = value
	return &c
}

// CodeOf tells the code of the first [*Error] in the chain; INTERNAL for any other error, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	var l List
	if errors.As(err, &l) && len(l) > 0 {
		return l[0].Code
	}
	return Internal
}

// List is several errors about one input, all found before anything was written.
type List []*Error

func (l List) Error() string {
	parts := make([]string, len(l))
	for i, e := range l {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}

// Add appends an error about the named input member.
func (l *List) Add(code Code, path, format string, args ...any) {
	*l = append(*l, New(code, format, args...).At(strings.Split(path, ".")...))
}

// Err is the list as an error: nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}
