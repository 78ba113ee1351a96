package crm

import (
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
)

// dealFacts are what events and the audit log tell of a deal, by the API's field names. The values are comparable, and
// nil where unknown.
var dealFacts = []struct {
	name string
	of   func(d *Deal) any
}{
	{"name", func(d *Deal) any { return d.Name }},
	{"type", func(d *Deal) any { return d.Type }},
	{"account", func(d *Deal) any { return global(id.AccountKind, d.AccountID.UUID) }},
	{"owner", func(d *Deal) any { return global(id.UserKind, d.OwnerID.UUID) }},
	{"team", func(d *Deal) any { return global(id.TeamKind, d.TeamID.UUID) }},
	{"territory", func(d *Deal) any { return global(id.TerritoryKind, d.TerritoryID.UUID) }},
	{"pipeline", func(d *Deal) any { return global(id.PipelineKind, d.PipelineID.UUID) }},
	{"stage", func(d *Deal) any { return global(id.StageKind, d.StageID.UUID) }},
	{"amount", func(d *Deal) any { return amountFact(d.Amount()) }},
	{"recurringAmount", func(d *Deal) any { return amountFact(d.RecurringAmount()) }},
	{"closeDate", func(d *Deal) any { return known(string(d.CloseDate)) }},
	{"closedAt", func(d *Deal) any {
		if d.ClosedAt == nil {
			return nil
		}
		return d.ClosedAt.UTC()
	}},
	{"forecastCategory", func(d *Deal) any { return d.ForecastCategory }},
	{"probability", func(d *Deal) any { return string(d.Probability) }},
	{"nextStep", func(d *Deal) any {
		if d.NextStep == nil {
			return nil
		}
		return *d.NextStep
	}},
}

type moneyFact struct {
	Amount   money.Decimal  `json:"amount"`
	Currency money.Currency `json:"currency"`
}

func amountFact(m *money.Money) any {
	if m == nil {
		return nil
	}
	return moneyFact{m.Amount(), m.Currency}
}

func global(k id.Kind, u id.UUID) any {
	if u.IsZero() {
		return nil
	}
	return id.Global(k, u)
}

func known(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// dealChange tells what differs between two states of a deal; of a new one (nil before) all that is known.
func dealChange(before, d *Deal, reason string) event.Change {
	c := event.Change{Entity: id.DealKind, ID: d.ID.UUID, Version: d.Version, Action: event.Updated, Reason: reason, At: d.UpdatedAt}
	if before == nil {
		before, c.Action = &Deal{}, event.Created
	}
	for _, f := range dealFacts {
		if was, is := f.of(before), f.of(d); was != is {
			c.Fields = append(c.Fields, event.Field{Name: f.name, Before: was, After: is})
		}
	}
	return c
}
