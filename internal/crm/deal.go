package crm

import (
	"time"

	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/period"
	"github.com/ententehq/entente/internal/pg"
)

// DealType says what winning a deal means for the customer.
type DealType string

// The types of deals.
const (
	New       DealType = "NEW"
	Expansion DealType = "EXPANSION"
	Renewal   DealType = "RENEWAL"
)

// Deal is an opportunity.
type Deal struct {
	entity.Row
	ID               id.Deal        `db:"id"`
	Name             string         `db:"name"`
	Type             DealType       `db:"type"`
	AccountID        id.Account     `db:"account_id"`
	OwnerID          id.User        `db:"owner_id"`
	TeamID           id.Team        `db:"team_id"`
	TerritoryID      id.Territory   `db:"territory_id"`
	PipelineID       id.Pipeline    `db:"pipeline_id"`
	StageID          id.Stage       `db:"stage_id"`
	StageKind        StageKind      `db:"stage_kind"`
	AmountMinor      *int64         `db:"amount"` // of Currency; nil is unknown, not zero
	Currency         money.Currency `db:"currency"`
	RecurringMinor   *int64         `db:"recurring_amount"` // per year
	CloseDate        period.Day     `db:"close_date"`
	ClosedAt         *time.Time     `db:"closed_at"`
	ForecastCategory string         `db:"forecast_category"`
	Probability      money.Decimal  `db:"probability"`
	NextStep         *string        `db:"next_step"`
	Version          int            `db:"version"`
	CreatedAt        time.Time      `db:"created_at"`
	UpdatedAt        time.Time      `db:"updated_at"`
}

// Amount is the deal's amount, nil where unknown.
func (d *Deal) Amount() *money.Money { return amountOf(d.AmountMinor, d.Currency) }

// RecurringAmount is the part that recurs, per year, nil where unknown.
func (d *Deal) RecurringAmount() *money.Money { return amountOf(d.RecurringMinor, d.Currency) }

// Deals describes deals. Until credits are kept, a deal's owner is the one credited for it.
var Deals = entity.New[Deal]("deal", "deal d",
	entity.Reach[Deal]{
		"own":        entity.In(entity.Me, "d.owner_id", func(d *Deal) id.UUID { return d.OwnerID.UUID }),
		"credited":   entity.In(entity.Me, "d.owner_id", func(d *Deal) id.UUID { return d.OwnerID.UUID }),
		"team":       entity.In(entity.Teams, "d.team_id", func(d *Deal) id.UUID { return d.TeamID.UUID }),
		"territory":  entity.In(entity.Territories, "d.territory_id", func(d *Deal) id.UUID { return d.TerritoryID.UUID }),
		"customers":  entity.In(entity.Customers, "d.account_id", func(d *Deal) id.UUID { return d.AccountID.UUID }),
		"won":        entity.When("d.stage_kind = 'WON'", func(d *Deal) bool { return d.StageKind == Won }),
		"cs_visible": entity.In(entity.CSStages, "d.stage_id", func(d *Deal) id.UUID { return d.StageID.UUID }),
	},
	entity.Text("name", "d.name").Sort("d.name"),
	entity.Enum("type", "d.type"),
	entity.Ref("account", "d.account_id", id.AccountKind).Of("account"),
	entity.Ref("owner", "d.owner_id", id.UserKind).Of("user"),
	entity.Ref("team", "d.team_id", id.TeamKind).Of("team"),
	entity.Ref("territory", "d.territory_id", id.TerritoryKind).Of("territory"),
	entity.Ref("pipeline", "d.pipeline_id", id.PipelineKind).Of("stage"),
	entity.Ref("stage", "d.stage_id", id.StageKind).Of("stage"),
	entity.Enum("stageKind", "d.stage_kind"),
	entity.Enum("forecastCategory", "d.forecast_category"),
	entity.Money("amount", "d.amount").Sort("d.amount_key"),
	entity.Day("closeDate", "d.close_date").Sort("d.close_key"),
	entity.Instant("closedAt", "d.closed_at"),
	entity.Instant("createdAt", "d.created_at").Sort("d.created_at"),
	entity.Instant("updatedAt", "d.updated_at").Sort("d.updated_at"),
).AsOf("deal_version").DefaultOrder(entity.Order{Field: "createdAt", Desc: true})

// DealVersion is a deal as it was during [ValidFrom, ValidTo), and who made it so.
type DealVersion struct {
	Deal
	ValidFrom      time.Time `db:"valid_from"`
	ValidTo        pg.Until  `db:"valid_to"`
	ChangedBy      id.User   `db:"changed_by"`
	ChangedByToken id.Token  `db:"changed_by_token"`
	Client         *string   `db:"client"`
	History        bool      `db:"history"` // brought by an import of the past
}

// Visit is one stay of a deal in a stage.
type Visit struct {
	DealID    id.Deal    `db:"deal_id"`
	Number    int        `db:"number"` // from 1
	StageID   id.Stage   `db:"stage_id"`
	EnteredAt time.Time  `db:"entered_at"`
	LeftAt    *time.Time `db:"left_at"` // nil: still there
	EnteredBy id.User    `db:"entered_by"`
	History   bool       `db:"history"`
}

// VisitsOf derives a deal's visits from its versions, oldest first: consecutive versions in the same stage are one.
func VisitsOf(versions []DealVersion) []Visit {
	var out []Visit
	for _, v := range versions {
		if n := len(out); n > 0 {
			if out[n-1].StageID == v.StageID {
				continue
			}
			left := v.ValidFrom
			out[n-1].LeftAt = &left
		}
		out = append(out, Visit{
			DealID: v.ID, Number: len(out) + 1, StageID: v.StageID,
			EnteredAt: v.ValidFrom, EnteredBy: v.ChangedBy, History: v.History,
		})
	}
	return out
}
