package pg

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/lib/pq"
	"github.com/lib/pq/pqerror"
)

// statementsPerConn bounds the prepared statements kept on one connection. Statements are composed from descriptions,
// so their number follows the shapes of requests, not their values.
const statementsPerConn = 400

// connector makes lib/pq connections that open a transaction and set it up in one round trip, and that prepare each
// statement once. Pool, transactions and rows stay database/sql's own.
type connector struct {
	driver.Connector
	sent *atomic.Int64
}

func newConnector(url string, sent *atomic.Int64) (*connector, error) {
	cfg, err := pq.NewConfig(url)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	if cfg.Runtime == nil {
		cfg.Runtime = map[string]string{}
	}
	for k, v := range map[string]string{
		"TimeZone":                            "UTC",
		"statement_timeout":                   strconv.FormatInt(StatementTimeout.Milliseconds(), 10),
		"lock_timeout":                        "2000",
		"idle_in_transaction_session_timeout": "15000",
	} {
		if _, set := cfg.Runtime[k]; !set {
			cfg.Runtime[k] = v
		}
	}
	c, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("read the database address: %w", err)
	}
	return &connector{Connector: c, sent: sent}, nil
}

func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	inner, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	pc, ok := inner.(pqConn)
	if !ok {
		_ = inner.Close()
		return nil, errors.New("lib/pq's connection lacks a method that this version relies on")
	}
	w := &conn{pqConn: pc, sent: c.sent}
	w.prepared, err = lru.NewWithEvict(statementsPerConn, func(_ string, s driver.Stmt) { _ = s.Close() })
	if err != nil {
		return nil, err
	}
	return w, nil
}

// pqConn is what lib/pq's connection offers; its transaction is the connection itself.
type pqConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.QueryerContext
	driver.ExecerContext
	driver.NamedValueChecker
	driver.Pinger
	driver.SessionResetter
	driver.Validator
	driver.Tx
}

type conn struct {
	pqConn
	prepared  *lru.Cache[string, driver.Stmt]
	versioned bool // whether openingVersion is prepared on it
	sent      *atomic.Int64
}

// opening is what BeginTx sends in place of lib/pq's own begin, and the version that came back. It travels in the
// context, since database/sql has no other way to hand it to a driver.
type opening struct {
	query   string
	asks    bool // for the version
	version int64
}

// prepareVersion is sent once a connection: planning the question anew took half of what an opening costs PostgreSQL.
const prepareVersion = `prepare entente_opening (uuid) as select reference_version from org where id = $1`

type openingKey struct{}

// uncounted marks what nobody asked for: notifications go out whenever they are due.
type uncounted struct{}

func (c *conn) count(ctx context.Context) {
	if ctx.Value(uncounted{}) == nil {
		c.sent.Add(1)
	}
}

// BeginTx opens the transaction with the opening found in the context: begin, its local settings and the question for
// the org's reference version, as one simple query.
func (c *conn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	o, ok := ctx.Value(openingKey{}).(*opening)
	if !ok {
		return nil, errors.New("a transaction was begun without an opening")
	}
	if o.asks && !c.versioned {
		if _, err := c.pqConn.ExecContext(ctx, prepareVersion, nil); err != nil {
			return nil, err
		}
		c.versioned = true
	}
	c.count(ctx)
	rows, err := c.pqConn.QueryContext(ctx, o.query, nil)
	if err != nil {
		return nil, err
	}
	version := make([]driver.Value, len(rows.Columns()))
	switch err = rows.Next(version); {
	case err == nil && len(version) == 1:
		o.version, _ = version[0].(int64)
	case errors.Is(err, io.EOF):
		err = nil
	}
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = c.pqConn.Rollback()
		return nil, err
	}
	return c.pqConn, nil
}

// QueryContext runs a statement with arguments through its prepared form, kept for the connection's life.
func (c *conn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	c.count(ctx)
	if len(args) == 0 {
		return c.pqConn.QueryContext(ctx, query, nil)
	}
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		c.forget(query, err)
	}
	return rows, err
}

// ExecContext is QueryContext for statements whose rows nobody reads.
func (c *conn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	c.count(ctx)
	if len(args) == 0 {
		return c.pqConn.ExecContext(ctx, query, nil)
	}
	s, err := c.statement(ctx, query)
	if err != nil {
		return nil, err
	}
	res, err := s.(driver.StmtExecContext).ExecContext(ctx, args)
	if err != nil {
		c.forget(query, err)
	}
	return res, err
}

func (c *conn) statement(ctx context.Context, query string) (driver.Stmt, error) {
	if s, ok := c.prepared.Get(query); ok {
		return s, nil
	}
	s, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	c.prepared.Add(query, s)
	return s, nil
}

// forget drops a statement whose plan no longer fits the schema, so that the next try prepares it anew.
func (c *conn) forget(query string, err error) {
	if pq.As(err, pqerror.FeatureNotSupported, pqerror.InvalidSQLStatementName) != nil {
		c.prepared.Remove(query)
	}
}

// openingQuery composes what BeginTx sends. Every value in it is a UUID or a number made here, never a caller's text.
func openingQuery(mode string, s Session) string {
	var b strings.Builder
	b.WriteString("begin ")
	b.WriteString(mode)
	if s.Timeout > 0 && s.Timeout != StatementTimeout {
		fmt.Fprintf(&b, "; set local statement_timeout = %d", s.Timeout.Milliseconds())
	}
	if !s.Org.IsZero() {
		fmt.Fprintf(&b, "; set local entente.org_id = '%s'", s.Org)
		fmt.Fprintf(&b, "; execute entente_opening ('%s')", s.Org)
	}
	return b.String()
}
