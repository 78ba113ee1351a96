package crm_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/clock"
	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/dbtest"
	"github.com/ententehq/entente/internal/entity"
	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/money"
	"github.com/ententehq/entente/internal/org"
	"github.com/ententehq/entente/internal/pg"
)

// BenchmarkUpdateDeal is a change of one field with its version, event and audit row, committed.
func BenchmarkUpdateDeal(b *testing.B) {
	pool, err := pg.Open(b.Context(), dbtest.New(b).AppURL, pg.Options{MaxConns: 6})
	require.NoError(b, err)
	b.Cleanup(func() { _ = pool.Close() })
	orgs := org.NewService(pool, clock.System{})
	o, err := orgs.Create(b.Context(), org.CreateParams{Key: "acme", Name: "Acme", Currency: "USD", TimeZone: "UTC", FiscalMonth: 1})
	require.NoError(b, err)
	by, s := access.Operator(o), crm.NewService(pool, clock.System{}, orgs)
	began := time.Now().Add(-time.Hour)
	user, pipeline, stage := id.User{UUID: id.New()}, id.Pipeline{UUID: id.New()}, id.Stage{UUID: id.New()}
	require.NoError(b, pool.Write(b.Context(), by.Session(), func(tx *pg.Tx) error {
		if err := orgs.Load(b.Context(), tx, by, org.Batch{Users: []org.User{{ID: user, Name: "Ann", Active: true, Version: 1, CreatedAt: began, UpdatedAt: began}}}); err != nil {
			return err
		}
		return s.Load(b.Context(), tx, by, crm.Batch{
			Pipelines: []crm.Pipeline{{ID: pipeline, Key: "sales", Name: "Sales", CreatedAt: began}},
			Stages:    []crm.Stage{{ID: stage, PipelineID: pipeline, Key: "open", Name: "Open", Kind: crm.Open, Probability: money.Decimal("0.1"), ForecastCategory: "PIPELINE", CreatedAt: began}},
		})
	}))
	deal, err := s.CreateDeal(b.Context(), by, crm.CreateDealParams{Set: entity.ChangeSet{"name": "d", "ownerId": id.Global(id.UserKind, user.UUID)}})
	require.NoError(b, err)
	h := pool.Read(by.Session()) // as a server has them from earlier reads
	_, err = orgs.Directory(b.Context(), h, o)
	require.NoError(b, err)
	_, err = s.Catalogue(b.Context(), h, o)
	require.NoError(b, err)
	h.Close()
	before := pool.Sent()
	n := 0
	for b.Loop() {
		n++
		require.NoError(b, s.UpdateDeal(b.Context(), by, crm.UpdateDealParams{ID: deal, Set: entity.ChangeSet{"nextStep": fmt.Sprint(n)}}))
	}
	b.ReportMetric(float64(pool.Sent()-before)/float64(n), "roundtrips/op")
}
