package crm

import (
	"context"
	"fmt"
	"time"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/period"
	"github.com/ententehq/entente/internal/pg"
)

// CreateDealParams describe a new deal. Set may hold every member that can be updated; name is required. Without
// ownerId the asker owns it, without stageId it starts in the first stage of the first pipeline.
type CreateDealParams struct {
	Type DealType // "" is NEW
	Set  entity.ChangeSet
}

// CreateDeal makes a deal. Permission: deal create (or expand, for EXPANSION and RENEWAL deals of own customers).
// Errors: FORBIDDEN, BAD_INPUT.
func (s *Service) CreateDeal(ctx context.Context, by *access.Principal, params CreateDealParams) (id.Deal, error) {
	if !by.Can("deal", "create") && !by.Can("deal", "expand") {
		return id.Deal{}, access.Forbidden("deal", "create")
	}
	made := id.New()
	made, err := access.Write(ctx, s.pool, by, s.clock.Now(), func(tx *pg.Tx) (id.UUID, error) {
		w, err := s.newWrite(ctx, tx, by)
		if err != nil {
			return made, err
		}
		return made, w.createDeal(ctx, id.Deal{UUID: made}, params)
	})
	return id.Deal{UUID: made}, err
}

func (w *write) createDeal(ctx context.Context, deal id.Deal, params CreateDealParams) error {
	d := &Deal{ID: deal, Type: params.Type, OwnerID: w.by.User, Currency: w.dir.Org.Currency, CreatedAt: w.now}
	if d.Type == "" {
		d.Type = New
	}
	if err := w.place(d, params.Set); err != nil {
		return err
	}
	if err := entity.Apply(dealSetters, w, d, params.Set); err != nil {
		return err
	}
	d.Version, d.UpdatedAt = 1, w.now
	if err := insertDeal(ctx, w.tx, w.by, d); err != nil {
		return explainDeal(err)
	}
	return w.mayHold(ctx, d)
}

// UpdateDealParams describe a change of a deal.
type UpdateDealParams struct {
	ID       id.Deal
	Expected *int   // the version that was read; nil does not check
	Reason   string // required after WON
	Set      entity.ChangeSet
}

// UpdateDeal changes a deal and keeps what it was as a version. A change that changes nothing makes no version.
// Permission: deal update while it is open, deal amend once it is closed (with a reason after WON), deal expand for
// open EXPANSION and RENEWAL deals of own customers. Errors: NOT_FOUND, FORBIDDEN, BAD_INPUT; CONFLICT when the deal is
// not of the expected version.
func (s *Service) UpdateDeal(ctx context.Context, by *access.Principal, params UpdateDealParams) error {
	if !by.Can("deal", "update") && !by.Can("deal", "amend") && !by.Can("deal", "expand") {
		return access.Forbidden("deal", "update")
	}
	_, err := access.Write(ctx, s.pool, by, s.clock.Now(), func(tx *pg.Tx) (id.UUID, error) {
		w, err := s.newWrite(ctx, tx, by)
		if err != nil {
			return params.ID.UUID, err
		}
		return params.ID.UUID, w.updateDeal(ctx, params)
	})
	return err
}

func (w *write) updateDeal(ctx context.Context, params UpdateDealParams) error {
	before, err := lockDeal(ctx, w.tx, w.by, params.ID)
	if err != nil {
		return err
	}
	if err := before.mayBeChanged(params.Reason); err != nil {
		return err
	}
	if err := entity.ExpectVersion("deal", params.Expected, before.Version); err != nil {
		return err
	}
	d := *before
	if err := entity.Apply(dealSetters, w, &d, params.Set); err != nil {
		return err
	}
	if d.same(before) {
		return nil
	}
	d.Version++
	d.UpdatedAt = later(w.now, before.UpdatedAt)
	return explainDeal(updateDeal(ctx, w.tx, w.by, before, &d, params.Reason))
}

// later is now, or the first moment after the last change where clocks of two servers disagree.
func later(now, last time.Time) time.Time {
	if now.After(last) {
		return now
	}
	return last.Add(time.Microsecond)
}

// write is what one write transaction knows.
type write struct {
	tx  *pg.Tx
	by  *access.Principal
	dir *org.Directory
	cat *Catalogue
	now time.Time
}

func (s *Service) newWrite(ctx context.Context, tx *pg.Tx, by *access.Principal) (*write, error) {
	dir, err := s.orgs.Directory(ctx, tx, by.Org)
	if err != nil {
		return nil, err
	}
	cat, err := s.Catalogue(ctx, tx, by.Org)
	if err != nil {
		return nil, err
	}
	return &write{tx: tx, by: by, dir: dir, cat: cat, now: s.clock.Now()}, nil
}

// place puts a new deal into its stage and with its owner.
func (w *write) place(d *Deal, set entity.ChangeSet) error {
	if len(w.cat.Pipelines) == 0 {
		return errs.New(errs.BadInput, "This org has no pipeline yet. Ask OPS to define one.")
	}
	if _, given := set["stageId"]; !given {
		first := w.cat.Pipelines[0].First()
		if first == nil {
			return errs.New(errs.BadInput, "The pipeline %s has no open stage. Ask OPS to add one.", w.cat.Pipelines[0].Name)
		}
		d.enter(first)
	}
	if _, given := set["ownerId"]; !given {
		if d.OwnerID.IsZero() {
			return errs.New(errs.BadInput, "A service token owns no deals: name the owner.").At("ownerId")
		}
		w.give(d, d.OwnerID)
	}
	if _, given := set["name"]; !given {
		return errs.New(errs.BadInput, "Give the deal a name.").At("name")
	}
	return nil
}

// give makes the person the deal's owner and puts it into their team and territory of this moment.
func (w *write) give(d *Deal, owner id.User) {
	p := w.dir.PlacementOf(owner, w.now)
	d.OwnerID, d.TeamID, d.TerritoryID = owner, p.Team, p.Territory
}

// enter puts the deal into a stage with the stage's kind, probability and forecast category.
func (d *Deal) enter(s *Stage) {
	d.PipelineID, d.StageID, d.StageKind = s.PipelineID, s.ID, s.Kind
	d.Probability, d.ForecastCategory = s.Probability, s.ForecastCategory
}

// close dates a deal that just became WON or LOST: its close date is the day of closing in the org's zone.
func (w *write) close(d *Deal) {
	at := w.now
	d.ClosedAt, d.CloseDate = &at, period.DayOf(at, w.dir.Org.Location())
}

// mayHold proves that the asker may create the deal as it has become: their own, of their team, of their customer.
func (w *write) mayHold(ctx context.Context, d *Deal) error {
	covered, err := dealCovered(ctx, w.tx, w.by, "create", d.ID)
	if err != nil || covered {
		return err
	}
	if d.Type == Expansion || d.Type == Renewal {
		if covered, err = dealCovered(ctx, w.tx, w.by, "expand", d.ID); err != nil || covered {
			return err
		}
	}
	return errs.New(errs.Forbidden, "Your roles let you create deals only within your reach: your own, your team's, or expansions and renewals of your customers. Choose an owner or account within it.").
		With("permission", "deal:create")
}

// same tells whether two states of a deal differ in nothing that a person set.
func (d *Deal) same(o *Deal) bool {
	return d.Name == o.Name && d.AccountID == o.AccountID && d.OwnerID == o.OwnerID && d.StageID == o.StageID &&
		equal(d.AmountMinor, o.AmountMinor) && d.Currency == o.Currency && equal(d.RecurringMinor, o.RecurringMinor) &&
		d.CloseDate == o.CloseDate && d.ForecastCategory == o.ForecastCategory && equal(d.NextStep, o.NextStep)
}

func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// mayBeChanged says of a locked deal why the asker may not change it, nil where they may.
func (d *Deal) mayBeChanged(reason string) error {
	switch {
	case d.Changeable && d.StageKind == Won && reason == "":
		return errs.New(errs.BadInput, "This deal is won: say why it is changed.").At("reason")
	case d.Changeable:
		return nil
	case d.StageKind == Open:
		return errs.New(errs.Forbidden, "You may read this deal but not change it. Ask its owner or their manager.").
			With("permission", "deal:update")
	}
	return errs.New(errs.Forbidden, "This deal is closed; from then on it belongs to OPS. Ask OPS to change it, with a reason.").
		With("permission", "deal:amend")
}

// changeable renders which deals the asker may change: open ones within the reach of update, open EXPANSION and RENEWAL
// deals within that of expand, closed ones within that of amend.
func changeable(by *access.Principal, a *entity.Args) string {
	within := func(action string) string { return Deals.Condition(by.Scope("deal", action), a) }
	return fmt.Sprintf("case when d.stage_kind <> 'OPEN' then (%s) else (%s) or (d.type <> 'NEW' and (%s)) end",
		within("amend"), within("update"), within("expand"))
}

// lockDeal reads and locks a deal that the asker may see, and asks in the same statement whether they may change it.
func lockDeal(ctx context.Context, tx *pg.Tx, by *access.Principal, deal id.Deal) (*Deal, error) {
	return Deals.Lock(ctx, tx, by.Scope("deal", "read"), func(a *entity.Args) string { return changeable(by, a) }, deal.UUID)
}

// Changeable tells which of the deals the asker may change now, with one statement for all of them.
func Changeable(ctx context.Context, db pg.DB, by *access.Principal, deals []id.UUID) (map[id.UUID]bool, error) {
	a := &entity.Args{}
	query := fmt.Sprintf(`
		select d.id
		  from deal d
		 where d.org_id = %s
		   and d.id = any(%s::uuid[])
		   and (%s)`, a.Add(by.Org), a.Add(id.Array(deals)), changeable(by, a))
	var found []id.UUID
	if err := db.Select(ctx, &found, query, a.Values()...); err != nil {
		return nil, fmt.Errorf("check which deals may be changed: %w", err)
	}
	may := make(map[id.UUID]bool, len(found))
	for _, u := range found {
		may[u] = true
	}
	return may, nil
}

// dealCovered tells whether the asker's action reaches the deal as it stands in the transaction.
func dealCovered(ctx context.Context, tx *pg.Tx, by *access.Principal, action string, deal id.Deal) (bool, error) {
	covered, err := Deals.Covered(ctx, tx, by.Scope("deal", action), []id.UUID{deal.UUID})
	return covered[deal.UUID], err
}
