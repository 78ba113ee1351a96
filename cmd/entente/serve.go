package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/ententehq/entente/internal/errs"
	"github.com/ententehq/entente/internal/playground"
)

type serveCmd struct {
	database
	surface
	Listen        string `default:"127.0.0.1:8080" help:"Where to serve the API."`
	MetricsListen string `help:"Where to serve /metrics, such as 127.0.0.1:9464; nowhere if not given." placeholder:"ADDR"`
}

// Run serves until it is told to stop.
func (c serveCmd) Run(ctx context.Context) error {
	listeners, err := listenAll(c.Listen, c.MetricsListen)
	if err != nil {
		return err
	}
	a, err := c.open(ctx, false)
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	s := newServer(a, log, playground.Options{}, c.surface)
	log.Info("serving", "address", listeners[0].Addr().String())
	return errors.Join(s.run(ctx, listeners), a.close())
}

// listenAll takes the ports before anything else is started, so that a taken one is said at once.
func listenAll(addrs ...string) ([]net.Listener, error) {
	var out []net.Listener
	for _, addr := range addrs {
		if addr == "" {
			continue
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			for _, open := range out {
				_ = open.Close()
			}
			if errors.Is(err, syscall.EADDRINUSE) {
				return nil, errs.New(errs.BadInput, "Another program listens on %s already. Stop it, or choose another address with --listen.", addr)
			}
			return nil, fmt.Errorf("listen on %s: %w", addr, err)
		}
		out = append(out, l)
	}
	return out, nil
}

// drain is how long requests in flight may take once the server was told to stop.
const drain = 25 * time.Second

// run serves the API on the first listener and metrics on the second, until the context ends; then it is no longer
// ready, sends those on sockets to another server, takes no new connections and finishes the requests in flight.
func (s *server) run(ctx context.Context, listeners []net.Listener) error {
	spaceCollections()
	servers := make([]*http.Server, len(listeners))
	failed := make(chan error, len(listeners))
	for i, l := range listeners {
		servers[i] = httpServer([]http.Handler{s.api(), s.metrics.handler()}[i], s.log)
		go func() { failed <- servers[i].Serve(l) }()
	}
	var background sync.WaitGroup
	done, end := context.WithCancel(context.WithoutCancel(ctx))
	background.Go(func() {
		s.access.RecordUses(done, func(err error) { s.log.Error("record the use of tokens", "error", err) })
	})
	background.Go(func() { s.events.Run(done) })
	s.ready.Store(true)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.ready.Store(false)
	s.graph.Close()
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	for _, h := range servers {
		err = errors.Join(err, h.Shutdown(stop))
	}
	end() // once no request is in flight, so that what the last of them left is written too
	background.Wait()
	return err
}

// collectAt is how much the heap grows, in per cent of what is in use, before it is collected.
const collectAt = 400

// spaceCollections lets the heap grow further than Go does by itself. What a server keeps is a few megabytes, and a page
// of fifty deals takes one: at Go's 100 the collector runs every few requests, which costs a fifth of the processor.
// GOGC in the environment has the last word, and GOMEMLIMIT holds as ever.
func spaceCollections() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}

// httpServer bounds what a slow or endless client can hold.
func httpServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 2 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       60 * time.Second,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
