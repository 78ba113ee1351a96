package crm

import (
	"context"
	"fmt"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// succession hands the open deals of somebody who leaves over to a successor. That is part of deactivating a person and
// needs that permission, not those of deals.
type succession struct{}

var _ org.Succession = succession{}

// OpenDeals counts the open deals that the person owns.
func (succession) OpenDeals(ctx context.Context, tx *pg.Tx, o id.Org, owner id.User) (int, error) {
	var n int
	err := tx.Get(ctx, &n, `
		select count(*)
		  from deal
		 where org_id = $1
		   and owner_id = $2
		   and stage_kind = 'OPEN'`, o, owner)
	if err != nil {
		return 0, fmt.Errorf("count open deals: %w", err)
	}
	return n, nil
}

// HandOver gives the open deals to the successor, each with a version, into the successor's team and territory.
func (succession) HandOver(ctx context.Context, tx *pg.Tx, by *access.Principal, h org.Handover) error {
	var deals []Deal
	// In the order of ids, so that two hand-overs do not wait for each other.
	err := tx.Select(ctx, &deals, `
		select `+Deals.Columns()+`
		  from deal d
		 where d.org_id = $1
		   and d.owner_id = $2
		   and d.stage_kind = 'OPEN'
		 order by d.id
		   for update`, by.Org, h.From)
	if err != nil {
		return fmt.Errorf("lock open deals: %w", err)
	}
	for i := range deals {
		d := deals[i]
		d.OwnerID, d.TeamID, d.TerritoryID = h.To, h.Placement.Team, h.Placement.Territory
		d.Version++
		d.UpdatedAt = later(h.At, deals[i].UpdatedAt)
		if err := updateDeal(ctx, tx, by, &deals[i], &d, ""); err != nil {
			return fmt.Errorf("hand over deal %s: %w", d.ID, err)
		}
	}
	return nil
}
