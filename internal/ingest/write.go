package ingest

import (
	"context"
	"fmt"
	"strings"

	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func attrColumn(i int) string  { return fmt.Sprintf("a%d", i) }
func extraColumn(i int) string { return fmt.Sprintf("x%d", i) }

// names are the relations and columns that the templates below use.
func names(more sqlgen.Args) sqlgen.Args {
	a := sqlgen.Args{
		"rows": sqlgen.Name(rowsTable), "latest": sqlgen.Name(latestTable), "base": sqlgen.Name(baseView), "quarantine": sqlgen.Name(quarantineTable),
		"base_quarantine": sqlgen.Name(baseQuarantine), "key": sqlgen.Name(record.KeyColumn), "time": sqlgen.Name(record.TimeColumn),
		"seq": sqlgen.Name(seqColumn), "deleted": sqlgen.Name(deletedColumn),
	}
	for k, v := range more {
		a[k] = v
	}
	return a
}

// write merges what was staged into the tables.
func (r *run) write(ctx context.Context, s *stage) (lake.Output, error) {
	if r.base != nil {
		if err := r.env.Lake.View(ctx, r.env.DB, sqlgen.Name(baseView), r.base, r.sourceTable()); err != nil {
			return lake.Output{}, err
		}
	}
	if err := r.pickLatest(ctx); err != nil {
		return lake.Output{}, err
	}
	out, err := r.writeRows(ctx, s)
	if err != nil {
		return out, err
	}
	return out, r.writeQuarantine(ctx)
}

// appends reports whether rows are only added, and no file of the table is written again.
func (r *run) appends() bool {
	return r.cfg.Load == record.Append && r.base != nil && !r.anew && r.carry
}

// pickLatest makes the table of the records that count: of each key the first with Append, else the latest by time and
// then by place. Losers, and with a base what it has already (Append) or has newer (Upsert), are left out.
func (r *run) pickLatest(ctx context.Context) error {
	timed := r.cfg.Timestamp.Column != ""
	latest := sqlgen.Query("SELECT {key}, max({seq}) AS {seq}, NULL AS {time} FROM {rows} GROUP BY {key}")
	switch {
	case r.cfg.Load == record.Append:
		latest = "SELECT {key}, min({seq}) AS {seq}, NULL AS {time} FROM {rows} WHERE NOT {deleted} GROUP BY {key}"
	case len(r.cfg.Key) == 0:
		// Rows without a key are told by their content; equal ones are numbered.
		latest = `SELECT CASE WHEN n = 1 THEN {key} ELSE concat({key}, '-', n) END AS {key}, {seq}, NULL AS {time}
			FROM (SELECT {key}, {seq}, row_number() OVER (PARTITION BY {key} ORDER BY {seq}) AS n FROM {rows})`
	case timed:
		latest = `SELECT {key}, best.s AS {seq}, best.t AS {time} FROM (
			SELECT {key}, max({'t': coalesce({time}, '-infinity'), 's': {seq}}) AS best FROM {rows} GROUP BY {key})`
	}
	known := sqlgen.Query("")
	switch {
	case r.appends():
		known = "ANTI JOIN {base} AS b ON b.{key} = l.{key}"
	case r.cfg.Load == record.Upsert && r.base != nil && !r.anew && timed:
		known = "ANTI JOIN {base} AS b ON b.{key} = l.{key} AND b.{time} > l.{time}"
	}
	a := names(nil)
	a["latest_of"], a["known"] = sqlgen.Format(string(latest), a), sqlgen.Format(string(known), a)
	return r.env.DB.Exec(ctx, sqlgen.Format("CREATE OR REPLACE TABLE {latest} AS SELECT l.* FROM ({latest_of}) AS l {known}", a))
}

func (r *run) writeRows(ctx context.Context, s *stage) (lake.Output, error) {
	count := func(template string) (n int64, err error) {
		err = r.env.DB.Row(ctx, sqlgen.Format(template, names(nil)), &n)
		return n, err
	}
	picked, err := count("SELECT count(*) FROM {latest}")
	if err != nil {
		return lake.Output{}, err
	}
	r.counts.Duplicates = s.count - picked
	if r.cfg.Load == record.Append {
		r.counts.Duplicates -= r.counts.Deleted
	}
	if r.appends() {
		columns := r.tableColumns(s, false)
		if r.counts.Written, err = r.tx.Append(ctx, r.sourceTable(), columns, r.freshQuery(s, columns, picked == s.count)); err != nil {
			return lake.Output{}, err
		}
		v, _ := r.base.Version(r.sourceTable())
		return lake.Output{Name: "rows", Rows: v.Rows + r.counts.Written, Added: r.counts.Written}, nil
	}
	if r.counts.Written, err = count("SELECT count(*) FROM {latest} AS l JOIN {rows} AS r USING ({seq}) WHERE NOT r.{deleted}"); err != nil {
		return lake.Output{}, err
	}
	var carried, both int64
	if r.carry {
		if carried, err = count("SELECT count(*) FROM {base} AS b ANTI JOIN {latest} AS l ON l.{key} = b.{key}"); err != nil {
			return lake.Output{}, err
		}
	}
	if r.base != nil {
		if both, err = count("SELECT count(*) FROM {latest} AS l JOIN {rows} AS r USING ({seq}) SEMI JOIN {base} AS b ON b.{key} = l.{key} WHERE NOT r.{deleted}"); err != nil {
			return lake.Output{}, err
		}
	}
	columns := r.tableColumns(s, carried > 0)
	// The keys of a Snapshot without a key are numbered only in the table of those that count.
	final := len(r.cfg.Key) > 0 || r.cfg.Load == record.Append
	q := r.freshQuery(s, columns, final && picked == s.count && r.counts.Deleted == 0)
	written, rows, err := r.writeDifference(ctx, columns, q)
	if !written && err == nil {
		if carried > 0 {
			q = sqlgen.UnionAll(q, r.carriedQuery(columns))
		}
		rows, err = r.tx.Replace(ctx, r.sourceTable(), columns, q)
	}
	v, _ := r.base.Version(r.sourceTable())
	return lake.Output{Name: "rows", Rows: rows, Added: r.counts.Written - both, Removed: v.Rows - both - carried}, err
}

// tableColumns are those of the source table: what every source has, the attributes, the undeclared columns of the input, and,
// where rows of the base stay, what only they have.
func (r *run) tableColumns(s *stage, carried bool) []lake.Column {
	out := []lake.Column{
		{Name: record.KeyColumn, Type: sqlgen.String}, {Name: record.TimeColumn, Type: sqlgen.Timestamp}, {Name: record.RunColumn, Type: sqlgen.String},
		{Name: record.IngestedColumn, Type: sqlgen.Timestamp}, {Name: record.InvalidColumn, Type: sqlgen.String},
	}
	for _, a := range s.attrs {
		out = append(out, lake.Column(a))
	}
	for _, x := range s.extra {
		out = append(out, lake.Column{Name: x, Type: sqlgen.String})
	}
	if !carried {
		return out
	}
	taken := map[string]bool{}
	for _, c := range out {
		taken[strings.ToLower(c.Name)] = true
	}
	for _, c := range r.columns {
		if !taken[strings.ToLower(c.Name)] {
			out = append(out, c)
		}
	}
	return out
}

// freshQuery gives the staged records that count. When all of them do there is nothing to join.
func (r *run) freshQuery(s *stage, columns []lake.Column, all bool) sqlgen.Query {
	from := sqlgen.Query("{rows} AS r JOIN {latest} AS l USING ({seq}) WHERE NOT r.{deleted}")
	key := "l"
	if all {
		from, key = "{rows} AS r", "r"
	}
	exprs := []sqlgen.Expr{
		sqlgen.Col(key, record.KeyColumn), sqlgen.Col("r", record.TimeColumn), sqlgen.Lit(r.env.Plan.Run), sqlgen.Lit(r.env.Plan.Now),
		sqlgen.Col("r", record.InvalidColumn),
	}
	for i, a := range s.attrs {
		exprs = append(exprs, unstaged(sqlgen.Col("r", attrColumn(i)), a.Type))
	}
	for i := range s.extra {
		exprs = append(exprs, sqlgen.Col("r", extraColumn(i)))
	}
	for _, c := range columns[len(exprs):] {
		exprs = append(exprs, sqlgen.Cast(sqlgen.Lit(nil), c.Type))
	}
	for i, c := range columns {
		exprs[i] = sqlgen.As(exprs[i], c.Name)
	}
	return sqlgen.Format("SELECT {cols} FROM {from}", sqlgen.Args{"cols": exprs, "from": sqlgen.Format(string(from), names(nil))})
}

// unstaged turns ten-thousandths into a decimal without leaving exact arithmetic.
func unstaged(col sqlgen.Expr, t sqlgen.Type) sqlgen.Expr {
	if t != sqlgen.Decimal {
		return col
	}
	return sqlgen.Cast(sqlgen.Op("*", col, sqlgen.Lit(sqlgen.Number("0.0001"))), sqlgen.Decimal)
}

// carriedQuery gives the rows of the base whose keys were not read, in the columns of now: a column that has another type now
// keeps the values that can be read as it.
func (r *run) carriedQuery(columns []lake.Column) sqlgen.Query {
	cols := make([]sqlgen.Query, len(columns))
	for i, c := range columns {
		a := sqlgen.Args{"name": sqlgen.Name(c.Name), "type": sqlgen.Query(sqlgen.DuckDB.Type(c.Type)), "col": sqlgen.Col("b", c.Name)}
		cols[i] = sqlgen.Format("CAST(NULL AS {type}) AS {name}", a)
		for _, was := range r.columns {
			if strings.EqualFold(was.Name, c.Name) {
				cols[i] = sqlgen.Format("TRY_CAST({col} AS {type}) AS {name}", a)
			}
		}
	}
	return sqlgen.Format("SELECT {cols} FROM {base} AS b ANTI JOIN {latest} AS l ON l.{key} = b.{key}", names(sqlgen.Args{"cols": cols}))
}

var quarantineColumns = []lake.Column{
	{Name: record.RunColumn, Type: sqlgen.String}, {Name: record.IngestedColumn, Type: sqlgen.Timestamp}, {Name: "file", Type: sqlgen.String},
	{Name: "row", Type: sqlgen.Integer}, {Name: "rule", Type: sqlgen.String}, {Name: "reason", Type: sqlgen.String}, {Name: "raw", Type: sqlgen.String},
}

// writeQuarantine adds the rows that were not kept. Those of files that were read anew are replaced; a row that a cursor gave
// once more is not added again.
func (r *run) writeQuarantine(ctx context.Context) error {
	t := r.quarantineTable()
	fresh := sqlgen.Format("SELECT {run} AS {run_col}, {now} AS {at_col}, q.* FROM {quarantine} AS q", names(sqlgen.Args{
		"run": r.env.Plan.Run, "now": r.env.Plan.Now, "run_col": sqlgen.Name(record.RunColumn), "at_col": sqlgen.Name(record.IngestedColumn),
	}))
	if r.base == nil || r.anew || r.cfg.Load == record.Snapshot {
		_, err := r.tx.Replace(ctx, t, quarantineColumns, fresh)
		return err
	}
	if err := r.env.Lake.View(ctx, r.env.DB, sqlgen.Name(baseQuarantine), r.base, t); err != nil {
		return err
	}
	if files := r.reading.Reread(); len(files) > 0 {
		kept := sqlgen.Format("SELECT * FROM {base_quarantine} WHERE NOT list_contains({files}, file)", names(sqlgen.Args{"files": files}))
		_, err := r.tx.Replace(ctx, t, quarantineColumns, sqlgen.UnionAll(kept, fresh))
		return err
	}
	if r.counts.quarantined() == 0 {
		return r.tx.Keep(t)
	}
	q := sqlgen.Format("SELECT f.* FROM ({fresh}) AS f ANTI JOIN {base_quarantine} AS b ON b.file = f.file AND b.rule = f.rule AND b.raw = f.raw",
		names(sqlgen.Args{"fresh": fresh}))
	_, err := r.tx.Append(ctx, t, quarantineColumns, q)
	return err
}
