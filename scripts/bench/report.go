package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// report renders the figures as a section of the document.
func (b *stand) report(ctx context.Context, results []*result) (string, error) {
	memory, err := b.server.values(ctx, "process_resident_memory_bytes", "go_memstats_heap_inuse_bytes")
	if err != nil {
		return "", err
	}
	var t strings.Builder
	f := b.facts
	fmt.Fprintf(&t, "%s, %d processors (%s), %s, PostgreSQL %s, of %s. %d deals (%d open), %d versions, %d stage visits: %s. Medians of %d rounds of %s, %d connections in a closed loop; pgbench with %d.\n\n",
		runtime.GOOS+"/"+runtime.GOARCH, runtime.NumCPU(), processor(), runtime.Version(), f.Server, time.Now().UTC().Format(time.DateOnly),
		f.Deals, f.Open, f.Versions, f.Visits, f.Bytes, b.Rounds, b.For, b.Connections, limitConnections())
	fmt.Fprintf(&t, "Made by `make bench SIZE=%s`, version %s.\n\n", b.Size, version(ctx))
	t.WriteString("| | operation | limit /s | served /s | share of the limit | share by processor time | server's CPU, ms | statements, 1 connection | statements, all | p50 ms | p99 ms | bytes |")
	other := b.other != nil
	if other {
		t.WriteString(" PostGraphile /s | its share |")
	}
	t.WriteString("\n|---|---|---|---|---|---|---|---|---|---|---|---|")
	if other {
		t.WriteString("---|---|")
	}
	t.WriteString("\n")
	for _, r := range results {
		limit, served := median(r.limit), median(r.served)
		fmt.Fprintf(&t, "| %s | %s | %.0f | %.0f | %.3f | %.3f | %.2f | %.2f | %.2f | %.1f | %.1f | %s |", r.op.name, r.op.about, limit, served,
			served/limit, median(r.limitCPU)/median(r.wholeCPU), median(r.cpu), r.alone, median(r.statements), median(r.p50), median(r.p99), orDash(r.bytes))
		switch {
		case other && r.other != nil:
			fmt.Fprintf(&t, " %.0f | %.3f |", median(r.otherServed), median(r.otherServed)/limit)
		case other:
			t.WriteString(" – | – |")
		}
		t.WriteString("\n")
	}
	fmt.Fprintf(&t, "\nThe server's resident memory after the last round: %.0f MB, of which the heap in use %.0f MB.\n", memory[0]/(1<<20), memory[1]/(1<<20))
	return t.String(), nil
}

func orDash(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// processor names the machine's processor, as far as the system tells.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				return strings.TrimSpace(value)
			}
		}
	}
	return "unnamed"
}

func version(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--tags", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// replaceFigures puts the text between the size's marks in the document.
func replaceFigures(file, size, text string) error {
	have, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	begin, end := []byte("<!-- figures: "+size+" -->\n"), []byte("<!-- end -->")
	head, rest, ok := bytes.Cut(have, begin)
	_, tail, closed := bytes.Cut(rest, end)
	if !ok || !closed {
		return fmt.Errorf("%s has no place for the figures of %s", file, size)
	}
	return os.WriteFile(file, bytes.Join([][]byte{head, begin, []byte("\n" + text + "\n"), end, tail}, nil), 0o644)
}
