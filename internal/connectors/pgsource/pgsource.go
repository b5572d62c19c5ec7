// Package pgsource reads records from PostgreSQL: a table, or the result of a query, within one read-only snapshot, as a
// stream; with a cursor column only the rows from the last value on. Nothing of the connection string is ever part of a message.
//
// What does not live here: what columns mean (ingest/record) and what becomes of the rows (ingest).
package pgsource

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Config says what to read, and from where. Exactly one of Table and Query is set.
type Config struct {
	Name   string // of the DataSource, for messages
	DSN    string // secret: postgres://user:password@host/database
	Schema string // of Table; empty for the search path
	Table  string
	Query  string
	// CursorColumn grows with every change of a row. A run reads the rows from the last value on, that one included, as more rows
	// with it may have been committed since, and the rows without a value. Rows that are committed later with a smaller
	// value are not seen: the column should be set when a transaction ends, or transactions be short.
	CursorColumn string

	ConnectTimeout   time.Duration // 0 for 15 s
	StatementTimeout time.Duration // 0 for 1 h
}

const (
	defaultConnectTimeout   = 15 * time.Second
	defaultStatementTimeout = time.Hour
)

// Source reads the rows of a Config.
type Source struct {
	cfg  Config
	conn *pgx.ConnConfig
}

// New checks a Config; it does not connect.
func New(cfg Config) (*Source, error) {
	s := &Source{cfg: cfg}
	if (cfg.Table == "") == (strings.TrimSpace(cfg.Query) == "") {
		return nil, s.invalid("exactly one of table and query is needed")
	}
	var err error
	if s.conn, err = pgx.ParseConfig(cfg.DSN); err != nil {
		// The error quotes the connection string.
		return nil, s.invalid("the connection string can't be read; it looks like postgres://user:password@host:5432/database")
	}
	s.conn.ConnectTimeout = orDefault(cfg.ConnectTimeout, defaultConnectTimeout)
	s.conn.RuntimeParams["application_name"] = "kith"
	// The server says which type the cursor has; named statements would not survive a pooler in between.
	s.conn.DefaultQueryExecMode = pgx.QueryExecModeDescribeExec
	return s, nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

func (s *Source) invalid(format string, args ...any) error {
	return fault.New(fault.InvalidManifest, "DataSource %s: postgres: %s", s.cfg.Name, fmt.Sprintf(format, args...))
}

// Describe implements record.Source.
func (s *Source) Describe() string {
	text, _ := json.Marshal([]string{s.cfg.Schema, s.cfg.Table, s.cfg.Query, s.cfg.CursorColumn})
	return string(text)
}

// where names what is read, for messages and as the "file" of a row.
func (s *Source) where() string {
	switch {
	case s.cfg.Table == "":
		return "query"
	case s.cfg.Schema == "":
		return "table " + s.cfg.Table
	}
	return "table " + s.cfg.Schema + "." + s.cfg.Table
}

// relation is what to select from.
func (s *Source) relation() sqlgen.Query {
	switch {
	case s.cfg.Table == "":
		// The line end closes a comment at the end of the query.
		text := strings.TrimRight(strings.TrimSpace(s.cfg.Query), ";")
		return sqlgen.Format("({q}\n) AS source", sqlgen.Args{"q": sqlgen.Query(text)})
	case s.cfg.Schema == "":
		return sqlgen.Format("{t}", sqlgen.Args{"t": sqlgen.Name(s.cfg.Table)})
	}
	return sqlgen.Format("{t}", sqlgen.Args{"t": sqlgen.Name(s.cfg.Schema, s.cfg.Table)})
}

// state is what the last run read up to.
type state struct {
	Cursor string `json:"cursor,omitempty"` // the greatest value, as PostgreSQL writes it
	Rows   int64  `json:"rows"`             // how many rows had that value or none
}

// Plan implements record.Source. Without a cursor there is no cheap way to know, so there always is something to read.
func (s *Source) Plan(ctx context.Context, req record.Request) (_ record.Reading, err error) {
	if err := s.check(req); err != nil {
		return nil, err
	}
	r := &reading{src: s, req: req, changed: true}
	if req.State != "" {
		if err := json.Unmarshal([]byte(req.State), &r.before); err != nil {
			return nil, fault.New(fault.LakeCorrupt, "DataSource %s: the state of the last run can't be read: %w", s.cfg.Name, err)
		}
	}
	r.after = r.before
	defer func() {
		if err != nil {
			_ = r.Close()
		}
	}()
	if err := r.connect(ctx); err != nil {
		return nil, err
	}
	if s.cfg.CursorColumn != "" && r.before.Cursor != "" {
		r.changed, err = r.moved(ctx)
	}
	return r, err
}

func (s *Source) check(req record.Request) error {
	if s.cfg.CursorColumn != "" && (!req.Keyed || req.Load == record.Snapshot) {
		return s.invalid("a cursorColumn needs a key, and load: Upsert or Append")
	}
	if req.Load == record.Append && !req.Keyed {
		return s.invalid("load: Append from a database needs a key, by which rows that were read before are known")
	}
	return nil
}
