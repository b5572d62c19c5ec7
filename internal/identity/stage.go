package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The tables of a run in the engine. Those with a number belong to a source or a rule.
func table(name string) sqlgen.Ident { return sqlgen.Name("identity_" + name) }

func numbered(name string, i int) sqlgen.Ident {
	return sqlgen.Name("identity_" + name + "_" + sqlgen.DuckDB.Literal(i))
}

// openSources makes a view of each source and checks that it has the declared columns: matching without one of them would
// quietly take people apart.
func (r *run) openSources(ctx context.Context) error {
	for i, src := range r.space.sources {
		if err := r.openSource(ctx, numbered("source", i), src); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) openSource(ctx context.Context, view sqlgen.Ident, src Source) error {
	t := sourceTable(src)
	have, err := r.env.Lake.Columns(ctx, src.Revision, t)
	if err != nil {
		return err
	}
	types := map[string]sqlgen.Type{}
	for _, c := range have {
		types[c.Name] = c.Type
	}
	for _, f := range src.Fields {
		switch typ, ok := types[f.Name]; {
		case !ok:
			return fault.New(fault.ColumnMissing, "IdentityRule %s: revision %s of source %q has no column %q; run the source again after changing its fields",
				r.cfg.Plan.Subject, src.Revision.Run, src.Name, f.Name)
		case typ != f.Type:
			return fault.New(fault.SchemaChanged, "IdentityRule %s: revision %s of source %q has column %q as %s, not %s; run the source again after changing its fields",
				r.cfg.Plan.Subject, src.Revision.Run, src.Name, f.Name, typ, f.Type)
		}
	}
	return r.env.Lake.View(ctx, r.env.DB, view, src.Revision, t)
}

const createRecords = `CREATE OR REPLACE TABLE {records} (rec INTEGER, src INTEGER, key VARCHAR, happened TIMESTAMPTZ, priority INTEGER)`

const insertRecords = `INSERT INTO {records}
SELECT {offset} + row_number() OVER (ORDER BY _key) - 1, {src}, _key, _time, {priority} FROM {source}`

// Two orders of all records, in which the best record of any set is the one with the smallest number.
const rankRecords = `CREATE OR REPLACE TABLE {ranked} AS SELECT rec, src, key, happened,
	row_number() OVER (ORDER BY priority, happened DESC NULLS LAST, rec) AS trusted,
	row_number() OVER (ORDER BY happened DESC NULLS LAST, priority, rec) AS recent
FROM {records}`

// stageRecords numbers the Profile records in order of source and key.
func (r *run) stageRecords(ctx context.Context) error {
	staged := table("staged")
	if err := r.exec(ctx, createRecords, sqlgen.Args{"records": staged}); err != nil {
		return err
	}
	for i, src := range r.space.sources {
		if src.RecordKind != Profile {
			continue
		}
		args := sqlgen.Args{"records": staged, "offset": r.records, "src": i, "priority": src.Priority, "source": numbered("source", i)}
		if err := r.exec(ctx, insertRecords, args); err != nil {
			return err
		}
		n, err := r.number(ctx, "SELECT count(*) FROM {records}", args)
		if err != nil {
			return err
		}
		r.records = int(n)
	}
	if err := r.exec(ctx, rankRecords, sqlgen.Args{"ranked": table("records"), "records": staged}); err != nil {
		return err
	}
	return r.drop(ctx, staged)
}

// nameNumbers makes tables of what the numbers of sources, kinds and rules stand for.
func (r *run) nameNumbers(ctx context.Context) error {
	var sources, rules []string
	for _, src := range r.space.sources {
		sources = append(sources, src.Name)
	}
	// Rule 0 stands for combinations of identifiers that no record carries.
	rules = append(rules, "identifiers of one event")
	for _, rule := range r.space.rules {
		rules = append(rules, rule.label)
	}
	for name, list := range map[string][]string{"source_names": sources, "kind_names": r.space.kinds, "rule_names": rules} {
		err := r.exec(ctx, "CREATE OR REPLACE TABLE {t} AS SELECT (generate_subscripts({list}::VARCHAR[], 1) - 1)::INTEGER AS number, unnest({list}::VARCHAR[]) AS name",
			sqlgen.Args{"t": table(name), "list": list})
		if err != nil {
			return err
		}
	}
	return nil
}

// stageValues numbers the values of every kind in order of kind and text, and replaces them by their numbers wherever they stand.
func (r *run) stageValues(ctx context.Context) error {
	for i, src := range r.space.sources {
		if err := r.stageRows(ctx, i, src); err != nil {
			return err
		}
	}
	if err := r.numberValues(ctx); err != nil {
		return err
	}
	if err := r.bar(ctx); err != nil {
		return err
	}
	for _, name := range []string{"carries", "barred"} {
		if err := r.exec(ctx, "CREATE OR REPLACE TABLE {t} (rec INTEGER, vid INTEGER)", sqlgen.Args{"t": table(name)}); err != nil {
			return err
		}
	}
	for i, src := range r.space.sources {
		stage := r.stageTuples
		if src.RecordKind == Profile {
			stage = r.stageCarried
		}
		if err := stage(ctx, i, src); err != nil {
			return err
		}
		if err := r.drop(ctx, numbered("raw", i)); err != nil {
			return err
		}
	}
	return r.stageSeen(ctx)
}

// stageRows reads what a source has of the kinds: of Profile sources each record, of others each different combination.
func (r *run) stageRows(ctx context.Context, i int, src Source) error {
	var cols, names []sqlgen.Expr
	for j, c := range r.space.columns(src) {
		text := sqlgen.Cast(sqlgen.Col("s", c.name), sqlgen.String)
		if c.kind >= r.space.identifiers {
			text = sqlgen.Call("lower", sqlgen.Call("trim", text))
		}
		cols = append(cols, sqlgen.As(sqlgen.Call("nullif", text, sqlgen.Lit("")), valueColumn(j)))
		names = append(names, sqlgen.Col(valueColumn(j)))
	}
	args := sqlgen.Args{"raw": numbered("raw", i), "cols": cols, "names": names, "source": numbered("source", i), "records": table("records"), "src": i}
	switch {
	case len(cols) == 0 && src.RecordKind == Profile:
		return r.exec(ctx, "CREATE OR REPLACE TABLE {raw} AS SELECT rec, happened FROM {records} WHERE src = {src}", args)
	case len(cols) == 0:
		return r.exec(ctx, "CREATE OR REPLACE TABLE {raw} AS SELECT max(_time) AS happened, 0::BIGINT AS n FROM {source} WHERE false", args)
	case src.RecordKind == Profile:
		return r.exec(ctx, "CREATE OR REPLACE TABLE {raw} AS SELECT r.rec, r.happened, {cols} FROM {source} s JOIN {records} r ON r.src = {src} AND r.key = s._key", args)
	default:
		return r.exec(ctx, "CREATE OR REPLACE TABLE {raw} AS SELECT {names}, max(happened) AS happened, count(*) AS n FROM (SELECT _time AS happened, {cols} FROM {source} s) GROUP BY {names}", args)
	}
}

// valueColumn is where the j-th column of columns() stands in the tables raw and tuples.
func valueColumn(j int) string { return "v" + sqlgen.DuckDB.Literal(j) }

// What rules compare besides identifiers is not judged: a date of birth or a name is shared by many anyway.
const judge = `SELECT kind, value, n, kind < {identifiers} AND (w.word IS NOT NULL OR m.word IS NOT NULL OR {blocked}) AS blocked
FROM (SELECT kind, value, sum(n)::BIGINT AS n FROM ({all}) GROUP BY kind, value)
LEFT JOIN (SELECT unnest({words}) AS word) w ON w.word = lower(trim(value))
LEFT JOIN (SELECT unnest({mailboxes}) AS word) m ON m.word = {mailbox}`

// judged is a query for the values that another one gives with their kinds and how often they occur: each once, and whether it identifies nobody for what it is.
func (r *run) judged(all sqlgen.Query) sqlgen.Query {
	return sqlgen.Format(judge, sqlgen.Args{
		"blocked": r.space.blocked(r.cfg.Guards.BlockedValues), "all": all, "identifiers": r.space.identifiers, "words": nothing,
		"mailboxes": nobodysMailbox, "mailbox": r.space.mailbox(),
	})
}

const numberAll = `CREATE OR REPLACE TABLE {values} AS
SELECT (row_number() OVER (ORDER BY kind, value) - 1)::INTEGER AS vid, kind, value, n, blocked FROM ({judged})`

func (r *run) numberValues(ctx context.Context) error {
	all := []sqlgen.Query{"SELECT 0 AS kind, '' AS value, 0::BIGINT AS n WHERE false"}
	for i, src := range r.space.sources {
		n := sqlgen.Col("n")
		if src.RecordKind == Profile {
			n = sqlgen.Lit(int64(1))
		}
		for j, c := range r.space.columns(src) {
			all = append(all, sqlgen.Format("SELECT {kind} AS kind, {v} AS value, {n} AS n FROM {raw} WHERE {v} IS NOT NULL",
				sqlgen.Args{"kind": c.kind, "v": sqlgen.Name(valueColumn(j)), "n": n, "raw": numbered("raw", i)}))
		}
	}
	if err := r.exec(ctx, numberAll, sqlgen.Args{"values": table("values"), "judged": r.judged(sqlgen.UnionAll(all...))}); err != nil {
		return err
	}
	r.values = make([]span, len(r.space.kinds))
	q := sqlgen.Format("SELECT kind, min(vid), max(vid) + 1 FROM {values} GROUP BY kind", sqlgen.Args{"values": table("values")})
	return r.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var kind int
		var s span
		if err := scan(&kind, &s.lo, &s.hi); err != nil {
			return err
		}
		r.values[kind] = s
		return nil
	})
}

// stageCarried adds what the records of a Profile source carry to the table carries, blocked values left out, and to barred what an automatic
// guard blocked: nobody is known by it, and whoever refuses with it may still be any of those who carry it.
func (r *run) stageCarried(ctx context.Context, i int, src Source) error {
	var all []sqlgen.Query
	for j, c := range r.space.columns(src) {
		all = append(all, sqlgen.Format("SELECT rec, {kind} AS kind, {v} AS value FROM {raw} WHERE {v} IS NOT NULL",
			sqlgen.Args{"kind": c.kind, "v": sqlgen.Name(valueColumn(j)), "raw": numbered("raw", i)}))
	}
	if len(all) == 0 {
		return nil
	}
	// Two columns of one kind can have the same value.
	args := sqlgen.Args{"carries": table("carries"), "barred": table("barred"), "all": sqlgen.UnionAll(all...), "values": table("values"), "automatic": table("automatic")}
	err := r.exec(ctx, "INSERT INTO {carries} SELECT DISTINCT rec, vid FROM ({all}) JOIN {values} USING (kind, value) WHERE NOT blocked", args)
	if err != nil || len(r.space.automatic) == 0 {
		return err
	}
	return r.exec(ctx, "INSERT INTO {barred} SELECT DISTINCT rec, vid FROM ({all}) JOIN {values} USING (kind, value) WHERE vid IN (SELECT vid FROM {automatic})", args)
}

// stageTuples makes the combinations of a source out of numbers; blocked values become missing.
func (r *run) stageTuples(ctx context.Context, i int, src Source) error {
	var cols []sqlgen.Expr
	var joins []sqlgen.Query
	for j, c := range r.space.columns(src) {
		alias := "x" + sqlgen.DuckDB.Literal(j)
		cols = append(cols, sqlgen.As(sqlgen.Col(alias, "vid"), valueColumn(j)))
		joins = append(joins, sqlgen.Format("LEFT JOIN (SELECT vid, value FROM {values} WHERE kind = {kind} AND NOT blocked) {x} ON {x}.value = t.{v}",
			sqlgen.Args{"values": table("values"), "kind": c.kind, "x": sqlgen.Name(alias), "v": sqlgen.Name(valueColumn(j))}))
	}
	cols = append(cols, sqlgen.Col("t", "happened"), sqlgen.Col("t", "n"))
	return r.exec(ctx, "CREATE OR REPLACE TABLE {tuples} AS SELECT {cols} FROM {raw} t {joins}",
		sqlgen.Args{"tuples": numbered("tuples", i), "cols": cols, "raw": numbered("raw", i), "joins": sqlgen.Lines(joins...)})
}

// stageSeen makes the table seen: which values each source has, and when last.
func (r *run) stageSeen(ctx context.Context) error {
	all := []sqlgen.Query{sqlgen.Format(
		"SELECT src, vid, max(happened) AS happened FROM {carries} JOIN {records} USING (rec) WHERE vid < {end} GROUP BY src, vid",
		sqlgen.Args{"carries": table("carries"), "records": table("records"), "end": r.identifierEnd()})}
	for i, src := range r.space.sources {
		if src.RecordKind == Profile {
			continue
		}
		for j := range r.space.columns(src) {
			all = append(all, sqlgen.Format("SELECT {src} AS src, {v} AS vid, max(happened) AS happened FROM {tuples} WHERE {v} IS NOT NULL GROUP BY {v}",
				sqlgen.Args{"src": i, "v": sqlgen.Name(valueColumn(j)), "tuples": numbered("tuples", i)}))
		}
	}
	return r.exec(ctx, "CREATE OR REPLACE TABLE {seen} AS {all}", sqlgen.Args{"seen": table("seen"), "all": sqlgen.UnionAll(all...)})
}

// identifierEnd is the number after the last value of an identifier; those of attributes follow.
func (r *run) identifierEnd() int {
	end := 0
	for _, s := range r.values[:r.space.identifiers] {
		end = max(end, int(s.hi))
	}
	return end
}
