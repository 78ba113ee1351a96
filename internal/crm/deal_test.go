package crm_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ententehq/entente/internal/crm"
	"github.com/ententehq/entente/internal/id"
)

// TestVisitsFollowTheVersions holds that at every moment the visit under way is in the stage of the version valid then.
func TestVisitsFollowTheVersions(t *testing.T) {
	t.Parallel()
	stages := []id.Stage{{UUID: id.New()}, {UUID: id.New()}, {UUID: id.New()}}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var versions []crm.DealVersion
		for range rapid.IntRange(1, 12).Draw(t, "versions") {
			at = at.Add(time.Duration(rapid.IntRange(1, 100).Draw(t, "minutes")) * time.Minute)
			v := crm.DealVersion{ValidFrom: at}
			v.StageID = rapid.SampledFrom(stages).Draw(t, "stage")
			if n := len(versions); n > 0 {
				versions[n-1].ValidTo.At = at
			}
			versions = append(versions, v)
		}
		visits := crm.VisitsOf(versions)
		for i, v := range visits {
			if v.Number != i+1 || (v.LeftAt == nil) != (i == len(visits)-1) {
				t.Fatalf("visit %d: %+v", i, v)
			}
			if i > 0 && (!visits[i-1].LeftAt.Equal(v.EnteredAt) || visits[i-1].StageID == v.StageID) {
				t.Fatalf("visit %d does not follow the one before: %+v", i, visits)
			}
		}
		for _, version := range versions {
			for _, visit := range visits {
				during := !version.ValidFrom.Before(visit.EnteredAt) && (visit.LeftAt == nil || version.ValidFrom.Before(*visit.LeftAt))
				if during && visit.StageID != version.StageID {
					t.Fatalf("at %s the version is in %s, the visit in %s", version.ValidFrom, version.StageID, visit.StageID)
				}
			}
		}
	})
}
