package crm

import (
	"context"

	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// Service is what can be done with accounts, pipelines and deals.
type Service struct {
	pool      *pg.Pool
	clock     clock.Clock
	orgs      *org.Service
	catalogue *pg.Cached[*Catalogue]
}

// NewService makes the service.
func NewService(pool *pg.Pool, c clock.Clock, orgs *org.Service) *Service {
	orgs.HandsOver(succession{})
	return &Service{pool: pool, clock: c, orgs: orgs, catalogue: pg.NewCached(loadCatalogue)}
}

// Remembered is the catalogue that was read last; nil where none was.
func (s *Service) Remembered(o id.Org) *Catalogue {
	c, _, _ := s.catalogue.Peek(o.UUID)
	return c
}

// Catalogue is the org's pipelines as the transaction sees them.
func (s *Service) Catalogue(ctx context.Context, db pg.Versioned, o id.Org) (*Catalogue, error) {
	return s.catalogue.Get(ctx, db, o.UUID)
}
