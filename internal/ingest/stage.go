package ingest

import (
	"context"
	"errors"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The relations of a run in the engine.
const (
	rowsTable       = "ingest_rows"       // records as they were made
	quarantineTable = "ingest_quarantine" // rows that are not kept
	latestTable     = "ingest_latest"     // the record that counts of each key
	sameTable       = "ingest_same"       // keys of the base whose rows say the same as before
	baseView        = "ingest_base"       // the source table before this run
	baseQuarantine  = "ingest_base_quarantine"
)

// The columns of rowsTable before the attributes.
const (
	seqColumn     = "_seq" // the place of the row among all that were read
	deletedColumn = "_deleted"
	leading       = 5 // _seq, _key, _time, _deleted, _invalid
)

// stage holds the rows of a run in the engine, which spills what does not fit in memory.
type stage struct {
	db         *engine.DB
	rows       *engine.Appender
	quarantine *engine.Appender
	attrs      []record.Column
	extra      []string
	count      int64
	first      rejected // the first row that is not kept
}

// rejected is a row for the quarantine.
type rejected struct {
	record.Rejection
	file string
	row  int64
}

func newStage(ctx context.Context, db *engine.DB, schema *record.Schema) (*stage, error) {
	s := &stage{db: db, attrs: schema.Attributes()}
	columns := []record.Column{
		{Name: seqColumn, Type: sqlgen.Integer}, {Name: record.KeyColumn, Type: sqlgen.String}, {Name: record.TimeColumn, Type: sqlgen.Timestamp},
		{Name: deletedColumn, Type: sqlgen.Boolean}, {Name: record.InvalidColumn, Type: sqlgen.String},
	}
	for i, a := range s.attrs {
		columns = append(columns, record.Column{Name: attrColumn(i), Type: stagedType(a.Type)})
	}
	if err := create(ctx, db, rowsTable, columns); err != nil {
		return nil, err
	}
	err := create(ctx, db, quarantineTable, []record.Column{
		{Name: "file", Type: sqlgen.String}, {Name: "row", Type: sqlgen.Integer}, {Name: "rule", Type: sqlgen.String},
		{Name: "reason", Type: sqlgen.String}, {Name: "raw", Type: sqlgen.String},
	})
	if err != nil {
		return nil, err
	}
	if s.quarantine, err = db.Appender(ctx, quarantineTable); err != nil {
		return nil, err
	}
	if s.rows, err = db.Appender(ctx, rowsTable); err != nil {
		return nil, errors.Join(err, s.quarantine.Close())
	}
	return s, nil
}

func create(ctx context.Context, db *engine.DB, table string, columns []record.Column) error {
	defs := make([]sqlgen.Query, len(columns))
	for i, c := range columns {
		defs[i] = definition(c)
	}
	return db.Exec(ctx, sqlgen.Format("CREATE OR REPLACE TABLE {t} ({defs})", sqlgen.Args{"t": sqlgen.Name(table), "defs": defs}))
}

func definition(c record.Column) sqlgen.Query {
	return sqlgen.Format("{name} {type}", sqlgen.Args{"name": sqlgen.Name(c.Name), "type": sqlgen.Query(sqlgen.DuckDB.Type(c.Type))})
}

// stagedType is how an attribute is staged: a decimal as the whole number of ten-thousandths.
func stagedType(t sqlgen.Type) sqlgen.Type {
	if t == sqlgen.Decimal {
		return sqlgen.Integer
	}
	return t
}

// extend adds columns for input columns that were not seen before.
func (s *stage) extend(ctx context.Context, extra []string) error {
	if len(extra) == len(s.extra) {
		return nil
	}
	if err := s.rows.Close(); err != nil {
		return err
	}
	for i := len(s.extra); i < len(extra); i++ {
		def := definition(record.Column{Name: extraColumn(i), Type: sqlgen.String})
		if err := s.db.Exec(ctx, sqlgen.Format("ALTER TABLE {t} ADD COLUMN {def}", sqlgen.Args{"t": sqlgen.Name(rowsTable), "def": def})); err != nil {
			return err
		}
	}
	s.extra = extra
	appender, err := s.db.Appender(ctx, rowsTable)
	if err != nil {
		return err
	}
	s.rows = appender
	return nil
}

func (s *stage) reject(r rejected) error {
	if s.first.Rule == "" {
		s.first = r
	}
	return s.quarantine.Append(r.file, r.row, r.Rule, r.Reason, r.Raw)
}

// close makes everything visible to queries.
func (s *stage) close() error { return errors.Join(s.rows.Close(), s.quarantine.Close()) }

// drop frees the engine's memory, also when the run was stopped.
func (s *stage) drop(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for _, t := range []string{rowsTable, quarantineTable, latestTable, sameTable} {
		_ = s.db.Exec(ctx, sqlgen.Format("DROP TABLE IF EXISTS {t}", sqlgen.Args{"t": sqlgen.Name(t)}))
	}
	for _, v := range []string{baseView, baseQuarantine} {
		_ = s.db.Exec(ctx, sqlgen.Format("DROP VIEW IF EXISTS {v}", sqlgen.Args{"v": sqlgen.Name(v)}))
	}
}
