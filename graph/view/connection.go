package view

import (
	"github.com/ententehq/entente/internal/entity"
)

// PageInfo tells where a page lies in its list.
type PageInfo struct {
	HasNextPage     bool
	HasPreviousPage bool
	StartCursor     *string
	EndCursor       *string
}

// connection is what all connections share; T is the view of an entry, E its edge.
type connection[T, E any] struct {
	Edges            []*E
	Nodes            []*T
	PageInfo         *PageInfo
	TotalCount       *int
	TotalCountCapped bool
}

type edge[T any] struct {
	Cursor string
	Node   *T
}

// newConnection builds a connection's page from the rows of a list and their views. Cursors are hashed and encoded: they
// are made for the edges only when those are selected, and otherwise for both ends of the page.
func newConnection[R any, T any, E any](l *entity.List[R], nodes []*T, sel Selection, wrap func(edge[T]) *E) connection[T, E] {
	p := connection[T, E]{Nodes: nodes, PageInfo: &PageInfo{HasNextPage: l.HasNext, HasPreviousPage: l.HasPrevious}}
	cursor := func(i int) string { return any(l.Rows[i]).(entity.Keyed).Cursor(l.Name) }
	if n := len(l.Rows); n > 0 {
		first, last := cursor(0), cursor(n-1)
		p.PageInfo.StartCursor, p.PageInfo.EndCursor = &first, &last
	}
	if sel.Has("edges") {
		p.Edges = make([]*E, len(nodes))
		for i := range nodes {
			p.Edges[i] = wrap(edge[T]{cursor(i), nodes[i]})
		}
	}
	if l.TotalWasCounted {
		p.TotalCount, p.TotalCountCapped = &l.Total, l.TotalCapped
	}
	return p
}

// The connections of the entities. gqlgen wants a type of its own for each.
type (
	UserConnection      struct{ connection[User, UserEdge] }
	UserEdge            struct{ edge[User] }
	TeamConnection      struct{ connection[Team, TeamEdge] }
	TeamEdge            struct{ edge[Team] }
	TerritoryConnection struct {
		connection[Territory, TerritoryEdge]
	}
	TerritoryEdge     struct{ edge[Territory] }
	TokenConnection   struct{ connection[Token, TokenEdge] }
	TokenEdge         struct{ edge[Token] }
	AccountConnection struct {
		connection[Account, AccountEdge]
	}
	AccountEdge       struct{ edge[Account] }
	ContactConnection struct {
		connection[Contact, ContactEdge]
	}
	ContactEdge       struct{ edge[Contact] }
	ProductConnection struct {
		connection[Product, ProductEdge]
	}
	ProductEdge          struct{ edge[Product] }
	DealConnection       struct{ connection[Deal, DealEdge] }
	DealEdge             struct{ edge[Deal] }
	AuditEntryConnection struct {
		connection[AuditEntry, AuditEntryEdge]
	}
	AuditEntryEdge struct{ edge[AuditEntry] }
)
