package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ticks is how many the system counts a second; Linux has said 100 to programs for decades.
const ticks = 100

// databaseTime is the processor time that each of the cluster's running processes has used, in seconds. A busy machine
// makes it last longer, but not more of it, so shares made of it can be compared between days. There is none where the
// system does not tell.
func (b *stand) databaseTime() map[string]float64 {
	text, err := os.ReadFile(filepath.Join(b.Data, "pg", "postmaster.pid"))
	if err != nil {
		return nil
	}
	line, _, _ := strings.Cut(string(text), "\n")
	postmaster, used := strings.TrimSpace(line), map[string]float64{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, f := range files {
		if own, parent := usage(f); parent == postmaster {
			used[f] = own
		}
	}
	return used
}

// databaseLoad gives how many processors the cluster keeps busy in the middle half of the time to come: what begins and
// ends with a load, such as its connections, is then neither counted nor missed.
func (b *stand) databaseLoad(during time.Duration) func() float64 {
	out := make(chan float64, 1)
	go func() {
		time.Sleep(during / 4)
		at, before := time.Now(), b.databaseTime()
		time.Sleep(during / 2)
		after := b.databaseTime()
		took, total := time.Since(at).Seconds(), 0.0
		for process, used := range after { // those that have ended in between were somebody else's
			total += used - before[process]
		}
		out <- total / took
	}()
	return func() float64 { return <-out }
}

// usage is what a process has used, in seconds, and its parent.
func usage(file string) (own float64, parent string) {
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, ""
	}
	// The name, in brackets, may hold anything; what follows does not.
	f := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(f) < 13 {
		return 0, ""
	}
	for _, field := range f[11:13] {
		n, _ := strconv.ParseFloat(string(field), 64)
		own += n / ticks
	}
	return own, string(f[1])
}
