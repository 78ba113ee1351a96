package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// request is one request, ready to be sent, and what its answer must be.
type request struct {
	bytes []byte
	must  []byte // the answer contains it
	size  int    // of the answer's data, once known; a tolerance of slack around it
}

// target is where a load goes and how.
type target struct {
	address string
	next    func(connection, n int) *request
	slack   int // by how many bytes answers to one request may differ
}

// outcome is what a load came to.
type outcome struct {
	requests int
	took     time.Duration
	p50, p99 time.Duration
}

func (o outcome) perSecond() float64 { return float64(o.requests) / o.took.Seconds() }

func post(authorization string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST /graphql HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAccept: application/json\r\nContent-Length: %d\r\n", len(body))
	if authorization != "" {
		fmt.Fprintf(&b, "Authorization: %s\r\n", authorization)
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// connection sends one request at a time over one kept connection. It speaks HTTP over the bare socket: Go's client
// would take as much of the processor as the server does.
type connection struct {
	net.Conn
	in   *bufio.Reader
	body bytes.Buffer
	took []time.Duration
}

func dial(ctx context.Context, address string) (*connection, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		return nil, err
	}
	return &connection{Conn: c, in: bufio.NewReaderSize(c, 64<<10)}, nil
}

// ask sends the request and checks the answer: an error under 200 is fast, and worthless.
func (c *connection) ask(r *request, slack int) error {
	at := time.Now()
	if _, err := c.Write(r.bytes); err != nil {
		return err
	}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return err
	}
	c.body.Reset()
	_, err = io.Copy(&c.body, resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	c.took = append(c.took, time.Since(at))
	return check(r, resp.StatusCode, c.body.Bytes(), slack)
}

func check(r *request, status int, body []byte, slack int) error {
	if status != http.StatusOK || !bytes.Contains(body, r.must) || bytes.Contains(body, []byte(`"errors":[{`)) {
		return fmt.Errorf("status %d, answer %.500s", status, body)
	}
	data, _, _ := bytes.Cut(body, []byte(`,"extensions":`)) // which tell of the request, not of the answer
	if r.size > 0 && (len(data) < r.size-slack || len(data) > r.size+slack) {
		return fmt.Errorf("%d bytes where there were %d: %.500s", len(data), r.size, body)
	}
	return nil
}

// learn asks each request once and keeps the size of its answer.
func learn(ctx context.Context, address string, requests []*request) error {
	c, err := dial(ctx, address)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	for _, r := range requests {
		if err := c.ask(r, 0); err != nil {
			return err
		}
		data, _, _ := bytes.Cut(c.body.Bytes(), []byte(`,"extensions":`))
		r.size = len(data)
	}
	return nil
}

// load keeps the connections busy for a while: a closed loop, one request under way on each.
func load(ctx context.Context, t target, connections int, last time.Duration) (outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, last+time.Minute)
	defer cancel()
	conns := make([]*connection, connections)
	for i := range conns {
		c, err := dial(ctx, t.address)
		if err != nil {
			return outcome{}, err
		}
		defer func() { _ = c.Close() }() //nolint:gocritic // until the load is over
		conns[i] = c
	}
	errs := make([]error, connections)
	var wg sync.WaitGroup
	start := time.Now()
	for i, c := range conns {
		wg.Go(func() {
			for n := 0; errs[i] == nil && time.Since(start) < last; n++ {
				errs[i] = c.ask(t.next(i, n), t.slack)
			}
		})
	}
	wg.Wait()
	o := outcome{took: time.Since(start)}
	var all []time.Duration
	for _, c := range conns {
		all = append(all, c.took...)
	}
	for _, err := range errs {
		if err != nil {
			return o, err
		}
	}
	slices.Sort(all)
	o.requests, o.p50, o.p99 = len(all), all[len(all)/2], all[len(all)*99/100]
	return o, nil
}
