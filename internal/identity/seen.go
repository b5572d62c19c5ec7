package identity

import (
	"context"
	"strconv"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// What a class sees of each cluster through identifiers: whether one is more than anonymous and, of each kind, the value that was seen last,
// with its source in the low 16 bits. Records bring their own values, unless the value belongs to no record's profile.
const seenByClass = `CREATE OR REPLACE TABLE {byClass} AS
SELECT m.cluster, bool_or(NOT {anonymous}) AS known, {kinds}
FROM {seen} s JOIN {map} m USING (vid) WHERE s.src IN ({sources}) AND (s.src NOT IN ({people}) OR m.cluster >= {records})
GROUP BY m.cluster`

const lastOfKind = `arg_max(s.vid::BIGINT * 65536 + s.src,
	(coalesce(epoch_us(s.happened), -4611686018427387904)::HUGEINT * 4294967296 - s.vid) * 65536 - s.src) FILTER (WHERE {of}) AS {k}`

// seenColumn is where the last value of a kind stands.
func seenColumn(kind int) string { return "k" + strconv.Itoa(kind) }

// stageClass makes the table of what a class sees through identifiers.
func (r *run) stageClass(ctx context.Context, c class) error {
	sources, people := []sqlgen.Expr{sqlgen.Lit(int64(-1))}, []sqlgen.Expr{sqlgen.Lit(int64(-1))}
	for _, i := range c.sources {
		sources = append(sources, sqlgen.Lit(int64(i)))
		if r.space.sources[i].RecordKind == Profile {
			people = append(people, sqlgen.Lit(int64(i)))
		}
	}
	kinds := []sqlgen.Query{"count(*) AS n"}
	for k := range r.space.identifiers {
		kinds = append(kinds, sqlgen.Format(lastOfKind, sqlgen.Args{"of": within(sqlgen.Col("s", "vid"), r.values[k]), "k": sqlgen.Name(seenColumn(k))}))
	}
	return r.exec(ctx, seenByClass, sqlgen.Args{
		"byClass": table("by_class"), "anonymous": r.isAnonymous(sqlgen.Col("s", "vid")), "kinds": kinds, "seen": table("seen"), "map": table("map"),
		"sources": sources, "people": people, "records": r.records,
	})
}

// seenValue is the text of the value of a kind that stands in by_class as s, given that lookups joins its name.
func seenValue(kind int) sqlgen.Expr { return sqlgen.Col("x"+strconv.Itoa(kind), "value") }

// lookups joins the texts of what stands in by_class as s.
func (r *run) lookups() sqlgen.Query {
	var out []sqlgen.Query
	for k := range r.space.identifiers {
		out = append(out, sqlgen.Format("LEFT JOIN {values} {x} ON {x}.vid = s.{k} // 65536",
			sqlgen.Args{"values": table("values"), "x": sqlgen.Name("x" + strconv.Itoa(k)), "k": sqlgen.Name(seenColumn(k))}))
	}
	return sqlgen.Lines(out...)
}
