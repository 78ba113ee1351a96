// Package ingest brings other systems' files into an org: a mapping says which column feeds which field, and an import
// reads the files by it, checks every row, and writes what is new in one transaction.
//
// It owns no table and no SQL. Records are written through org and crm, whose Load methods it calls; what an org has
// already is found by the ids that the other system gave (external_id), and people, teams and territories by their names
// as well. An import makes records and never changes one that exists.
//
// A wrong row is left out and reported with its file, line and reason; a wrong file or mapping stops the import before
// anything is written. A dry run is the same import in a transaction that is rolled back.
//
// Dates: a day means its start in the org's time zone. A history import dates each version of a deal by the columns
// that its mapping names; when two versions of a deal fall on the same moment, the later one begins a microsecond after
// the earlier. People, their teams and territories are valid from the start of the earliest of these days, so that a
// deal's team at that time is known.
package ingest
