package money_test

import (
	"testing"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/ententehq/entente/internal/money"
)

func TestAmountsComeBackExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := money.Money{
			Minor:    rapid.Int64().Draw(t, "minor"),
			Currency: rapid.SampledFrom([]money.Currency{"USD", "JPY", "KWD", "EUR", "CLF"}).Draw(t, "currency"),
		}
		d, err := money.ParseDecimal(string(m.Amount()))
		if err != nil {
			t.Fatal(err)
		}
		got, err := money.Parse(d, m.Currency)
		if err != nil || got != m {
			t.Fatalf("%v came back as %v, %v", m, got, err)
		}
	})
}

func TestAmountsInTheirMinorUnit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		minor    int64
		currency money.Currency
		want     money.Decimal
	}{{118050, "USD", "1180.50"}, {-5, "USD", "-0.05"}, {1180, "JPY", "1180"}, {1, "KWD", "0.001"}, {0, "EUR", "0.00"}} {
		assert.Equal(t, c.want, money.Money{Minor: c.minor, Currency: c.currency}.Amount())
	}
	for amount, currency := range map[string]money.Currency{"1.005": "USD", "0.5": "JPY", "92233720368547758.08": "USD"} {
		_, err := money.Parse(decimal.RequireFromString(amount), currency)
		assert.Error(t, err, "%s %s", amount, currency)
	}
	m, err := money.Parse(decimal.RequireFromString("1.50000"), "USD")
	require.NoError(t, err)
	assert.Equal(t, int64(150), m.Minor)
}

func TestWhatIsNoDecimal(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "1e9", "1E400000000", "NaN", "Inf", "0x10", "1,5", " 1", "1_000", "--1", "12345678901234567890123456789012345678901"} {
		_, err := money.ParseDecimal(s)
		assert.Error(t, err, s)
	}
	var d money.Decimal
	require.Error(t, d.UnmarshalGQL(1.5), "a float is not exact")
	require.NoError(t, d.UnmarshalGQL("1.50"))
}

func TestCurrenciesAreISOCodes(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "usd", "US", "USDX", "ABC", "U$D"} {
		_, err := money.ParseCurrency(s)
		assert.Error(t, err, s)
	}
	_, err := money.ParseCurrency("CHF")
	assert.NoError(t, err)
}
