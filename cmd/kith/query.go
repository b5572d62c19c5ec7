package main

import (
	"context"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/kith-dev/kith/internal/catalog"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func newQuery() *cobra.Command {
	var dir, format string
	c := &cobra.Command{
		Use:   "query --lake DIR SQL",
		Short: "Read the lake with one SELECT",
		Long:  "Runs one SELECT of DuckDB SQL on the latest revision of every relation. docs/lake.md lists the schemas.",
		Example: `  kith query --lake ./lake "SELECT segment, purpose, count(*) FROM customers.segment_members GROUP BY ALL"
  kith query --lake ./lake -o csv 'SELECT * FROM activation."early-access-email"'`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return query(c.Context(), c.OutOrStdout(), dir, format, args[0])
		},
	}
	c.Flags().StringVar(&dir, "lake", "", "folder of the lake")
	c.Flags().StringVarP(&format, "output", "o", "table", "table, csv or json (one object per line)")
	_ = c.MarkFlagRequired("lake")
	return c
}

func query(ctx context.Context, out io.Writer, dir, format, stmt string) error {
	write, ok := map[string]func(io.Writer, *sql.Rows, []string) error{"table": writeTable, "csv": writeCSV, "json": writeJSON}[format]
	if !ok {
		return usageError{fmt.Errorf("unknown output %q: use table, csv or json", format)}
	}
	l, db, err := openLake(ctx, dir)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if err := catalog.CheckReadOnly(ctx, db, stmt); err != nil {
		return err
	}
	if err := catalog.Attach(ctx, l, db); err != nil {
		return err
	}
	rows, err := db.Query(ctx, sqlgen.Query(stmt))
	if err != nil {
		return fault.New(fault.InvalidExpression, "the query failed: %w", err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	if err := write(out, rows, columns); err != nil {
		return err
	}
	return rows.Err()
}

// openLake opens a lake that is there already, and an engine that sees nothing else.
func openLake(ctx context.Context, dir string) (*lake.Lake, *engine.DB, error) {
	if _, err := os.Stat(dir); err != nil {
		return nil, nil, fault.New(fault.VolumeMissing, "there is no lake at %s: run `kith run` first, or correct --lake", dir)
	}
	l, err := lake.Open(ctx, dir)
	if err != nil {
		return nil, nil, err
	}
	db, err := engine.Open(ctx, engine.Options{Scratch: engine.DefaultScratch(), Allowed: []string{dir}})
	if err != nil {
		return nil, nil, err
	}
	return l, db, nil
}

func writeTable(out io.Writer, rows *sql.Rows, columns []string) error {
	header := make([]any, len(columns))
	for i, c := range columns {
		header[i] = c
	}
	t := plainTable(header...)
	n := 0
	err := each(rows, len(columns), func(values []any) error {
		row := make(table.Row, len(values))
		for i, v := range values {
			row[i] = plain(v)
		}
		t.AppendRow(row)
		n++
		return nil
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s\n%d rows\n", t.Render(), n)
	return nil
}

func writeCSV(out io.Writer, rows *sql.Rows, columns []string) error {
	w := csv.NewWriter(out)
	if err := w.Write(columns); err != nil {
		return err
	}
	err := each(rows, len(columns), func(values []any) error {
		record := make([]string, len(values))
		for i, v := range values {
			record[i] = plain(v)
		}
		return w.Write(record)
	})
	w.Flush()
	if err != nil {
		return err
	}
	return w.Error()
}

func writeJSON(out io.Writer, rows *sql.Rows, columns []string) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	return each(rows, len(columns), func(values []any) error {
		object := make(map[string]any, len(values))
		for i, v := range values {
			switch v.(type) {
			case nil, bool, int64, int32, float64, string:
				object[columns[i]] = v
			default:
				object[columns[i]] = plain(v)
			}
		}
		return enc.Encode(object)
	})
}

func each(rows *sql.Rows, n int, f func([]any) error) error {
	values, refs := make([]any, n), make([]any, n)
	for i := range values {
		refs[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(refs...); err != nil {
			return err
		}
		if err := f(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

// plain is a value as text: empty where it is missing, instants in UTC.
func plain(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case time.Time:
		return x.UTC().Format("2006-01-02T15:04:05.999999Z07:00")
	case fmt.Stringer:
		return x.String()
	default:
		return fmt.Sprint(v)
	}
}
