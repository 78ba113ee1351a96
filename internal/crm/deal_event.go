package crm

import (
	"github.com/ententehq/entente/internal/event"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
)

// dealFacts are what events and the audit log tell of a deal.
var dealFacts = []event.Fact[Deal]{
	{Name: "name", Of: func(d *Deal) any { return d.Name }},
	{Name: "type", Of: func(d *Deal) any { return d.Type }},
	{Name: "account", Of: func(d *Deal) any { return event.Ref(id.AccountKind, d.AccountID.UUID) }},
	{Name: "owner", Of: func(d *Deal) any { return event.Ref(id.UserKind, d.OwnerID.UUID) }},
	{Name: "team", Of: func(d *Deal) any { return event.Ref(id.TeamKind, d.TeamID.UUID) }},
	{Name: "territory", Of: func(d *Deal) any { return event.Ref(id.TerritoryKind, d.TerritoryID.UUID) }},
	{Name: "pipeline", Of: func(d *Deal) any { return event.Ref(id.PipelineKind, d.PipelineID.UUID) }},
	{Name: "stage", Of: func(d *Deal) any { return event.Ref(id.StageKind, d.StageID.UUID) }},
	{Name: "amount", Of: func(d *Deal) any { return amountFact(d.Amount()) }},
	{Name: "recurringAmount", Of: func(d *Deal) any { return amountFact(d.RecurringAmount()) }},
	{Name: "closeDate", Of: func(d *Deal) any { return known(string(d.CloseDate)) }},
	{Name: "closedAt", Of: func(d *Deal) any {
		if d.ClosedAt == nil {
			return nil
		}
		return d.ClosedAt.UTC()
	}},
	{Name: "forecastCategory", Of: func(d *Deal) any { return d.ForecastCategory }},
	{Name: "probability", Of: func(d *Deal) any { return string(d.Probability) }},
	{Name: "nextStep", Of: func(d *Deal) any { return event.Text(d.NextStep) }},
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
		c.Action = event.Created
	}
	c.Fields = event.Differences(dealFacts, before, d)
	return c
}
