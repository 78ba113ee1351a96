package ingest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/ententehq/entente/internal/id"
)

// refs finds the records of one entity that rows refer to.
type refs struct {
	what   string
	byID   map[string]id.UUID
	byName map[string][]id.UUID // folded
}

func newRefs(what string) *refs {
	return &refs{what: what, byID: map[string]id.UUID{}, byName: map[string][]id.UUID{}}
}

func (x *refs) name(name string, u id.UUID) {
	for _, have := range x.byName[fold(name)] {
		if have == u {
			return
		}
	}
	x.byName[fold(name)] = append(x.byName[fold(name)], u)
}

// find gives the record, or the reason why there is none. An empty text is no reference and gives the zero id. A name
// that nobody has is taken for an external id: that is what records are known by that the files only name, and an org
// may have renamed them.
func (x *refs) find(by, text string) (id.UUID, string) {
	if text == "" {
		return id.UUID{}, ""
	}
	if by == byExternalID {
		if u, ok := x.byID[text]; ok {
			return u, ""
		}
		return id.UUID{}, fmt.Sprintf("no %s has the external id %q, in the files or in the org", x.what, clip(text))
	}
	switch found := x.byName[fold(text)]; len(found) {
	case 0:
		if u, ok := x.byID[text]; ok {
			return u, ""
		}
		return id.UUID{}, fmt.Sprintf("no %s is called %q, in the files or in the org", x.what, clip(text))
	case 1:
		return found[0], ""
	default:
		return id.UUID{}, fmt.Sprintf("%d %ss are called %q; refer to them by external id, or rename them", len(found), x.what, clip(text))
	}
}

// has tells whether the reference leads anywhere, be it to several.
func (x *refs) has(by, text string) bool {
	_, known := x.byID[text]
	return known || by == byName && len(x.byName[fold(text)]) > 0
}

func (x *refs) clone() *refs {
	c := &refs{what: x.what, byID: maps.Clone(x.byID), byName: map[string][]id.UUID{}}
	for k, v := range x.byName {
		c.byName[k] = slices.Clone(v)
	}
	return c
}
