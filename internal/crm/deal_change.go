package crm

import (
	"strings"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/period"
)

// dealSetters apply a change set's members in this order: the owner and the stage first, so that what the same change
// sets beside them stays.
var dealSetters = []entity.Setter[Deal, *write]{
	entity.SetBy("ownerId", setOwner),
	entity.SetBy("stageId", setStage),
	entity.SetName[Deal, *write]("name", 300, func(d *Deal) *string { return &d.Name }),
	entity.SetRef[Deal, *write]("accountId", id.AccountKind, func(d *Deal) *id.UUID { return &d.AccountID.UUID }),
	entity.SetMoney[Deal, *write]("amount", func(d *Deal) **int64 { return &d.AmountMinor }, dealCurrency,
		func(d *Deal) []*int64 { return []*int64{d.RecurringMinor} }),
	entity.SetMoney[Deal, *write]("recurringAmount", func(d *Deal) **int64 { return &d.RecurringMinor }, dealCurrency,
		func(d *Deal) []*int64 { return []*int64{d.AmountMinor} }),
	entity.SetBy("closeDate", setCloseDate),
	entity.SetBy("forecastCategory", setForecastCategory),
	entity.SetText[Deal, *write]("nextStep", 2000, func(d *Deal) **string { return &d.NextStep }),
}

func dealCurrency(d *Deal) *money.Currency { return &d.Currency }

func text(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}

func setOwner(w *write, d *Deal, v any) *errs.Error {
	u, ok := id.ParseKind(id.UserKind, text(v))
	owner := w.dir.User(id.User{UUID: u})
	switch {
	case !ok || owner == nil:
		return errs.New(errs.BadInput, "A deal has an owner: give the id of a user of your org.")
	case !owner.Active:
		return errs.New(errs.BadInput, "%s is no longer active. Choose another owner.", owner.Name)
	case owner.ID != d.OwnerID || d.Version == 0:
		w.give(d, owner.ID)
	}
	return nil
}

func setStage(w *write, d *Deal, v any) *errs.Error {
	u, ok := id.ParseKind(id.StageKind, text(v))
	stage := w.cat.Stage(id.Stage{UUID: u})
	switch {
	case !ok || stage == nil:
		return errs.New(errs.BadInput, "A deal is in a stage: give the id of one of its pipeline's.")
	case stage.ID == d.StageID:
		return nil
	case d.Version == 0 && stage.Kind != Open:
		return errs.New(errs.BadInput, "A new deal starts in an open stage; %s is %s.", stage.Name, stage.Kind)
	case d.Version > 0 && stage.PipelineID != d.PipelineID:
		return errs.New(errs.BadInput, "%s is a stage of the pipeline %s; this deal is in %s.", stage.Name,
			w.cat.Pipeline(stage.PipelineID).Name, w.cat.Pipeline(d.PipelineID).Name)
	case d.Version > 0 && d.StageKind != Open:
		return errs.New(errs.BadInput, "A closed deal is not moved to another stage.")
	}
	d.enter(stage)
	if stage.Kind != Open {
		w.close(d)
	}
	return nil
}

func setCloseDate(_ *write, d *Deal, v any) *errs.Error {
	if v == nil {
		if d.StageKind != Open {
			return errs.New(errs.BadInput, "A closed deal has a close date.")
		}
		d.CloseDate = ""
		return nil
	}
	day, ok := v.(period.Day)
	if !ok {
		return errs.New(errs.BadInput, "Write the close date as 2026-03-31.")
	}
	d.CloseDate = day
	return nil
}

func setForecastCategory(_ *write, d *Deal, v any) *errs.Error {
	s := text(v)
	if (s == "CLOSED") != (d.StageKind == Won) {
		return errs.New(errs.BadInput, "CLOSED is the forecast category of won deals, and of no others.")
	}
	if s == "" {
		return errs.New(errs.BadInput, "A deal has a forecast category; moving it to a stage sets the stage's own.")
	}
	d.ForecastCategory = s
	return nil
}
