package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/ententehq/entente/internal/demo"
	"github.com/ententehq/entente/internal/playground"
)

type demoCmd struct {
	surface
	Listen        string `default:"127.0.0.1:8080" help:"Where to serve; this machine only, since demo tokens are known to everybody."`
	MetricsListen string `help:"Where to serve /metrics; nowhere if not given." placeholder:"ADDR"`
	Data          string `help:"The private PostgreSQL's folder." placeholder:"DIR"`
	Size          string `default:"small" enum:"small,large" help:"How much data: small (3,000 deals) or large (50,000)."`
	Seed          uint64 `default:"1" help:"Another seed makes another company."`
	Verbose       bool   `help:"Log every request."`
}

// Run makes the demo org unless it is there, prints how to get in, and serves until it is told to stop.
func (c demoCmd) Run(ctx context.Context) error {
	listeners, err := listenAll(c.Listen, c.MetricsListen)
	if err != nil {
		return err
	}
	a, err := database{Data: c.Data}.open(ctx, true)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil //nolint:nilerr // told to stop while PostgreSQL was starting
	case err != nil:
		return err
	}
	return errors.Join(c.serve(ctx, a, listeners), a.close())
}

func (c demoCmd) serve(ctx context.Context, a *app, listeners []net.Listener) error {
	size, err := demo.ParseSize(c.Size)
	if err != nil {
		return err
	}
	bars := newBars(os.Stderr)
	result, created, err := demo.Ensure(ctx, demo.Deps{Pool: a.pool, Access: a.access, Orgs: a.orgs, CRM: a.crm},
		demo.Params{Seed: c.Seed, Today: a.clock.Now(), Size: size, Progress: bars.step})
	bars.close()
	if err == nil && created {
		err = a.analyze(ctx)
	}
	switch {
	case ctx.Err() != nil:
		return nil //nolint:nilerr // told to stop while the data were being made: the next start makes them
	case err != nil:
		return err
	}
	level := slog.LevelWarn
	if c.Verbose {
		level = slog.LevelInfo
	}
	s := newServer(a, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})), playgroundOf(result), c.surface)
	card(os.Stdout, "http://"+listeners[0].Addr().String(), result)
	return s.run(ctx, listeners)
}

func playgroundOf(r *demo.Result) playground.Options {
	d := &playground.Demo{}
	for _, p := range r.People {
		d.People = append(d.People, playground.Person{Name: p.Name, Role: string(p.Role), Title: p.Title, Token: p.Token})
	}
	for _, q := range r.Questions {
		d.Questions = append(d.Questions, playground.Question{Title: q.Title, Role: string(q.Role), Query: q.Query})
	}
	return playground.Options{Demo: d}
}

// card tells a newcomer where to go and what to ask.
func card(w io.Writer, address string, r *demo.Result) {
	fmt.Fprintf(w, "\n%s is ready.\n\n  Playground  %s/playground\n  API         POST %s/graphql   (Authorization: Bearer TOKEN)\n  Schema      %s/schema.graphql\n\n",
		r.Name, address, address, address)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "  TOKEN\tROLE\tWHO")
	for _, p := range r.People {
		who := p.Name
		if p.Title != "" {
			who += ", " + p.Title
		}
		fmt.Fprintf(t, "  %s\t%s\t%s\n", p.Token, p.Role, who)
	}
	_ = t.Flush()
	fmt.Fprint(w, "\nThree questions to paste into the playground (and more in its menu):\n")
	for _, q := range r.Questions[:min(3, len(r.Questions))] {
		fmt.Fprintf(w, "\n  As %s: %s\n", q.Token, q.Title)
		for line := range strings.Lines(q.Query) {
			fmt.Fprint(w, "    ", line)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\nStarted at %s. Ctrl-C stops it; the data stay for the next start.\n", time.Now().Format(time.TimeOnly))
}
