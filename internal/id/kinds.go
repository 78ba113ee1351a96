package id

import (
	"io"

	"github.com/ententehq/entente/internal/errs"
)

// The types of ids, one per entity. Each is a UUID in the database and `prefix_…` in the API; the zero value is NULL in
// both.
const (
	OrgKind       Kind = "org"
	UserKind      Kind = "user"
	TeamKind      Kind = "team"
	TerritoryKind Kind = "territory"
	TokenKind     Kind = "token"
	AccountKind   Kind = "account"
	ContactKind   Kind = "contact"
	ProductKind   Kind = "product"
	PipelineKind  Kind = "pipeline"
	StageKind     Kind = "stage"
	DealKind      Kind = "deal"
)

type (
	// Org is the id of an org (tenant).
	Org struct{ UUID }
	// User is the id of a user.
	User struct{ UUID }
	// Team is the id of a team.
	Team struct{ UUID }
	// Territory is the id of a territory.
	Territory struct{ UUID }
	// Token is the id of a service token.
	Token struct{ UUID }
	// Account is the id of an account (company).
	Account struct{ UUID }
	// Contact is the id of a contact.
	Contact struct{ UUID }
	// Product is the id of a product.
	Product struct{ UUID }
	// Pipeline is the id of a pipeline.
	Pipeline struct{ UUID }
	// Stage is the id of a stage of a pipeline.
	Stage struct{ UUID }
	// Deal is the id of a deal (opportunity).
	Deal struct{ UUID }
)

// MarshalGQL writes the global id.
func (i Org) MarshalGQL(w io.Writer) { marshal(w, OrgKind, i.UUID) }

// MarshalGQL writes the global id.
func (i User) MarshalGQL(w io.Writer) { marshal(w, UserKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Team) MarshalGQL(w io.Writer) { marshal(w, TeamKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Territory) MarshalGQL(w io.Writer) { marshal(w, TerritoryKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Token) MarshalGQL(w io.Writer) { marshal(w, TokenKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Account) MarshalGQL(w io.Writer) { marshal(w, AccountKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Contact) MarshalGQL(w io.Writer) { marshal(w, ContactKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Product) MarshalGQL(w io.Writer) { marshal(w, ProductKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Pipeline) MarshalGQL(w io.Writer) { marshal(w, PipelineKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Stage) MarshalGQL(w io.Writer) { marshal(w, StageKind, i.UUID) }

// MarshalGQL writes the global id.
func (i Deal) MarshalGQL(w io.Writer) { marshal(w, DealKind, i.UUID) }

func marshal(w io.Writer, k Kind, u UUID) {
	if u.IsZero() {
		_, _ = io.WriteString(w, "null")
		return
	}
	_, _ = io.WriteString(w, `"`+Global(k, u)+`"`)
}

// UnmarshalGQL reads the global id.
func (i *Org) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(OrgKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *User) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(UserKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Team) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(TeamKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Territory) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(TerritoryKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Token) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(TokenKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Account) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(AccountKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Contact) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(ContactKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Product) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(ProductKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Pipeline) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(PipelineKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Stage) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(StageKind, v)
	return err
}

// UnmarshalGQL reads the global id.
func (i *Deal) UnmarshalGQL(v any) (err error) {
	i.UUID, err = unmarshal(DealKind, v)
	return err
}

func unmarshal(k Kind, v any) (UUID, error) {
	s, _ := v.(string)
	u, ok := ParseKind(k, s)
	if !ok {
		return UUID{}, errs.New(errs.BadInput, "%q is not the id of a %s. Take ids from earlier answers of this API.", clip(s), k)
	}
	return u, nil
}

func clip(s string) string {
	if len(s) > 60 {
		return s[:60] + "…"
	}
	return s
}
