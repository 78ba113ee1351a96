package main

import (
	"context"
	"os"

	"github.com/ententehq/entente/internal/access"
	"github.com/ententehq/entente/internal/ingest"
)

type importCmd struct {
	database
	Org        string   `required:"" help:"The org's key."`
	Format     string   `default:"csv" enum:"csv" help:"What the files are: csv."`
	Mapping    string   `required:"" type:"existingfile" help:"What the files' columns mean; examples/mappings has some to start from." placeholder:"FILE"`
	DateFormat string   `help:"How the files write dates, such as YYYY-MM-DD or M/D/YYYY; without it whole columns prove it." placeholder:"F"`
	History    bool     `help:"The rows are the past: they bring their own dates, pass no gates and fire no events."`
	DryRun     bool     `help:"Do everything, say what would have come of it, and keep nothing."`
	Paths      []string `arg:"" name:"path" type:"existing" help:"The files, or the folder they are in."`
}

// Run imports the files and prints a summary. The exit status is 0, or 2 when rows were rejected.
func (c importCmd) Run(ctx context.Context) error {
	mapping, err := ingest.LoadMapping(c.Mapping)
	if err != nil {
		return err
	}
	return c.with(ctx, func(a *app) error {
		o, err := a.orgs.Find(ctx, c.Org)
		if err != nil {
			return err
		}
		bars := newBars(os.Stderr)
		summary, err := ingest.NewService(a.pool, a.clock, a.orgs, a.crm).Import(ctx, access.Operator(o), ingest.Params{
			Mapping: mapping, Paths: c.Paths, DateFormat: c.DateFormat, History: c.History, DryRun: c.DryRun,
			Progress: func(done, total int) { bars.step("importing", done, total) },
		})
		bars.close()
		if err != nil {
			return err
		}
		if err := summary.Write(os.Stdout); err != nil {
			return err
		}
		if summary.Created() > 0 && !c.DryRun {
			if err := a.analyze(ctx); err != nil {
				return err
			}
		}
		if len(summary.Rejected) > 0 {
			return exit(2)
		}
		return nil
	})
}
