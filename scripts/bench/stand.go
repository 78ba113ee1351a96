package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/ententehq/entente/internal/id"
	"github.com/ententehq/entente/internal/pg"
	"github.com/ententehq/entente/internal/pg/cluster"
)

// token reads every deal and may move open ones: the reach whose SQL is the bare list.
const token = "demo-ops"

// fullSize is the least number of deals of the large size; the demo's own are multiplied up to it.
const fullSize = 280_000

// stand is what is measured: a cluster, the server on it, and the data in it.
type stand struct {
	options
	cluster *cluster.Cluster
	super   *pg.Pool // past row level security
	server  *child
	other   *child // PostGraphile, or nil
	org     id.UUID
	facts   facts
}

// child is a server that was started here.
type child struct {
	cmd     *exec.Cmd
	address string
	metrics string
}

func start(ctx context.Context, o options) (*stand, error) {
	b := &stand{options: o}
	c, err := cluster.Open(ctx, cluster.Options{DataDir: o.Data, Progress: func(step string) { fmt.Fprintln(os.Stderr, step) }})
	if err != nil {
		return nil, err
	}
	b.cluster = c
	if err := b.fill(ctx); err != nil {
		b.stop()
		return nil, err
	}
	return b, nil
}

// fill starts the server, which makes the demo org, multiplies its deals, and starts PostGraphile where it is wanted.
func (b *stand) fill(ctx context.Context) (err error) {
	listen, metrics, err := freePorts()
	if err != nil {
		return err
	}
	// The one token of the load may ask for what it can: everything is counted as ever.
	rate := []string{"ENTENTE_RATE_BURST=2000000000", "ENTENTE_RATE_PER_SECOND=1000000000"}
	b.server, err = startChild(ctx, "http://"+listen, b.Program, rate,
		"demo", "--data", b.Data, "--size", b.Size, "--listen", listen, "--metrics-listen", metrics)
	if err != nil {
		return err
	}
	b.server.metrics = "http://" + metrics + "/metrics"
	if err := b.server.await(ctx, "/readyz", 5*time.Minute); err != nil {
		return err
	}
	if b.super, err = pg.Open(ctx, b.cluster.SuperURL(""), pg.Options{MaxConns: 2}); err != nil {
		return err
	}
	if b.org, err = one[id.UUID](ctx, b, `select id from org where key = 'northwind'`); err != nil {
		return fmt.Errorf("find the demo org: %w", err)
	}
	if b.Size == "large" {
		if err := b.multiply(ctx); err != nil {
			return err
		}
	}
	if err := b.vacuum(ctx); err != nil {
		return err
	}
	if b.facts, err = b.readFacts(ctx); err != nil || b.Postgraphile == "" {
		return err
	}
	return b.startPostgraphile(ctx)
}

func startChild(ctx context.Context, address, program string, env []string, args ...string) (*child, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	return &child{cmd: cmd, address: address}, cmd.Start()
}

// await waits until the server answers.
func (c *child) await(ctx context.Context, path string, atMost time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.address+path, nil)
		if err != nil {
			return err
		}
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s did not become ready: %w", c.cmd.Path, ctx.Err())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (c *child) end() {
	if c != nil {
		_ = c.cmd.Process.Signal(os.Interrupt)
		_ = c.cmd.Wait()
	}
}

// stop ends everything that was started here.
func (b *stand) stop() {
	b.other.end()
	b.server.end()
	if b.super != nil {
		_ = b.super.Close()
	}
	if err := b.cluster.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

// freePorts finds two free ports of this machine.
func freePorts() (string, string, error) {
	var out [2]string
	for i := range out {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer func() { _ = l.Close() }() //nolint:gocritic // both are held until both are known, or they would be the same
		out[i] = l.Addr().String()
	}
	return out[0], out[1], nil
}

// value reads one of the server's counters.
func (c *child) values(ctx context.Context, names ...string) ([]float64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.metrics, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return nil, err
	}
	out := make([]float64, len(names))
	for line := range strings.Lines(string(text)) {
		for i, name := range names {
			if rest, ok := strings.CutPrefix(line, name+" "); ok {
				if _, err := fmt.Sscan(rest, &out[i]); err != nil {
					return nil, fmt.Errorf("read %s: %w", name, err)
				}
			}
		}
	}
	return out, nil
}

// one reads one value past row level security.
func one[T any](ctx context.Context, b *stand, query string) (T, error) {
	h := b.super.Read(pg.Session{Timeout: time.Minute})
	defer h.Close()
	var v T
	err := h.Get(ctx, &v, query)
	return v, err
}
