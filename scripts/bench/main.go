// Command bench measures the program against the limit: the best SQL that a person would write for the same answer, sent
// by pgbench as fast as PostgreSQL takes it. It starts its own PostgreSQL and server on generated data, measures both in
// turns, several rounds, so that a busy moment of the machine meets both, and writes the figures to docs/performance.md.
//
// It is a program of its own, beside the other checks, because it measures the server from outside: another process,
// real connections, no import of what it measures but the cluster and the ids.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

type options struct {
	Program      string        `required:"" help:"The entente to measure."`
	Size         string        `default:"small" enum:"small,large" help:"How much data: small (3,000 deals) or large (300,000)."`
	Data         string        `help:"A folder for the database that stays; a temporary one if not given." placeholder:"DIR"`
	Rounds       int           `default:"3" help:"How often everything is measured."`
	For          time.Duration `default:"5s" help:"How long each measurement lasts."`
	Connections  int           `default:"32" help:"Connections of the load, each with one request under way."`
	Postgraphile string        `help:"The folder of the PostGraphile to measure beside it, its packages installed." placeholder:"DIR"`
	Only         []string      `help:"Only these operations." placeholder:"P1"`
	Output       string        `help:"The document whose figures are replaced; they are only printed if not given." placeholder:"FILE"`
}

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var o options
	kong.Parse(&o, kong.Name("bench"), kong.Description("Measures the program against the limit."))
	if err := o.measure(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		return 1
	}
	return 0
}

// measure makes the data, measures round by round and writes what came out.
func (o options) measure(ctx context.Context) (err error) {
	if o.Data == "" {
		if o.Data, err = os.MkdirTemp("", "entente-bench-"); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(o.Data) }()
		if err := os.Chmod(o.Data, 0o755); err != nil { // as root, PostgreSQL runs as another user, who must get in
			return err
		}
	}
	o.Data, err = filepath.Abs(o.Data)
	if err != nil {
		return err
	}
	b, err := start(ctx, o)
	if err != nil {
		return err
	}
	defer b.stop()
	ops, err := b.operations(ctx)
	if err != nil {
		return err
	}
	results := make([]*result, len(ops))
	for i, op := range ops {
		if results[i], err = b.prepare(ctx, op); err != nil {
			return err
		}
	}
	for round := range o.Rounds {
		for _, r := range results {
			if err := b.round(ctx, r); err != nil {
				return fmt.Errorf("%s: %w", r.op.name, err)
			}
			fmt.Printf("round %d  %s\n", round+1, r)
		}
	}
	text, err := b.report(ctx, results)
	if err != nil {
		return err
	}
	fmt.Print(text)
	if o.Output == "" {
		return nil
	}
	return replaceFigures(o.Output, o.Size, text)
}
