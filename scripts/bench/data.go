package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/pg"
)

// copied are the tables that grow with the deals, and what a copy's columns are: the rest is the original's. A copy's id
// keeps the original's time, so that ids lie in the index as they would have.
var copied = []struct {
	table string
	as    map[string]string
}{
	{"deal", map[string]string{"id": copyOf("id"), "name": "o.name || ' ' || n", "close_date": "o.close_date + n"}},
	{"deal_version", map[string]string{"id": copyOf("id"), "name": "o.name || ' ' || n", "close_date": "o.close_date + n"}},
	{"stage_visit", map[string]string{"deal_id": copyOf("deal_id")}},
}

func copyOf(column string) string {
	return fmt.Sprintf("(left(replace(o.%[1]s::text, '-', ''), 13) || left(md5(o.%[1]s::text || n), 19))::uuid", column)
}

// multiply copies the deals with their versions and visits until there are enough. It goes past triggers and foreign
// keys, which would take most of the time and find nothing.
func (b *stand) multiply(ctx context.Context) error {
	have, err := one[int](ctx, b, fmt.Sprintf(`select count(*) from deal where org_id = '%s'`, b.org))
	if err != nil || have >= fullSize {
		return err
	}
	copies := (fullSize - 1) / have
	return b.super.Write(ctx, pg.Session{Timeout: 15 * time.Minute}, func(tx *pg.Tx) error {
		if _, err := tx.Exec(ctx, `set local session_replication_role = replica`); err != nil {
			return err
		}
		for _, c := range copied {
			fmt.Fprintf(os.Stderr, "copying %s %d times\n", c.table, copies)
			var columns []string
			if err := tx.Select(ctx, &columns, `
				select column_name
				  from information_schema.columns
				 where table_schema = 'public'
				   and table_name = $1
				   and is_generated = 'NEVER'
				 order by ordinal_position`, c.table); err != nil {
				return err
			}
			values := make([]string, len(columns))
			for i, name := range columns {
				values[i] = "o." + name
				if v := c.as[name]; v != "" {
					values[i] = v
				}
			}
			_, err := tx.Exec(ctx, fmt.Sprintf("insert into %s (%s)\nselect %s\n  from %s o\n cross join generate_series(1, %d) n\n where o.org_id = '%s'",
				c.table, strings.Join(columns, ", "), strings.Join(values, ", "), c.table, copies, b.org))
			if err != nil {
				return fmt.Errorf("copy %s: %w", c.table, err)
			}
		}
		return nil
	})
}

// vacuum leaves the tables as autovacuum would after a while, so that it does not start in the middle.
func (b *stand) vacuum(ctx context.Context) error {
	program, err := b.cluster.Program("vacuumdb")
	if err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, program, "--quiet", "--analyze", b.cluster.SuperURL("")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("vacuum: %w\n%s", err, out)
	}
	return nil
}

// facts are what the figures depend on.
type facts struct {
	Deals    int    `db:"deals"`
	Open     int    `db:"open"`
	Visits   int    `db:"visits"`
	Versions int    `db:"versions"`
	Bytes    string `db:"bytes"`
	Server   string `db:"server"`
}

func (b *stand) readFacts(ctx context.Context) (facts, error) {
	return one[facts](ctx, b, `
		select (select count(*) from deal) as deals,
		       (select count(*) from deal where stage_kind = 'OPEN') as open,
		       (select count(*) from stage_visit) as visits,
		       (select count(*) from deal_version) as versions,
		       pg_size_pretty(pg_database_size(current_database())) as bytes,
		       current_setting('server_version') as server`)
}
