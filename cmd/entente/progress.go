package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// bars show how far a long task is: a bar a step on a terminal, a line a step elsewhere.
type bars struct {
	out      io.Writer
	terminal *mpb.Progress // nil elsewhere
	mu       sync.Mutex
	current  string
	bar      *mpb.Bar
}

func newBars(out *os.File) *bars {
	b := &bars{out: out}
	if info, err := out.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		b.terminal = mpb.New(mpb.WithOutput(out), mpb.WithWidth(48))
	}
	return b
}

// step says that done of total are done in the step of that name. A new name begins the next step.
func (b *bars) step(name string, done, total int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if name != b.current {
		b.finish()
		b.current = name
		if b.terminal == nil {
			fmt.Fprintln(b.out, name)
			return
		}
		b.bar = b.terminal.AddBar(int64(total),
			mpb.PrependDecorators(decor.Name(name, decor.WCSyncSpaceR)),
			mpb.AppendDecorators(decor.CountersNoUnit("%d / %d")))
	}
	if b.bar != nil {
		b.bar.SetTotal(int64(max(total, 1)), false)
		b.bar.SetCurrent(int64(done))
	}
}

// finish completes the bar under way.
func (b *bars) finish() {
	if b.bar != nil {
		b.bar.SetTotal(-1, true)
		b.bar = nil
	}
}

// close leaves the terminal to what comes next.
func (b *bars) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.finish()
	if b.terminal != nil {
		b.terminal.Wait()
	}
}
