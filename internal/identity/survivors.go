package identity

import (
	"context"
	"slices"
	"strconv"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func attributeColumn(i int) string { return "a" + strconv.Itoa(i) }
func winnerColumn(g int) string    { return "w" + strconv.Itoa(g) }

// stageAttributes makes the table attributes: what each Profile record says, with its cluster and its places in the orders. It is read once
// for each class and chunk, which is much cheaper than to read the sources again.
func (r *run) stageAttributes(ctx context.Context) error {
	cols := []lake.Column{
		{Name: "src", Type: sqlgen.Integer}, {Name: "cluster", Type: sqlgen.Integer}, {Name: "trusted", Type: sqlgen.Integer},
		{Name: "recent", Type: sqlgen.Integer}, {Name: "happened", Type: sqlgen.Timestamp},
	}
	for n, a := range r.space.attributes {
		cols = append(cols, lake.Column{Name: attributeColumn(n), Type: a.typ})
	}
	all := []sqlgen.Query{emptyOf(cols)}
	for i, src := range r.space.sources {
		if src.RecordKind != Profile {
			continue
		}
		var values []sqlgen.Query
		for _, a := range r.space.attributes {
			values = append(values, r.attributeOf(src, a))
		}
		all = append(all, sqlgen.Format(
			`SELECT p.src, p.cluster, p.trusted, p.recent, p.happened, {values} FROM {source} s JOIN {placed} p ON p.src = {src} AND p.key = s._key`,
			sqlgen.Args{"values": values, "source": numbered("source", i), "placed": table("placed"), "src": i}))
	}
	args := sqlgen.Args{
		"placed": table("placed"), "records": table("records"), "assigned": table("assigned"), "attributes": table("attributes"), "all": sqlgen.UnionAll(all...),
	}
	for _, q := range []string{
		"CREATE OR REPLACE TABLE {placed} AS SELECT src, key, cluster, trusted, recent, happened FROM {records} JOIN {assigned} USING (rec)",
		"CREATE OR REPLACE TABLE {attributes} AS {all}",
	} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return r.drop(ctx, table("placed"))
}

// numbers are literals for an IN, among them one that is no source's, as an empty list is no SQL.
func numbers(sources []int) []sqlgen.Expr {
	out := []sqlgen.Expr{sqlgen.Lit(int64(-1))}
	for _, i := range sources {
		out = append(out, sqlgen.Lit(int64(i)))
	}
	return out
}

// recordsOf is a query for the records of a class that belong to clusters from lo on.
func (r *run) recordsOf(c class, lo int) sqlgen.Query {
	return sqlgen.Format("SELECT * FROM {attributes} WHERE src IN ({sources}) AND cluster >= {lo} AND cluster < {hi}",
		sqlgen.Args{"attributes": table("attributes"), "sources": numbers(c.sources), "lo": lo, "hi": lo + chunk})
}

// attributeOf is what a source says of an attribute. A kind of identifier that no source has under its own name is taken from the fields
// that hold it under other names.
func (r *run) attributeOf(src Source, a attribute) sqlgen.Query {
	held := []sqlgen.Query{"NULL"}
	for _, f := range src.Fields {
		if f.Name == a.name || f.Identifier == a.name && !r.isField(a.name) {
			held = append(held, r.meant(f))
		}
	}
	return sqlgen.Format("CAST(coalesce({held}) AS {type})", sqlgen.Args{"held": held, "type": sqlgen.Query(sqlgen.DuckDB.Type(a.typ))})
}

// meant is the value of a field, missing where it is an identifier that identifies nobody: what is no way to know somebody is no
// way to reach him either, and must not win over another record's.
func (r *run) meant(f Field) sqlgen.Query {
	args := sqlgen.Args{"v": sqlgen.Col("s", f.Name), "values": table("values"), "kind": slices.Index(r.space.kinds, f.Identifier)}
	if f.Identifier == "" {
		return sqlgen.Format("{v}", args)
	}
	return sqlgen.Format("CASE WHEN {v}::VARCHAR IN (SELECT value FROM {values} WHERE kind = {kind} AND blocked) THEN NULL ELSE {v} END", args)
}

func (r *run) isField(name string) bool {
	return slices.ContainsFunc(r.space.sources, func(src Source) bool {
		return src.RecordKind == Profile && slices.ContainsFunc(src.Fields, func(f Field) bool { return f.Name == name })
	})
}

// order is by which the smallest number finds the record of a group. It is made of three numbers: bit 62 is set for what is not verified,
// the 30 bits after it are the place by the strategy, and the low 32 bits are the record's place among the trusted.
func (r *run) order(g group) sqlgen.Query {
	verified := sqlgen.Lit(true)
	if g.verifiedBy >= 0 {
		verified = sqlgen.IsTrue(sqlgen.Col(attributeColumn(g.verifiedBy)))
	}
	return sqlgen.Format("CASE WHEN {verified} THEN 0 ELSE 4611686018427387904 END + ({place}) * 4294967296 + trusted",
		sqlgen.Args{"verified": verified, "place": r.place(g, verified)})
}

// place is a number below 2^30 that is the smaller, the better a record is by the strategy of a group.
func (r *run) place(g group, verified sqlgen.Expr) sqlgen.Query {
	var values, texts []sqlgen.Expr
	for _, i := range g.attributes {
		values = append(values, sqlgen.Col(attributeColumn(i)))
		texts = append(texts, sqlgen.Cast(sqlgen.Col(attributeColumn(i)), sqlgen.String))
	}
	args := sqlgen.Args{"verified": verified, "values": values, "texts": texts, "first": values[0]}
	switch g.strategy {
	case MostRecent:
		return "recent"
	case First:
		return "rank() OVER (PARTITION BY cluster ORDER BY happened NULLS LAST)"
	case MostFrequent:
		return sqlgen.Format("1073741823 - count(*) OVER (PARTITION BY cluster, {verified}, {values})", args)
	case Longest:
		return sqlgen.Format("1073741823 - length(concat({texts}))", args)
	case Minimum:
		return sqlgen.Format("rank() OVER (PARTITION BY cluster ORDER BY {first} NULLS LAST)", args)
	case Maximum:
		return sqlgen.Format("rank() OVER (PARTITION BY cluster ORDER BY {first} DESC NULLS LAST)", args)
	default:
		return "0"
	}
}

// best is a query for the surviving values: for each cluster its attributes and, for each group, the number of the record they come from.
func (r *run) best(records sqlgen.Query) sqlgen.Query {
	var orders, aggregates []sqlgen.Query
	for n, g := range r.space.groups {
		by := sqlgen.Name("o" + strconv.Itoa(n))
		orders = append(orders, sqlgen.Format("{order} AS {by}", sqlgen.Args{"order": r.order(g), "by": by}))
		var present []sqlgen.Expr
		for _, i := range g.attributes {
			present = append(present, sqlgen.NotNull(sqlgen.Col(attributeColumn(i))))
		}
		args := sqlgen.Args{"by": by, "present": sqlgen.Or(present...), "w": sqlgen.Name(winnerColumn(n))}
		for _, i := range g.attributes {
			args["a"] = sqlgen.Name(attributeColumn(i))
			// The whole group comes from one record, its missing values too.
			aggregates = append(aggregates, sqlgen.Format("arg_min_null({a}, {by}) FILTER (WHERE {present}) AS {a}", args))
		}
		aggregates = append(aggregates, sqlgen.Format("(min({by}) FILTER (WHERE {present})) % 4294967296 AS {w}", args))
	}
	return sqlgen.Format("SELECT cluster, {aggregates} FROM (SELECT *, {orders} FROM ({records})) GROUP BY cluster",
		sqlgen.Args{"aggregates": aggregates, "orders": orders, "records": records})
}
