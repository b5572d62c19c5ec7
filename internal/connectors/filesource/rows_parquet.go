package filesource

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// parquetRows reads a Parquet file through the engine, from a copy in the scratch directory: the engine opens files by
// their path, and between a check of the path and its use the path could be made to lead elsewhere.
type parquetRows struct {
	file   *openFile
	copied string
	rows   *sql.Rows
	place  []int
	forms  []form
	width  int
	scan   []any
}

// form is how a column's values are to be understood.
type form int

const (
	asIs   form = iota
	number      // text of a number that keeps all its digits
	nestedJSON
)

func (r *reading) parquetRows(ctx context.Context, o *openFile) (_ rowReader, err error) {
	if r.src.cfg.DB == nil {
		return nil, fault.New(fault.Internal, "DataSource %s: Parquet needs an engine", r.src.cfg.Name)
	}
	p := &parquetRows{file: o, copied: filepath.Join(r.src.cfg.DB.Scratch(), fmt.Sprintf("source-%s.parquet", o.want))}
	defer func() {
		if err != nil {
			_ = p.close()
		}
	}()
	if err := p.copy(ctx, o); err != nil {
		return nil, err
	}
	names, types, err := r.parquetColumns(ctx, p.copied)
	if err != nil {
		return nil, o.parquetError(err)
	}
	if err := record.CheckColumns(fmt.Sprintf("DataSource %s: %s", r.src.cfg.Name, o.path), names, r.req.Required); err != nil {
		return nil, err
	}
	selected := []sqlgen.Expr{sqlgen.Col("file_row_number")}
	for i, n := range names {
		value, f := parquetValue(n, types[i])
		selected = append(selected, value)
		p.place, p.forms = append(p.place, r.column(n)), append(p.forms, f)
	}
	p.width = len(r.columns)
	p.scan = make([]any, len(names)+1)
	q := sqlgen.Format("SELECT {cols} FROM read_parquet({file}, file_row_number = true, hive_partitioning = false)",
		sqlgen.Args{"cols": selected, "file": p.copied})
	if p.rows, err = r.src.cfg.DB.Query(ctx, q); err != nil { //nolint:rowserrcheck // next looks at it after the last row
		return nil, o.parquetError(err)
	}
	return p, nil
}

func (p *parquetRows) copy(ctx context.Context, o *openFile) error {
	to, err := os.OpenFile(p.copied, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return engine.Classify("copy a Parquet file to the scratch directory", err)
	}
	out := &failing{w: to}
	err = drain(ctx, io.TeeReader(o.in, out))
	if cerr := to.Close(); out.err == nil {
		out.err = cerr
	}
	if out.err != nil {
		return engine.Classify("copy a Parquet file to the scratch directory", out.err)
	}
	if err != nil {
		return o.unreadable(err)
	}
	return nil
}

// failing remembers that it was the writing that failed.
type failing struct {
	w   io.Writer
	err error
}

func (f *failing) Write(b []byte) (int, error) {
	n, err := f.w.Write(b)
	if err != nil {
		f.err = err
	}
	return n, err
}

// parquetColumns are the columns of a file and the engine's names of their types.
func (r *reading) parquetColumns(ctx context.Context, path string) (names, types []string, err error) {
	q := sqlgen.Format("SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM read_parquet({file}, hive_partitioning = false))", sqlgen.Args{"file": path})
	err = r.src.cfg.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var n, t string
		if err := scan(&n, &t); err != nil {
			return err
		}
		names, types = append(names, n), append(types, t)
		return nil
	})
	return names, types, err
}

// parquetValue selects a column so that nothing of it is lost on the way.
func parquetValue(name, typ string) (sqlgen.Expr, form) {
	col := sqlgen.Col(name)
	switch base, _, _ := strings.Cut(typ, "("); {
	case strings.HasSuffix(typ, "]"), base == "STRUCT", base == "MAP":
		return sqlgen.Cast(sqlgen.Call("to_json", col), sqlgen.String), nestedJSON
	case base == "TINYINT", base == "SMALLINT", base == "INTEGER", base == "BIGINT", base == "UTINYINT", base == "USMALLINT", base == "UINTEGER":
		return sqlgen.Cast(col, sqlgen.Integer), asIs
	case base == "FLOAT", base == "DOUBLE":
		return sqlgen.Cast(col, sqlgen.Double), asIs
	case base == "BOOLEAN", base == "TIMESTAMP WITH TIME ZONE":
		return col, asIs
	case base == "DECIMAL", base == "UBIGINT", base == "HUGEINT", base == "UHUGEINT":
		return sqlgen.Cast(col, sqlgen.String), number
	default:
		// Dates and times without a zone are read as the declaration says.
		return sqlgen.Cast(col, sqlgen.String), asIs
	}
}

func (p *parquetRows) next(context.Context) (record.Row, int, error) {
	if !p.rows.Next() {
		if err := p.rows.Err(); err != nil {
			return record.Row{}, 0, p.file.parquetError(engine.Classify("read a Parquet file", err))
		}
		return record.Row{}, 0, io.EOF
	}
	to := make([]any, len(p.scan))
	for i := range p.scan {
		to[i] = &p.scan[i]
	}
	if err := p.rows.Scan(to...); err != nil {
		return record.Row{}, 0, p.file.parquetError(engine.Classify("read a Parquet file", err))
	}
	row := record.Row{Values: make([]any, p.width)}
	if n, ok := p.scan[0].(int64); ok {
		row.Number = n + 1
	}
	row.Key = fileKey(p.file.want, row.Number)
	size := 8 * len(p.place)
	for i, v := range p.scan[1:] {
		text, isText := v.(string)
		size += len(text)
		switch {
		case isText && p.forms[i] == number:
			v = record.Number(text)
		case isText && p.forms[i] == nestedJSON:
			v = record.JSON(text)
		}
		row.Values[p.place[i]] = v
	}
	return row, size, nil
}

func (p *parquetRows) close() error {
	var err error
	if p.rows != nil {
		err = p.rows.Close()
		p.rows = nil
	}
	if rerr := os.Remove(p.copied); err == nil && rerr != nil && !errors.Is(rerr, os.ErrNotExist) {
		err = rerr
	}
	return err
}

// parquetError is about the file unless the engine ran out of something.
func (o *openFile) parquetError(err error) error {
	switch c := fault.ClassOf(err); c {
	case fault.Internal:
		return fault.New(fault.FileUnreadable, "DataSource %s: %s is not a complete Parquet file: %s", o.src.cfg.Name, o.path, c)
	default:
		return err
	}
}
