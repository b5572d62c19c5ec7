package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Components are what a change can spread within: profiles with their records and values, and whatever else records or rows bring together, although it ended in
// several profiles. A later run finds by them what the rows that changed can have an effect on. Like clusters they are numbered after their first record, or
// after records + their first value.

var componentColumns = []lake.Column{{Name: "node", Type: sqlgen.Integer}, {Name: "component", Type: sqlgen.Integer}}

// What a value stands for among the numbers of components: its profile, or, where it has none, itself.
const standsFor = "coalesce({m}.cluster, {records} + {vid})"

const (
	// Values that records of several profiles carry, and anonymous ids.
	boundByRecords = `SELECT a.cluster AS a, {stands} AS b FROM {carries} c JOIN {assigned} a USING (rec) LEFT JOIN {map} m USING (vid)
WHERE c.vid IN (SELECT vid FROM {carried} WHERE lo < hi OR {anonymous})`
	// Pairs that probably match, and are apart.
	boundByLinks = `SELECT x.cluster, y.cluster FROM {links} l JOIN {assigned} x ON x.rec = l.a JOIN {assigned} y ON y.rec = l.b`
	// The values of a row, each with the one before it.
	boundByRows = `SELECT unnest(nodes[1:-2]), unnest(nodes[2:]) FROM (
	SELECT list_distinct(list_filter([{stands}], lambda x: x IS NOT NULL)) AS nodes FROM {tuples} t {joins}
) WHERE len(nodes) > 1`
	createBonds = `CREATE OR REPLACE TABLE {bonds} AS SELECT DISTINCT a, b FROM ({all}) t(a, b) WHERE a <> b`
)

// bind finds the clusters and values that are of one component without being of one profile.
func (r *run) bind(ctx context.Context) error {
	args := sqlgen.Args{
		"carries": table("carries"), "assigned": table("assigned"), "map": table("map"), "carried": table("carried"), "links": table("links"), "bonds": table("bonds"),
		"records": r.records, "anonymous": r.isAnonymous(sqlgen.Col("vid")),
	}
	stands := func(m string, vid sqlgen.Expr) sqlgen.Query {
		return sqlgen.Format(standsFor, sqlgen.Args{"m": sqlgen.Name(m), "vid": vid, "records": r.records})
	}
	args["stands"] = stands("m", sqlgen.Col("c", "vid"))
	all := []sqlgen.Query{sqlgen.Format(boundByRecords, args)}
	if r.cfg.Probabilistic != nil {
		all = append(all, sqlgen.Format(boundByLinks, args))
	}
	for i, src := range r.space.sources {
		columns := r.space.columns(src)
		if src.RecordKind == Profile || len(columns) < 2 {
			continue
		}
		var nodes, joins []sqlgen.Query
		for j := range columns {
			m, v := "m"+sqlgen.DuckDB.Literal(j), sqlgen.Col("t", valueColumn(j))
			nodes = append(nodes, stands(m, v))
			joins = append(joins, sqlgen.Format("LEFT JOIN {map} {m} ON {m}.vid = {v}", sqlgen.Args{"map": table("map"), "m": sqlgen.Name(m), "v": v}))
		}
		args["stands"], args["tuples"], args["joins"] = nodes, numbered("tuples", i), sqlgen.Lines(joins...)
		all = append(all, sqlgen.Format(boundByRows, args))
	}
	args["all"] = sqlgen.UnionAll(all...)
	if err := r.exec(ctx, createBonds, args); err != nil {
		return err
	}
	for i := range r.space.sources {
		if err := r.drop(ctx, numbered("tuples", i)); err != nil {
			return err
		}
	}
	return nil
}

// bonds is a union-find over the few numbers that are bound at all; the smallest of a set stands for it.
type bonds map[int32]int32

func (b bonds) find(x int32) int32 {
	for {
		to, bound := b[x]
		if !bound {
			return x
		}
		if further, ok := b[to]; ok {
			b[x] = further
		}
		x = to
	}
}

func (b bonds) union(x, y int32) {
	if x, y = b.find(x), b.find(y); x != y {
		b[max(x, y)] = min(x, y)
	}
}

// What each record and each value that identifies somebody belongs to. A component is called after the node that has its number.
const componentRows = `WITH nodes AS MATERIALIZED (
	SELECT {record} AS node, r.rec AS number, coalesce(b.component, a.cluster) AS component FROM {all} r JOIN {sources} s ON s.number = r.src
		JOIN {assigned} a USING (rec) LEFT JOIN {bound} b ON b.node = a.cluster
	UNION ALL SELECT {value}, {records} + vid, coalesce(b.component, n.number) FROM (
		SELECT vid, kind, value, coalesce(cluster, {records} + vid) AS number FROM {values} LEFT JOIN {map} USING (vid) WHERE NOT blocked AND vid < {end}
	) n JOIN {kinds} k ON k.number = n.kind LEFT JOIN {bound} b ON b.node = n.number
)
SELECT n.node, f.node AS component FROM nodes n JOIN nodes f ON f.number = n.component`

// writeComponents writes them, by the hashes of what they consist of.
func (r *run) writeComponents(ctx context.Context) error {
	sets := bonds{}
	if err := r.pairs(ctx, sqlgen.Format("SELECT a, b FROM {bonds}", sqlgen.Args{"bonds": table("bonds")}), sets.union); err != nil {
		return err
	}
	if err := r.exec(ctx, "CREATE OR REPLACE TABLE {bound} (node INTEGER, component INTEGER)", sqlgen.Args{"bound": table("bound")}); err != nil {
		return err
	}
	err := r.appendRows(ctx, "bound", func(row func(...any) error) error {
		for x := range sets {
			if err := row(int(x), int(sets.find(x))); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	args := r.stableArgs()
	args["bound"], args["end"] = table("bound"), r.identifierEnd()
	args["record"], args["value"] = node(recordNode, sqlgen.Col("s", "name"), sqlgen.Col("r", "key")), node(valueNode, sqlgen.Col("k", "name"), sqlgen.Col("n", "value"))
	if _, err := r.write(ctx, "components", componentColumns, ofTouchedComponent, sqlgen.Format(componentRows, args)); err != nil {
		return err
	}
	return r.drop(ctx, table("bonds"), table("bound"))
}
