package crm

import (
	"maps"
	"slices"
	"strings"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/period"
)

// setters apply one member of a change set to a deal, in the order of their keys here: the owner and the stage first,
// so that what the same change sets beside them stays.
var setters = []struct {
	key string
	set func(w *write, d *Deal, v any) *errs.Error
}{
	{"ownerId", setOwner},
	{"stageId", setStage},
	{"name", setName},
	{"accountId", setAccount},
	{"amount", setAmount},
	{"recurringAmount", setRecurring},
	{"closeDate", setCloseDate},
	{"forecastCategory", setForecastCategory},
	{"nextStep", setNextStep},
}

// apply makes the changes to d and collects all that is wrong with them.
func (w *write) apply(d *Deal, set ChangeSet) error {
	var bad errs.List
	left := maps.Clone(set)
	for _, s := range setters {
		v, given := set[s.key]
		delete(left, s.key)
		if !given {
			continue
		}
		if e := s.set(w, d, v); e != nil {
			bad = append(bad, e.At(s.key))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(left)) {
		bad.Add(errs.BadInput, key, "A deal has no member %s that can be set.", key)
	}
	return bad.Err()
}

func text(v any) string {
	s, _ := v.(string)
	return strings.TrimSpace(s)
}

func setName(_ *write, d *Deal, v any) *errs.Error {
	s := text(v)
	if s == "" || len([]rune(s)) > 300 {
		return errs.New(errs.BadInput, "Give the deal a name of up to 300 characters.")
	}
	d.Name = s
	return nil
}

func setNextStep(_ *write, d *Deal, v any) *errs.Error {
	s := text(v)
	if len([]rune(s)) > 2000 {
		return errs.New(errs.BadInput, "A next step has at most 2,000 characters.")
	}
	d.NextStep = nil
	if s != "" {
		d.NextStep = &s
	}
	return nil
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

func setAccount(_ *write, d *Deal, v any) *errs.Error {
	if v == nil {
		d.AccountID = id.Account{}
		return nil
	}
	u, ok := id.ParseKind(id.AccountKind, text(v))
	if !ok {
		return errs.New(errs.BadInput, "This is not the id of an account.")
	}
	d.AccountID = id.Account{UUID: u} // that it exists is the foreign key's to say
	return nil
}

// setAmount sets amount and, with it, the deal's currency; a recurring amount in another currency must be given anew.
func setAmount(_ *write, d *Deal, v any) *errs.Error {
	return setMoney(d, v, &d.AmountMinor, d.RecurringMinor)
}

func setRecurring(_ *write, d *Deal, v any) *errs.Error {
	return setMoney(d, v, &d.RecurringMinor, d.AmountMinor)
}

func setMoney(d *Deal, v any, minor **int64, other *int64) *errs.Error {
	if v == nil {
		*minor = nil
		return nil
	}
	in, ok := v.(money.Input)
	if !ok {
		return errs.New(errs.BadInput, "Give an amount and its currency.")
	}
	m, bad := in.Money()
	if bad != nil {
		return bad
	}
	if m.Minor < 0 {
		return errs.New(errs.BadInput, "A deal's amount is not negative.")
	}
	if m.Currency != d.Currency && other != nil {
		return errs.New(errs.BadInput, "The deal's other amount is in %s. Clear it first, or give both in one currency.", d.Currency)
	}
	d.Currency, *minor = m.Currency, &m.Minor
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
