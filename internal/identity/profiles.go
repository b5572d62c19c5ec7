package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// chunk is how many clusters are aggregated at once: the values that are held while the best are looked for do not spill.
const chunk = 400_000

// writeProfiles writes profiles, provenance and lists of values, for one class after the other.
func (r *run) writeProfiles(ctx context.Context) error {
	for _, rel := range []struct {
		name string
		cols []lake.Column
	}{{"profiles", r.profileColumns()}, {"provenance", provenanceColumns}, {"profile_values", listColumns}} {
		if _, err := r.forget(ctx, rel.name, rel.cols, ofTouchedProfile); err != nil {
			return err
		}
	}
	if err := r.stageAttributes(ctx); err != nil {
		return err
	}
	cut := make([]int64, len(r.space.groups))
	for _, c := range r.space.classes {
		if err := r.writeClass(ctx, c, cut); err != nil {
			return err
		}
	}
	for n, g := range r.space.groups {
		if g.list > 0 {
			r.output("cut/"+r.space.attributes[g.attributes[0]].name, cut[n])
		}
	}
	return r.drop(ctx, table("attributes"))
}

// writeClass writes what one class sees. To cut it adds, for each group, how many values its lists have no place for.
func (r *run) writeClass(ctx context.Context, c class, cut []int64) error {
	if err := r.stageClass(ctx, c); err != nil {
		return err
	}
	for lo := 0; lo < r.records; lo += chunk {
		records := r.recordsOf(c, lo)
		if err := r.writeChunk(ctx, c, records); err != nil {
			return err
		}
		if err := r.writeLists(ctx, c, records, cut); err != nil {
			return err
		}
	}
	if err := r.writeUnrecorded(ctx, c); err != nil {
		return err
	}
	return r.writeSeenLists(ctx, c)
}

// emptyOf is a query that has columns and no rows.
func emptyOf(cols []lake.Column) sqlgen.Query {
	var empty []sqlgen.Expr
	for _, c := range cols {
		empty = append(empty, sqlgen.As(sqlgen.Cast(sqlgen.Lit(nil), c.Type), c.Name))
	}
	return sqlgen.Format("SELECT {cols} WHERE false", sqlgen.Args{"cols": empty})
}

var provenanceColumns = strs("class", "profile_id", "attribute", "source", "record_key")

func (r *run) profileColumns() []lake.Column {
	out := append(strs("class", "profile_id"), lake.Column{Name: "known", Type: sqlgen.Boolean})
	for _, a := range r.space.attributes {
		out = append(out, lake.Column{Name: a.name, Type: a.typ})
	}
	return out
}

// writeChunk writes the profiles of records.
func (r *run) writeChunk(ctx context.Context, c class, records sqlgen.Query) error {
	args := sqlgen.Args{"best": table("best"), "made": r.best(records), "byClass": table("by_class"), "profiles": table("profiles")}
	if err := r.exec(ctx, "CREATE OR REPLACE TABLE {best} AS {made}", args); err != nil {
		return err
	}
	from := sqlgen.Format("{best} b JOIN {profiles} p USING (cluster) LEFT JOIN {byClass} s USING (cluster)", args)
	if err := r.writeFrom(ctx, c, from, sqlgen.Lit(true), true); err != nil {
		return err
	}
	return r.drop(ctx, table("best"))
}

// writeUnrecorded writes the profiles that a class sees through identifiers only.
func (r *run) writeUnrecorded(ctx context.Context, c class) error {
	from := sqlgen.Format(`(SELECT * FROM {byClass} WHERE cluster NOT IN (SELECT cluster FROM {attributes} WHERE src IN ({sources}))) s
JOIN {profiles} p USING (cluster)`, sqlgen.Args{
		"byClass": table("by_class"), "attributes": table("attributes"), "sources": numbers(c.sources), "profiles": table("profiles"),
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
		FROM (SELECT id, unnest(origins) AS o FROM (SELECT p.id::VARCHAR AS id, [{origins}] AS origins FROM {from}))
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
		value = sqlgen.Call("coalesce", value, sqlgen.Col("s", seenText(a.kind)))
	}
	return value, sqlgen.Format("{'attribute': {name}, 'record': {record}::BIGINT, 'source': {source}::BIGINT}",
		sqlgen.Args{"name": a.name, "record": record, "source": source})
}
