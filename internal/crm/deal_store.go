package crm

import (
	"context"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
)

// insertDeal writes a new deal with its first version and visit.
func insertDeal(ctx context.Context, tx *pg.Tx, by *access.Principal, d *Deal) error {
	o := by.Org.UUID
	if err := pg.InsertRows(ctx, tx, o, "deal", []Deal{*d}); err != nil {
		return err
	}
	v := versionOf(d, by)
	if err := insertVersion(ctx, tx, by, v, dealChange(nil, d, "")); err != nil {
		return err
	}
	return pg.InsertRows(ctx, tx, o, "stage_visit", VisitsOf([]DealVersion{v}))
}

// insertVersion writes a deal's new version, its event and its audit row in one statement.
func insertVersion(ctx context.Context, tx *pg.Tx, by *access.Principal, v DealVersion, c event.Change) error {
	beside, err := event.Beside(tx, by.Org, by.Actor(), c)
	if err != nil {
		return err
	}
	return pg.InsertRowsBeside(ctx, tx, by.Org.UUID, "deal_version", []DealVersion{v}, beside)
}

func versionOf(d *Deal, by *access.Principal) DealVersion {
	v := DealVersion{Deal: *d, ValidFrom: d.UpdatedAt, ChangedBy: by.User}
	if by.User.IsZero() {
		v.ChangedByToken = by.Token
	}
	if by.Client != "" {
		v.Client = &by.Client
	}
	return v
}

// updateDeal writes the new state of a locked deal, closes the version that was and opens the new one, with the event
// and the audit row of the change, and moves the visit when the stage changed.
func updateDeal(ctx context.Context, tx *pg.Tx, by *access.Principal, before, d *Deal, reason string) error {
	_, err := tx.Exec(ctx, `
		with closed as (
		  update deal_version
		     set valid_to = $3
		   where org_id = $1
		     and id = $2
		     and valid_to = 'infinity'
		), left_stage as (
		  update stage_visit
		     set left_at = $3
		   where org_id = $1
		     and deal_id = $2
		     and left_at is null
		     and stage_id <> $7
		)
		update deal
		   set name = $4, account_id = $5, pipeline_id = $6, stage_id = $7, stage_kind = $8, owner_id = $9, team_id = $10,
		       territory_id = $11, amount = $12, currency = $13, recurring_amount = $14, close_date = $15,
		       closed_at = $16, forecast_category = $17, probability = $18, next_step = $19, version = $20, updated_at = $3
		 where org_id = $1
		   and id = $2`,
		by.Org, d.ID, d.UpdatedAt, d.Name, d.AccountID, d.PipelineID, d.StageID, d.StageKind, d.OwnerID, d.TeamID,
		d.TerritoryID, d.AmountMinor, d.Currency, d.RecurringMinor, d.CloseDate,
		d.ClosedAt, d.ForecastCategory, d.Probability, d.NextStep, d.Version)
	if err != nil {
		return fmt.Errorf("update deal: %w", err)
	}
	if err := insertVersion(ctx, tx, by, versionOf(d, by), dealChange(before, d, reason)); err != nil {
		return err
	}
	if d.StageID == before.StageID {
		return nil
	}
	_, err = tx.Exec(ctx, `
		insert into stage_visit (org_id, deal_id, number, stage_id, entered_at, entered_by)
		select $1, $2, max(number) + 1, $3, $4, $5
		  from stage_visit
		 where org_id = $1
		   and deal_id = $2`, by.Org, d.ID, d.StageID, d.UpdatedAt, by.User)
	if err != nil {
		return fmt.Errorf("enter stage: %w", err)
	}
	return nil
}

func explainDeal(err error) error {
	if pg.Violates(err) == "deal_account_fkey" {
		return errs.New(errs.BadInput, "There is no such account in your org.").At("accountId")
	}
	return err
}

// VisitsOfDeals gives the visits of the deals, each deal's oldest first, those entered by the moment asOf (nil: all);
// with last > 0 only that many newest of each.
func VisitsOfDeals(ctx context.Context, db pg.DB, org id.Org, deals []id.UUID, last int, asOf *time.Time) ([]Visit, error) {
	a := &entity.Args{}
	moment, limit := "", ""
	list, o := a.Add(id.Array(deals)), a.Add(org)
	if asOf != nil {
		moment = "\n		          and entered_at <= " + a.Add(asOf.UTC())
	}
	if last > 0 {
		limit = "\n		        order by number desc\n		        limit " + a.Add(last)
	}
	// The lateral join reads each deal's few visits off the primary key, whatever the number of deals.
	query := fmt.Sprintf(`
		select v.deal_id, v.number, v.stage_id, v.entered_at, v.left_at, v.entered_by, v.history
		  from unnest(%s::uuid[]) as page (deal_id)
		 cross join lateral (
		       select deal_id, number, stage_id, entered_at, left_at, entered_by, history
		         from stage_visit
		        where org_id = %s
		          and deal_id = page.deal_id%s%s) v
		 order by v.deal_id, v.number`, list, o, moment, limit)
	var out []Visit
	if err := db.Select(ctx, &out, query, a.Values()...); err != nil {
		return nil, fmt.Errorf("load stage visits: %w", err)
	}
	return out, nil
}
