module github.com/ententehq/entente

go 1.26.0

require (
	github.com/andybalholm/brotli v1.2.8
	github.com/google/uuid v1.6.0
	github.com/vearutop/statigz v1.4.0
)
