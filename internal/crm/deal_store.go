package crm

import (
	"context"
	"fmt"
	"strings"
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

// updateDeal writes the new state of a locked deal in one statement: the version that was is closed and the new one
// opened, with the event and the audit row of the change, and the visit moves when the stage changed.
func updateDeal(ctx context.Context, tx *pg.Tx, by *access.Principal, before, d *Deal, reason string) error {
	w, err := event.Beside(tx, by.Org, by.Actor(), dealChange(before, d, reason))
	if err != nil {
		return err
	}
	deal, at := w.Arg(d.ID), w.Arg(d.UpdatedAt)
	w.With += fmt.Sprintf(`, closed as (
	  update deal_version
	     set valid_to = %[2]s::timestamptz
	   where org_id = $2
	     and id = %[1]s
	     and valid_to = 'infinity'
	  returning 1
	)`, deal, at)
	if d.StageID != before.StageID {
		w.With += fmt.Sprintf(`, left_stage as (
	  update stage_visit
	     set left_at = %[2]s::timestamptz
	   where org_id = $2
	     and deal_id = %[1]s
	     and left_at is null
	  returning number
	), entered as (
	  insert into stage_visit (org_id, deal_id, number, stage_id, entered_at, entered_by)
	  select $2, %[1]s::uuid, number + 1, %[3]s::uuid, %[2]s::timestamptz, %[4]s::uuid
	    from left_stage
	)`, deal, at, w.Arg(d.StageID), w.Arg(by.User))
	}
	set := []string{
		"name = " + w.Arg(d.Name), "account_id = " + w.Arg(d.AccountID), "pipeline_id = " + w.Arg(d.PipelineID),
		"stage_id = " + w.Arg(d.StageID), "stage_kind = " + w.Arg(d.StageKind), "owner_id = " + w.Arg(d.OwnerID),
		"team_id = " + w.Arg(d.TeamID), "territory_id = " + w.Arg(d.TerritoryID), "amount = " + w.Arg(d.AmountMinor),
		"currency = " + w.Arg(d.Currency), "recurring_amount = " + w.Arg(d.RecurringMinor), "close_date = " + w.Arg(d.CloseDate),
		"closed_at = " + w.Arg(d.ClosedAt), "forecast_category = " + w.Arg(d.ForecastCategory),
		"probability = " + w.Arg(d.Probability), "next_step = " + w.Arg(d.NextStep), "version = " + w.Arg(d.Version),
	}
	w.With += fmt.Sprintf(`, changed as (
	  update deal
	     set %s, updated_at = %s::timestamptz
	   where org_id = $2
	     and id = %s
	)`, strings.Join(set, ", "), at, deal)
	w.After = "closed"
	return pg.InsertRowsBeside(ctx, tx, by.Org.UUID, "deal_version", []DealVersion{versionOf(d, by)}, w)
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
