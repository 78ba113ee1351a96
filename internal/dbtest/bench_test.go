package dbtest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkDatabase shows what a test pays for its database, making and dropping included.
func BenchmarkDatabase(b *testing.B) {
	s, err := shared()
	require.NoError(b, err)
	for b.Loop() {
		db, err := s.create(b.Context())
		require.NoError(b, err)
		require.NoError(b, db.drop(b.Context()))
	}
}
