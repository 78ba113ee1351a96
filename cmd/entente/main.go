// Command entente runs Entente: the demo, the server, and the commands of its operators.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/ententehq/entente/internal/errs"
)

type commands struct {
	Demo    demoCmd    `cmd:"" help:"Run everything with generated data: no set-up, a private PostgreSQL, the playground."`
	Serve   serveCmd   `cmd:"" help:"Serve the API on your own data."`
	Migrate migrateCmd `cmd:"" help:"Bring the database to this program's schema. Only forward."`
	Check   checkCmd   `cmd:"" help:"Prove over the whole database what must always hold."`
	Org     orgCmd     `cmd:"" help:"Make orgs."`
	Token   tokenCmd   `cmd:"" help:"Make service tokens."`
	Import  importCmd  `cmd:"" help:"Bring in accounts, people and deals from files."`
	Schema  schemaCmd  `cmd:"" help:"Print the GraphQL schema."`

	Version kong.VersionFlag `env:"-" help:"Print the version."`
}

// exit is an error that only sets the exit status: all has been said.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func main() { os.Exit(run()) }

// run gives the exit status, so that what it defers is done before the process ends.
func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c commands
	k := kong.Parse(&c,
		kong.Name("entente"),
		kong.Description("The operating platform of a revenue team: one GraphQL API over one data model."),
		kong.UsageOnError(),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.DefaultEnvars("ENTENTE"),
		kong.Vars{"version": programVersion()})
	if err := k.Run(); err != nil {
		return report(err)
	}
	return 0
}

// report prints an error as one line for a person, or a line for each of several, and gives the exit status.
func report(err error) int {
	var status exit
	if errors.As(err, &status) {
		return int(status)
	}
	var list errs.List
	var one *errs.Error
	switch {
	case errors.As(err, &list):
		for _, e := range list {
			fmt.Fprintf(os.Stderr, "entente: %s\n", e.Message)
		}
	case errors.As(err, &one):
		fmt.Fprintf(os.Stderr, "entente: %s\n", one.Message)
	default:
		fmt.Fprintf(os.Stderr, "entente: %v\n", err)
	}
	return 1
}
