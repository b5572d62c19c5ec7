package pgsource

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The bounds of a batch: rows, and bytes of their text.
const (
	batchRows  = 1024
	batchBytes = 4 << 20
)

// closeTimeout bounds saying goodbye to a server that may not listen any more.
const closeTimeout = 5 * time.Second

// reading is one pass over the rows, within one transaction.
type reading struct {
	src     *Source
	req     record.Request
	before  state
	after   state
	changed bool

	conn    *pgx.Conn
	tx      pgx.Tx
	rows    pgx.Rows
	columns []string
	types   []uint32
	cursor  int // the cursor's column, -1 for none
	read    int64
	ended   bool
}

func (r *reading) connect(ctx context.Context) error {
	var err error
	if r.conn, err = pgx.ConnectConfig(ctx, r.src.conn); err != nil {
		return r.src.classify("connect", err)
	}
	if r.tx, err = r.conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}); err != nil {
		return r.src.classify("begin to read", err)
	}
	limit := orDefault(r.src.cfg.StatementTimeout, defaultStatementTimeout).Milliseconds()
	for _, q := range []sqlgen.Query{
		"SET LOCAL TimeZone = 'UTC'", "SET LOCAL DateStyle = 'ISO'", "SET LOCAL bytea_output = 'hex'", "SET LOCAL extra_float_digits = 1",
		sqlgen.Format("SET LOCAL statement_timeout = {ms}", sqlgen.Args{"ms": limit}),
	} {
		if _, err := r.tx.Exec(ctx, string(q)); err != nil {
			return r.src.classify("begin to read", err)
		}
	}
	return nil
}

// since is the condition on the cursor; its one parameter is the last value as text, which PostgreSQL reads as the
// column's type.
func (r *reading) since() sqlgen.Query {
	return sqlgen.Format("WHERE {c} >= $1 OR {c} IS NULL", sqlgen.Args{"c": sqlgen.Name(r.src.cfg.CursorColumn)})
}

// moved reports whether rows beyond those that were read are there: with a greater value, or with the last one.
func (r *reading) moved(ctx context.Context) (bool, error) {
	q := sqlgen.Format("SELECT count(*) FROM {from} {since}", sqlgen.Args{"from": r.src.relation(), "since": r.since()})
	var n int64
	if err := r.tx.QueryRow(ctx, string(q), r.before.Cursor).Scan(&n); err != nil {
		return false, r.src.classify("look for new rows", err)
	}
	return n != r.before.Rows, nil
}

// Changed implements record.Reading.
func (r *reading) Changed() bool { return r.changed }

// Reread implements record.Reading: without a cursor every row is read again.
func (r *reading) Reread() []string {
	if r.src.cfg.CursorColumn != "" && r.before.Cursor != "" {
		return nil
	}
	return []string{r.src.where()}
}

// Progress implements record.Reading.
func (r *reading) Progress() (done, total int64, unit string) { return r.read, 0, "rows" }

// State implements record.Reading.
func (r *reading) State() (string, error) {
	text, err := json.Marshal(r.after)
	return string(text), err
}

// begin sends the query.
func (r *reading) begin(ctx context.Context) error {
	a := sqlgen.Args{"from": r.src.relation(), "since": sqlgen.Query(""), "order": sqlgen.Query("")}
	params := []any{pgx.QueryResultFormats{pgx.TextFormatCode}}
	if c := r.src.cfg.CursorColumn; c != "" {
		a["order"] = sqlgen.Format("ORDER BY {c}", sqlgen.Args{"c": sqlgen.Name(c)})
		if r.before.Cursor != "" {
			a["since"] = r.since()
			params = append(params, r.before.Cursor)
		}
	}
	r.after.Rows = 0
	var err error
	if r.rows, err = r.tx.Query(ctx, string(sqlgen.Format("SELECT * FROM {from} {since} {order}", a)), params...); err != nil {
		return r.src.classify("read "+r.src.where(), err)
	}
	for _, f := range r.rows.FieldDescriptions() {
		r.columns, r.types = append(r.columns, f.Name), append(r.types, f.DataTypeOID)
	}
	if len(r.columns) == 0 {
		// The server refused the query: it tells so at the first row.
		r.rows.Next()
		return r.src.classify("read "+r.src.where(), r.rows.Err())
	}
	return r.checkColumns()
}

func (r *reading) checkColumns() error {
	required := r.req.Required
	if c := r.src.cfg.CursorColumn; c != "" {
		required = append([]record.Need{{Column: c, Use: "cursorColumn"}}, required...)
	}
	if err := record.CheckColumns("DataSource "+r.src.cfg.Name+": "+r.src.where(), r.columns, required); err != nil {
		return err
	}
	seen := map[string]bool{}
	r.cursor = -1
	for i, c := range r.columns {
		if seen[c] {
			return r.src.invalid("the %s gives two columns %q; rename one with AS", r.src.where(), c)
		}
		seen[c] = true
		if c == r.src.cfg.CursorColumn && c != "" {
			r.cursor = i
		}
	}
	return nil
}

// Next implements record.Reading.
func (r *reading) Next(ctx context.Context) (*record.Batch, error) {
	if r.ended {
		return nil, io.EOF
	}
	if r.rows == nil {
		if err := r.begin(ctx); err != nil {
			return nil, err
		}
	}
	b := &record.Batch{Columns: r.columns}
	for size := 0; len(b.Rows) < batchRows && size < batchBytes; {
		if !r.rows.Next() {
			if err := r.rows.Err(); err != nil {
				return nil, r.src.classify("read "+r.src.where(), err)
			}
			r.ended = true
			break
		}
		row, n := r.row()
		b.Rows = append(b.Rows, row)
		size += n
	}
	if len(b.Rows) == 0 {
		return nil, io.EOF
	}
	return b, nil
}

// row takes the values of the current row; the buffer that holds them is used again for the next.
func (r *reading) row() (record.Row, int) {
	r.read++
	raw := r.rows.RawValues()
	row := record.Row{File: r.src.where(), Number: r.read, Values: make([]any, len(raw))}
	size := 0
	for i, b := range raw {
		if b != nil {
			row.Values[i] = value(r.types[i], string(b))
			size += len(b)
		}
	}
	if r.cursor >= 0 {
		// Rows come in the order of the cursor and those without a value last.
		if b := raw[r.cursor]; b == nil || string(b) == r.after.Cursor {
			r.after.Rows++
		} else {
			r.after = state{Cursor: string(b), Rows: 1}
		}
	}
	return row, size
}

// value is a value of PostgreSQL, in its text form, as rows have it. Dates and times without a zone stay text, which the
// declaration gives a meaning; so do arrays and all types that are not common.
func value(oid uint32, s string) any {
	switch oid {
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n
		}
	case pgtype.Float4OID, pgtype.Float8OID:
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f
		}
	case pgtype.NumericOID:
		return record.Number(s)
	case pgtype.BoolOID:
		return s == "t"
	case pgtype.TimestamptzOID:
		if t, err := time.Parse("2006-01-02 15:04:05.999999999Z07", s); err == nil {
			return t.UTC()
		}
	case pgtype.JSONOID, pgtype.JSONBOID:
		return jsonValue(s)
	}
	return s
}

// jsonValue keeps objects and lists as they are and takes a plain value out of its JSON.
func jsonValue(s string) any {
	var text string
	switch {
	case json.Unmarshal([]byte(s), &text) == nil && s != "null":
		return text
	case s == "null":
		return nil
	}
	return record.JSON(s)
}

// Close implements record.Reading.
func (r *reading) Close() error {
	if r.conn == nil {
		return nil
	}
	// The run's own context may be what ended it. Closing the connection ends query and transaction.
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if r.rows != nil && !r.ended {
		// Waiting for the rest of the rows would take as long as reading them.
		_ = r.conn.PgConn().Conn().Close()
	}
	_ = r.conn.Close(ctx)
	r.conn = nil
	return nil
}
