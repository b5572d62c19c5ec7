package engine

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// Exec runs a statement.
func (db *DB) Exec(ctx context.Context, q sqlgen.Query) error {
	_, err := db.sql.ExecContext(ctx, string(q))
	return Classify("run a statement", err)
}

// Query runs a query; the caller closes the rows and classifies what their Err gives with Classify.
func (db *DB) Query(ctx context.Context, q sqlgen.Query) (*sql.Rows, error) {
	rows, err := db.sql.QueryContext(ctx, string(q))
	return rows, Classify("run a query", err)
}

// Row scans the one row of a query. No row is sql.ErrNoRows.
func (db *DB) Row(ctx context.Context, q sqlgen.Query, dest ...any) error {
	err := db.sql.QueryRowContext(ctx, string(q)).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return Classify("read a row", err)
}

// Rows calls each for every row of a query; each scans the row with what it is given. An error of each ends the iteration and is
// returned as it is.
func (db *DB) Rows(ctx context.Context, q sqlgen.Query, each func(scan func(...any) error) error) error {
	rows, err := db.Query(ctx, q)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	scan := func(dest ...any) error { return Classify("read a row", rows.Scan(dest...)) }
	for rows.Next() {
		if err := each(scan); err != nil {
			return err
		}
	}
	return Classify("read rows", rows.Err())
}

// Columns gives the names and types of a query's result without running it.
func (db *DB) Columns(ctx context.Context, q sqlgen.Query) ([]Column, error) {
	var out []Column
	err := db.Rows(ctx, sqlgen.Format("SELECT column_name, column_type FROM (DESCRIBE {q})", sqlgen.Args{"q": q}), func(scan func(...any) error) error {
		var c Column
		var t string
		if err := scan(&c.Name, &t); err != nil {
			return err
		}
		c.Type = typeOf(t)
		out = append(out, c)
		return nil
	})
	return out, err
}

// typeOf maps a type of the engine to the type that holds its values; what has none of its own becomes text.
func typeOf(name string) sqlgen.Type {
	base, _, _ := strings.Cut(name, "(")
	switch base {
	case "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "HUGEINT", "UHUGEINT":
		return sqlgen.Integer
	case "DECIMAL":
		if strings.HasSuffix(name, "]") {
			return sqlgen.String
		}
		return sqlgen.Decimal
	case "FLOAT", "DOUBLE":
		return sqlgen.Double
	case "BOOLEAN":
		return sqlgen.Boolean
	case "DATE":
		return sqlgen.Date
	case "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS":
		return sqlgen.Timestamp
	default:
		return sqlgen.String
	}
}

// Pairs are the keys and values of a MAP that was scanned into an any.
func Pairs(v any) (keys, values []any, ok bool) {
	m, ok := v.(duckdb.OrderedMap)
	if !ok {
		return nil, nil, false
	}
	return m.Keys(), m.Values(), true
}
