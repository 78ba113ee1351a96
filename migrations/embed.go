// Package migrations holds the database's migrations, which are applied in the order of their numbers and never taken
// back. Each leaves a database that the previous version of the program still works with.
package migrations

import "embed"

// FS holds the migrations.
//
//go:embed *.sql
var FS embed.FS
