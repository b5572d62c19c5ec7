package identity

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var listColumns = slices.Concat(strs("class", "profile_id", "attribute"), []lake.Column{{Name: "place", Type: sqlgen.Integer}},
	strs("value", "source", "record_key"))

// The different values of an attribute in each cluster, in the order of their best records: the first is the surviving one.
const listOf = `SELECT cluster, {number} AS number, {attribute} AS attribute, value::VARCHAR AS value, best % 4294967296 AS record,
	row_number() OVER (PARTITION BY cluster ORDER BY best) AS place
FROM (SELECT cluster, {a} AS value, min(ordered) AS best FROM (SELECT cluster, {a}, {order} AS ordered FROM ({records})) WHERE {a} IS NOT NULL GROUP BY cluster, {a})`

const writeListed = `SELECT {class} AS class, p.id AS profile_id, l.attribute, l.place, l.value, n.name AS source, r.key AS record_key
FROM {listed} l JOIN ({lengths}) g ON g.number = l.number AND l.place <= g.list JOIN {profiles} p USING (cluster)
JOIN {all} r ON r.trusted = l.record JOIN {sources} n ON n.number = r.src`

// writeLists writes the values of records in groups that keep a list. To cut it adds, for each group, how many are left out.
func (r *run) writeLists(ctx context.Context, c class, records sqlgen.Query, cut []int64) error {
	var made, lengths []sqlgen.Query
	for n, g := range r.space.groups {
		if g.list == 0 {
			continue
		}
		a := g.attributes[0]
		made = append(made, sqlgen.Format(listOf, sqlgen.Args{
			"number": n, "attribute": r.space.attributes[a].name, "a": sqlgen.Name(attributeColumn(a)), "order": r.order(g), "records": records,
		}))
		lengths = append(lengths, sqlgen.Format("SELECT {number} AS number, {list} AS list", sqlgen.Args{"number": n, "list": g.list}))
	}
	if len(made) == 0 {
		return nil
	}
	args := sqlgen.Args{
		"listed": table("listed"), "made": sqlgen.UnionAll(made...), "lengths": sqlgen.UnionAll(lengths...), "class": c.name,
		"profiles": table("profiles"), "all": table("records"), "sources": table("source_names"),
	}
	if err := r.exec(ctx, "CREATE OR REPLACE TABLE {listed} AS {made}", args); err != nil {
		return err
	}
	q := sqlgen.Format("SELECT number, count(*) FROM {listed} JOIN ({lengths}) USING (number) WHERE place > list GROUP BY number", args)
	err := r.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var number int
		var n int64
		if err := scan(&number, &n); err != nil {
			return err
		}
		cut[number] += n
		return nil
	})
	if err != nil {
		return err
	}
	if _, err := r.tx.Append(ctx, r.relation("profile_values"), listColumns, sqlgen.Format(writeListed, args)); err != nil {
		return err
	}
	return r.drop(ctx, table("listed"))
}

// An identifier that no record of the class gives, but that was seen in other rows.
const seenList = `SELECT {class} AS class, p.id AS profile_id, {attribute} AS attribute, 1 AS place, s.{text} AS value, n.name AS source, NULL AS record_key
FROM {byClass} s JOIN {profiles} p USING (cluster) JOIN {sources} n ON n.number = s.{seen} % 65536
WHERE s.cluster NOT IN (SELECT cluster FROM {attributes} WHERE src IN ({of}) AND {a} IS NOT NULL)`

// writeSeenLists writes the lists whose one value survives from what was seen last.
func (r *run) writeSeenLists(ctx context.Context, c class) error {
	var all []sqlgen.Query
	for _, g := range r.space.groups {
		a := g.attributes[0]
		kind := r.space.attributes[a].kind
		if g.list == 0 || kind < 0 {
			continue
		}
		all = append(all, sqlgen.Format(seenList, sqlgen.Args{
			"class": c.name, "attribute": r.space.attributes[a].name, "text": sqlgen.Name(seenText(kind)), "seen": sqlgen.Name(seenColumn(kind)),
			"byClass": table("by_class"), "profiles": table("profiles"), "sources": table("source_names"), "attributes": table("attributes"),
			"of": numbers(c.sources), "a": sqlgen.Name(attributeColumn(a)),
		}))
	}
	if len(all) == 0 {
		return nil
	}
	_, err := r.tx.Append(ctx, r.relation("profile_values"), listColumns, sqlgen.UnionAll(all...))
	return err
}
