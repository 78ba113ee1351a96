package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ticks is how many the system counts a second; Linux has said 100 to programs for decades.
const ticks = 100

// databaseTime is the processor time that the cluster's processes have used, in seconds: those that run, and those that
// have ended. A busy machine makes it last longer, but not more of it, so shares made of it can be compared between
// days. It is zero where the system does not tell.
func (b *stand) databaseTime() float64 {
	text, err := os.ReadFile(filepath.Join(b.Data, "pg", "postmaster.pid"))
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	postmaster := strings.TrimSpace(line)
	own, ended, _ := usage(postmaster)
	total := own + ended
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		pid := filepath.Base(filepath.Dir(f))
		if own, _, parent := usage(pid); parent == postmaster {
			total += own
		}
	}
	return total
}

// usage is what a process has used, and its ended children, in seconds, and its parent.
func usage(pid string) (own, ended float64, parent string) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid))
	if err != nil {
		return 0, 0, ""
	}
	// The name, in brackets, may hold anything; what follows does not.
	f := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(f) < 15 {
		return 0, 0, ""
	}
	at := func(i int) float64 {
		n, _ := strconv.ParseFloat(string(f[i]), 64)
		return n / ticks
	}
	return at(11) + at(12), at(13) + at(14), string(f[1])
}
