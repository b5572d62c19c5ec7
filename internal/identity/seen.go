package identity

import (
	"context"
	"strconv"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// What a class sees of each cluster through identifiers: whether one is more than anonymous and, of each kind, the value that was seen last,
// with its source in the low 16 bits. Records bring their own values, unless the value belongs to no record's profile.
const seenByClass = `CREATE OR REPLACE TABLE {byClass} AS
SELECT {texts} FROM (
	SELECT m.cluster, bool_or(NOT {anonymous}) AS known, {kinds}
	FROM {seen} s JOIN {map} m USING (vid) WHERE s.src IN ({sources}) AND (s.src NOT IN ({people}) OR m.cluster >= {records})
	GROUP BY m.cluster
) k {lookups}`

const lastOfKind = `arg_max(s.vid::BIGINT * 65536 + s.src,
	(coalesce(epoch_us(s.happened), -4611686018427387904)::HUGEINT * 4294967296 - s.vid) * 65536 - s.src) FILTER (WHERE {of}) AS {k}`

// seenColumn is where the number and the source of the last value of a kind stand, and seenText where its text does.
func seenColumn(kind int) string { return "k" + strconv.Itoa(kind) }
func seenText(kind int) string   { return "t" + strconv.Itoa(kind) }

// stageClass makes the table of what a class sees through identifiers.
func (r *run) stageClass(ctx context.Context, c class) error {
	var people []int
	for _, i := range c.sources {
		if r.space.sources[i].RecordKind == Profile {
			people = append(people, i)
		}
	}
	kinds, texts, lookups := []sqlgen.Query{"count(*) AS n"}, []sqlgen.Query{"k.*"}, []sqlgen.Query{}
	for k := range r.space.identifiers {
		x := "x" + strconv.Itoa(k)
		args := sqlgen.Args{
			"of": within(sqlgen.Col("s", "vid"), r.values[k]), "ofKind": within(sqlgen.Col("vid"), r.values[k]), "k": sqlgen.Name(seenColumn(k)), "x": sqlgen.Name(x),
			"values": table("values"), "text": sqlgen.As(sqlgen.Col(x, "value"), seenText(k)),
		}
		kinds = append(kinds, sqlgen.Format(lastOfKind, args))
		texts = append(texts, sqlgen.Format("{text}", args))
		lookups = append(lookups, sqlgen.Format("LEFT JOIN (SELECT vid, value FROM {values} WHERE {ofKind}) {x} ON {x}.vid = k.{k} // 65536", args))
	}
	return r.exec(ctx, seenByClass, sqlgen.Args{
		"byClass": table("by_class"), "anonymous": r.isAnonymous(sqlgen.Col("s", "vid")), "kinds": kinds, "texts": texts, "seen": table("seen"),
		"map": table("map"), "sources": numbers(c.sources), "people": numbers(people), "records": r.records, "lookups": sqlgen.Lines(lookups...),
	})
}
