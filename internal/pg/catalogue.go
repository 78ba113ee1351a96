package pg

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// crossOrg are the tables that are read before the org is known. They hold ids, keys and token hashes only.
var crossOrg = []string{"org_lookup", "schema_migration", "token_lookup"}

// catalogueRow is what PostgreSQL says about one table.
type catalogueRow struct {
	Table    string `db:"table_name"`
	Owner    string `db:"owner"`
	Enabled  bool   `db:"enabled"`
	Forced   bool   `db:"forced"`
	OrgFirst bool   `db:"org_first"`
	Policies string `db:"policies"`
}

// boundary is the one policy that a table with an org has: its condition for reading and for writing, and its roles.
const boundary = `org_boundary entente_app,entente_owner (ORG = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid) | ` +
	`(ORG = (NULLIF(current_setting('entente.org_id'::text, true), ''::text))::uuid)`

// CheckOrgBoundary proves over PostgreSQL's own catalogue that every table belongs to one org a row: row level security
// enabled, forced for the owner too, one permissive policy for reading and writing that a connection without an org
// cannot pass, and the org first in the primary key. It gives the faults found, none where all is well.
func CheckOrgBoundary(ctx context.Context, db DB) ([]string, error) {
	var rows []catalogueRow
	err := db.Select(ctx, &rows, `
		select c.relname as table_name,
		       pg_get_userbyid(c.relowner) as owner,
		       c.relrowsecurity as enabled,
		       c.relforcerowsecurity as forced,
		       coalesce((select a.attname in ('org_id', 'id')
		                   from pg_index i
		                   join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
		                  where i.indrelid = c.oid
		                    and i.indisprimary), false) as org_first,
		       coalesce((select string_agg(format('%s %s %s | %s', p.polname,
		                          (select string_agg(pg_get_userbyid(r), ',' order by pg_get_userbyid(r)) from unnest(p.polroles) r),
		                          pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)), '; ')
		                   from pg_policy p
		                  where p.polrelid = c.oid), '') as policies
		  from pg_class c
		 where c.relnamespace = 'public'::regnamespace
		   and c.relkind in ('r', 'p')
		 order by 1`)
	if err != nil {
		return nil, fmt.Errorf("read the catalogue: %w", err)
	}
	var faults []string
	for _, r := range rows {
		if slices.Contains(crossOrg, r.Table) {
			continue
		}
		org := "org_id"
		if r.Table == "org" {
			org = "id"
		}
		switch {
		case !r.Enabled:
			faults = append(faults, r.Table+": row level security is not enabled")
		case !r.Forced:
			faults = append(faults, r.Table+": row level security is not forced for the table's owner")
		case r.Policies != strings.ReplaceAll(boundary, "ORG", org):
			faults = append(faults, r.Table+": its policy is not the org boundary: "+r.Policies)
		case !r.OrgFirst:
			faults = append(faults, r.Table+": its primary key does not begin with the org")
		case r.Owner == "entente_app":
			faults = append(faults, r.Table+": it belongs to the app role, which could switch row level security off")
		}
	}
	return faults, nil
}
