package identity

import (
	"context"
	"slices"
	"strconv"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// chunk is how many clusters are aggregated at once: the values that are held while the best are looked for do not spill.
const chunk = 400_000

// writeProfiles writes profiles and provenance, for one class after the other.
func (r *run) writeProfiles(ctx context.Context) error {
	var empty []sqlgen.Expr
	for _, c := range r.profileColumns() {
		empty = append(empty, sqlgen.As(sqlgen.Cast(sqlgen.Lit(nil), c.Type), c.Name))
	}
	none := sqlgen.Format("SELECT {cols} WHERE false", sqlgen.Args{"cols": empty})
	if _, err := r.tx.Replace(ctx, r.relation("profiles"), r.profileColumns(), none); err != nil {
		return err
	}
	none = "SELECT '' AS class, '' AS profile_id, '' AS attribute, '' AS source, '' AS record_key WHERE false"
	if _, err := r.tx.Replace(ctx, r.relation("provenance"), provenanceColumns, none); err != nil {
		return err
	}
	for _, c := range r.space.classes {
		if err := r.stageClass(ctx, c); err != nil {
			return err
		}
		for lo := 0; lo < r.records; lo += chunk {
			if err := r.writeChunk(ctx, c, lo); err != nil {
				return err
			}
		}
		if err := r.writeUnrecorded(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

var provenanceColumns = strs("class", "profile_id", "attribute", "source", "record_key")

func (r *run) profileColumns() []lake.Column {
	out := append(strs("class", "profile_id"), lake.Column{Name: "known", Type: sqlgen.Boolean})
	for _, a := range r.space.attributes {
		out = append(out, lake.Column{Name: a.name, Type: a.typ})
	}
	return out
}

func attributeColumn(i int) string { return "a" + strconv.Itoa(i) }
func winnerColumn(g int) string    { return "w" + strconv.Itoa(g) }

// recordsOf is a query for the records of a class that belong to clusters from lo on, with their attributes.
func (r *run) recordsOf(c class, lo int) sqlgen.Query {
	var all []sqlgen.Query
	for _, i := range c.sources {
		src := r.space.sources[i]
		if src.RecordKind != Profile {
			continue
		}
		var cols []sqlgen.Query
		for n, a := range r.space.attributes {
			cols = append(cols, sqlgen.Format("{value} AS {a}", sqlgen.Args{"value": r.attributeOf(src, a), "a": sqlgen.Name(attributeColumn(n))}))
		}
		all = append(all, sqlgen.Format(
			`SELECT c.cluster, r.trusted, r.recent, {cols} FROM {source} s
			JOIN {all} r ON r.src = {src} AND r.key = s._key JOIN {assigned} c USING (rec) WHERE c.cluster >= {lo} AND c.cluster < {hi}`,
			sqlgen.Args{"cols": cols, "source": numbered("source", i), "all": table("records"), "src": i, "assigned": table("assigned"), "lo": lo, "hi": lo + chunk}))
	}
	if len(all) == 0 {
		return ""
	}
	return sqlgen.UnionAll(all...)
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

// order is by which the smallest number finds the record of a group, whose place among the trusted stands in the low 32 bits.
func (r *run) order(g group) sqlgen.Query {
	var values []sqlgen.Expr
	for _, i := range g.attributes {
		values = append(values, sqlgen.Col(attributeColumn(i)))
	}
	switch g.strategy {
	case MostRecent:
		return "recent * 4294967296 + trusted"
	case MostFrequent:
		return sqlgen.Format("(1073741824 - count(*) OVER (PARTITION BY cluster, {values})) * 4294967296 + trusted", sqlgen.Args{"values": values})
	case Longest:
		var texts []sqlgen.Expr
		for _, v := range values {
			texts = append(texts, sqlgen.Cast(v, sqlgen.String))
		}
		return sqlgen.Format("(1073741824 - length(concat({texts}))) * 4294967296 + trusted", sqlgen.Args{"texts": texts})
	default:
		return "trusted"
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

// writeChunk writes the profiles that have records in the class and were founded on the records from lo on.
func (r *run) writeChunk(ctx context.Context, c class, lo int) error {
	records := r.recordsOf(c, lo)
	if records == "" {
		return nil
	}
	args := sqlgen.Args{"best": table("best"), "made": r.best(records), "byClass": table("by_class"), "profiles": table("profiles"), "lookups": r.lookups()}
	if err := r.exec(ctx, "CREATE OR REPLACE TABLE {best} AS {made}", args); err != nil {
		return err
	}
	from := sqlgen.Format("{best} b JOIN {profiles} p USING (cluster) LEFT JOIN {byClass} s USING (cluster) {lookups}", args)
	if err := r.writeFrom(ctx, c, from, sqlgen.Lit(true), true); err != nil {
		return err
	}
	return r.drop(ctx, table("best"))
}

// writeUnrecorded writes the profiles that a class sees through identifiers only.
func (r *run) writeUnrecorded(ctx context.Context, c class) error {
	sources := []sqlgen.Expr{sqlgen.Lit(int64(-1))}
	for _, i := range c.sources {
		sources = append(sources, sqlgen.Lit(int64(i)))
	}
	from := sqlgen.Format(`(SELECT * FROM {byClass} WHERE cluster NOT IN (SELECT cluster FROM {assigned} JOIN {all} USING (rec) WHERE src IN ({sources}))) s
JOIN {profiles} p USING (cluster) {lookups}`, sqlgen.Args{
		"byClass": table("by_class"), "assigned": table("assigned"), "all": table("records"), "sources": sources, "profiles": table("profiles"),
		"lookups": r.lookups(),
	})
	return r.writeFrom(ctx, c, from, sqlgen.Col("s", "known"), false)
}

// writeFrom adds profiles and their provenance. from has the profile as p, what is seen of it as s and, if recorded, its surviving values as b.
func (r *run) writeFrom(ctx context.Context, c class, from sqlgen.Query, known sqlgen.Expr, recorded bool) error {
	var cols []sqlgen.Expr
	var origins []sqlgen.Query
	for g, group := range r.space.groups {
		for _, i := range group.attributes {
			value, origin := r.surviving(g, i, recorded)
			cols = append(cols, sqlgen.As(value, r.space.attributes[i].name))
			origins = append(origins, origin)
		}
	}
	args := sqlgen.Args{"class": c.name, "known": known, "cols": cols, "origins": origins, "from": from, "all": table("records"), "sources": table("source_names")}
	profiles := "SELECT {class} AS class, p.id AS profile_id, {known} AS known, {cols} FROM {from}"
	if len(cols) == 0 {
		profiles = "SELECT {class} AS class, p.id AS profile_id, {known} AS known FROM {from}"
	}
	if _, err := r.tx.Append(ctx, r.relation("profiles"), r.profileColumns(), sqlgen.Format(profiles, args)); err != nil || len(cols) == 0 {
		return err
	}
	_, err := r.tx.Append(ctx, r.relation("provenance"), provenanceColumns, sqlgen.Format(
		`SELECT {class} AS class, id AS profile_id, o.attribute, coalesce(n.name, m.name) AS source, r.key AS record_key
		FROM (SELECT id, unnest(origins) AS o FROM (SELECT p.id, [{origins}] AS origins FROM {from}))
		LEFT JOIN {all} r ON r.trusted = o.record LEFT JOIN {sources} n ON n.number = r.src LEFT JOIN {sources} m ON m.number = o.source
		WHERE o.record IS NOT NULL OR o.source IS NOT NULL`, args))
	return err
}

// surviving is the value of an attribute and where it comes from. An identifier that no record gives, and that moves with no other
// attribute, is the one that was seen last.
func (r *run) surviving(g, i int, recorded bool) (sqlgen.Expr, sqlgen.Query) {
	a := r.space.attributes[i]
	value, record, source := sqlgen.Cast(sqlgen.Lit(nil), a.typ), sqlgen.Lit(nil), sqlgen.Lit(nil)
	if recorded {
		value, record = sqlgen.Col("b", attributeColumn(i)), sqlgen.Col("b", winnerColumn(g))
	}
	if a.kind >= 0 && (!recorded || len(r.space.groups[g].attributes) == 1) {
		seen := sqlgen.Op("%", sqlgen.Col("s", seenColumn(a.kind)), sqlgen.Lit(int64(65536)))
		source = sqlgen.If(sqlgen.IsNull(value), seen, sqlgen.Lit(nil))
		value = sqlgen.Call("coalesce", value, seenValue(a.kind))
	}
	return value, sqlgen.Format("{'attribute': {name}, 'record': {record}::BIGINT, 'source': {source}::BIGINT}",
		sqlgen.Args{"name": a.name, "record": record, "source": source})
}
