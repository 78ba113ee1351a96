// Package money is amounts as integer minor units with a currency, and their decimal form at the edge. No binary
// floating point is on the way of money.
package money

import (
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/shopspring/decimal"
	"golang.org/x/text/currency"

	"github.com/ententehq/entente/internal/errs"
)

// Currency is an ISO 4217 code in upper case.
type Currency string

// ParseCurrency accepts a code of ISO 4217.
func ParseCurrency(s string) (Currency, error) {
	u, err := currency.ParseISO(s)
	if err != nil || u.String() != s {
		return "", errs.New(errs.BadInput, "%.10q is not a currency. Use a code of ISO 4217 in upper case, such as USD.", s)
	}
	return Currency(s), nil
}

// Digits is the number of decimal places of the currency's minor unit: 2 for USD, 0 for JPY, 3 for KWD.
func (c Currency) Digits() int32 {
	u, err := currency.ParseISO(string(c))
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(u)
	return int32(scale)
}

// MarshalGQL writes the code.
func (c Currency) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(c))) }

// UnmarshalGQL reads a code.
func (c *Currency) UnmarshalGQL(v any) (err error) {
	s, _ := v.(string)
	*c, err = ParseCurrency(s)
	return err
}

// Money is an amount: Minor units (cents for USD) of a currency.
type Money struct {
	Minor    int64
	Currency Currency
}

// Parse reads a decimal amount of a currency and refuses one finer than the minor unit.
func Parse(amount decimal.Decimal, c Currency) (Money, error) {
	m := amount.Shift(c.Digits())
	if !m.IsInteger() {
		return Money{}, errs.New(errs.BadInput, "%s has no unit as small as in %s. Give at most %d decimal places.", c, amount, c.Digits())
	}
	if !m.BigInt().IsInt64() {
		return Money{}, errs.New(errs.BadInput, "An amount of %s is larger than can be kept.", amount)
	}
	return Money{m.IntPart(), c}, nil
}

// Amount is the decimal form, with the currency's places: 1180.00.
func (m Money) Amount() Decimal {
	d := m.Currency.Digits()
	return Decimal(decimal.New(m.Minor, -d).StringFixed(d))
}

// Decimal is an exact decimal number in its text form, as it stands in JSON.
type Decimal string

// MarshalGQL writes it as a JSON string, never a float.
func (d Decimal) MarshalGQL(w io.Writer) { _, _ = io.WriteString(w, strconv.Quote(string(d))) }

// UnmarshalGQL reads a decimal from a JSON string; a whole number is taken too.
func (d *Decimal) UnmarshalGQL(v any) error {
	s := fmt.Sprint(v)
	switch v.(type) {
	case string, int, int64, fmt.Stringer:
	default:
		return errs.New(errs.BadInput, "A decimal number is given as a string, such as \"1180.00\".")
	}
	n, err := ParseDecimal(s)
	if err != nil {
		return err
	}
	*d = Decimal(n.String())
	return nil
}

// maxDecimalText bounds the text of a decimal, and with it the work that one can cause.
const maxDecimalText = 40

// ParseDecimal reads plain digits with an optional sign and point. Exponents are refused: a few bytes of them can name
// a number of gigabytes.
func ParseDecimal(s string) (decimal.Decimal, error) {
	for _, r := range s {
		if (r < '0' || r > '9') && r != '.' && r != '-' && r != '+' {
			s = ""
			break
		}
	}
	n, err := decimal.NewFromString(s)
	if err != nil || len(s) > maxDecimalText {
		return decimal.Decimal{}, errs.New(errs.BadInput, "This is not a decimal number. Give digits with an optional point, such as \"1180.00\".")
	}
	return n, nil
}

// Input is an amount as a client gives it.
type Input struct {
	Amount   Decimal
	Currency Currency
}

// Money converts the input to minor units. Errors: BAD_INPUT for an amount finer than the currency's minor unit.
func (i Input) Money() (Money, *errs.Error) {
	d, err := ParseDecimal(string(i.Amount))
	if err == nil {
		var m Money
		if m, err = Parse(d, i.Currency); err == nil {
			return m, nil
		}
	}
	var bad *errs.Error
	if !errors.As(err, &bad) {
		bad = errs.New(errs.BadInput, "This is not an amount of money.")
	}
	return Money{}, bad
}
