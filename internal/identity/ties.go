package identity

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// What leads from one node to another beside the components of the base.
const (
	// Records that somebody has decided about.
	tiedByDecision = `SELECT {first} AS a, {second} AS b, true AS mutual FROM ({decisions})`

	// Values that a guard has barred and does not any more: the base has them in no component.
	createFreed = `CREATE OR REPLACE TABLE {freed} AS
SELECT k.name AS kind, w.value FROM {was} w JOIN {kinds} k ON k.number = w.kind WHERE (w.kind, w.value) NOT IN (SELECT (kind, value) FROM {barred})`
	tiedByFreed = `SELECT {record} AS a, {value} AS b, true AS mutual FROM {source} s WHERE ({v} IN (SELECT value FROM {freed} WHERE kind = {kind})) IS TRUE`
	// A barred value leads from whoever carries it to what is said with it, and not back. Back it leads where something is said of all who carry it.
	tiedByBarred = `SELECT unnest([{record}, {carriers}]) AS a, unnest([{weak}, {record}]) AS b, false AS mutual
FROM {source} s WHERE ({v} IN (SELECT b.value FROM {barred} b WHERE b.kind = {number})) IS TRUE`

	// Values that identify nobody.
	createNobody = `CREATE OR REPLACE TABLE {nobody} AS SELECT {value} AS node FROM (
	SELECT e.identifier AS kind, e.value FROM {events} e WHERE e.guard IN ({blocking})
		AND (e.identifier, e.value) NOT IN (SELECT (k.name, v.value) FROM {verdicts} v JOIN {kinds} k ON k.number = v.kind)
	UNION SELECT k.name, v.value FROM {verdicts} v JOIN {kinds} k ON k.number = v.kind WHERE v.blocked AND v.vid NOT IN (SELECT vid FROM {reasons})
	UNION SELECT k.name, b.value FROM {barred} b JOIN {kinds} k ON k.number = b.kind
) t(kind, value)`
	// What a row says ties its values to the first of them. The components have that, but for values that are free again, and for what is said of consent
	// with values that identify nobody.
	tiedByRows = `SELECT DISTINCT a, b, true AS mutual FROM (
	SELECT nodes[1] AS a, unnest(nodes[2:]) AS b FROM (SELECT {nodes} AS nodes FROM {source} s WHERE {some}) WHERE len(nodes) > 1
)`
	// What is said by an anonymous id is said with the value beside it once the id stands for nobody.
	tiedByVisitors = `SELECT DISTINCT a, b, false AS mutual FROM (SELECT {visitor} AS a, unnest([{carriers}]) AS b FROM {source} s WHERE coalesce({persons}) IS NULL)
WHERE a IS NOT NULL AND b IS NOT NULL`
)

// tie makes the table of what leads from one node to another.
func (r *run) tie(ctx context.Context) error {
	col := func(name string) sqlgen.Expr { return sqlgen.Col(name) }
	args := r.verdictArgs()
	args["blocking"] = []sqlgen.Expr{sqlgen.Lit(guardBlocked), sqlgen.Lit(guardAutomatic)}
	args["freed"], args["nobody"], args["value"] = table("freed"), table("nobody"), node(valueNode, col("kind"), col("value"))
	for _, q := range []string{createFreed, createNobody} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	var freed, barred int
	if err := r.env.DB.Row(ctx, sqlgen.Format("SELECT (SELECT count(*) FROM {freed}), (SELECT count(*) FROM {barred})", args), &freed, &barred); err != nil {
		return err
	}
	ties := []sqlgen.Query{"SELECT 0::BIGINT AS a, 0::BIGINT AS b, true AS mutual WHERE false"}
	if src := r.cfg.Overrides; src != nil {
		args["first"], args["second"] = node(recordNode, col("first_source"), col("first_key")), node(recordNode, col("second_source"), col("second_key"))
		args["decisions"] = sqlgen.UnionAll(decisionsOf(*src, table("override_source")), decisionsOf(*src, table("changed_overrides")))
		ties = append(ties, sqlgen.Format(tiedByDecision, args))
	}
	consent := slices.ContainsFunc(r.space.sources, func(src Source) bool { return src.RecordKind == Consent })
	for i, src := range r.space.sources {
		if src.RecordKind == Profile {
			ties = append(ties, r.tiedRecords(i, src, freed > 0, barred > 0 && consent)...)
		} else {
			ties = append(ties, r.tiedRows(i, src, freed > 0)...)
		}
	}
	return r.exec(ctx, "CREATE OR REPLACE TABLE {ties} AS {all}", sqlgen.Args{"ties": table("ties"), "all": sqlgen.UnionAll(ties...)})
}

// tiedRecords are queries for what leads from records of a source, and to them.
func (r *run) tiedRecords(i int, src Source, freed, barred bool) (ties []sqlgen.Query) {
	for _, c := range r.space.identifiersOf(src) {
		kind, v := r.space.kinds[c.kind], identifierText(c)
		args := sqlgen.Args{
			"source": numbered("source", i), "v": v, "kind": kind, "number": c.kind, "freed": table("freed"), "barred": table("base_barred"),
			"record": node(recordNode, src.Name, sqlgen.Col("s", "_key")), "value": node(valueNode, kind, v), "weak": node(weakNode, kind, v),
			"carriers": node(carriersNode, kind, v),
		}
		if freed {
			ties = append(ties, sqlgen.Format(tiedByFreed, args))
		}
		if barred {
			ties = append(ties, sqlgen.Format(tiedByBarred, args))
		}
	}
	return ties
}

// tiedRows are queries for what rows of a source tie together.
func (r *run) tiedRows(i int, src Source, freed bool) (ties []sqlgen.Query) {
	columns := r.space.identifiersOf(src)
	if len(columns) < 2 {
		return nil
	}
	nodes := r.rowNodes(src)
	args := sqlgen.Args{
		"source": numbered("source", i), "nodes": nodes.list(src.RecordKind), "visitor": nodes.visitor, "carriers": nodes.carriers, "persons": nodes.persons, "freed": table("freed"),
	}
	var some []sqlgen.Query
	if src.RecordKind == Consent {
		some = append(some, sqlgen.Format("coalesce({persons}) IS NULL", args))
		ties = append(ties, sqlgen.Format(tiedByVisitors, args))
	}
	for _, c := range columns {
		if freed {
			some = append(some, sqlgen.Format("{v} IN (SELECT f.value FROM {freed} f WHERE f.kind = {kind})",
				sqlgen.Args{"v": identifierText(c), "freed": table("freed"), "kind": r.space.kinds[c.kind]}))
		}
	}
	if len(some) == 0 {
		return ties
	}
	args["some"] = anyOf(some)
	return append(ties, sqlgen.Format(tiedByRows, args))
}

// rowNodes are the nodes that a row s of an event, a transaction or a consent may be about, each NULL where it is not.
type rowNodes struct {
	strong  []sqlgen.Query // values that identify somebody
	persons []sqlgen.Query // those of them that are no anonymous ids
	weak    []sqlgen.Query // values that identify nobody
	// carriers of these, and the anonymous id
	carriers []sqlgen.Query
	visitor  sqlgen.Query
}

func (r *run) rowNodes(src Source) rowNodes {
	out := rowNodes{visitor: "NULL"}
	for _, c := range r.space.identifiersOf(src) {
		kind, v := r.space.kinds[c.kind], identifierText(c)
		args := sqlgen.Args{"v": v, "value": node(valueNode, kind, v), "weak": node(weakNode, kind, v), "nobody": table("nobody")}
		strong := sqlgen.Format("CASE WHEN {v} IS NOT NULL AND {value} NOT IN (SELECT node FROM {nobody}) THEN {value} END", args)
		out.strong = append(out.strong, strong)
		if kind == AnonymousID {
			out.visitor = strong
		} else {
			out.persons = append(out.persons, strong)
		}
		const nobody = "CASE WHEN {v} IS NOT NULL AND {value} IN (SELECT node FROM {nobody}) THEN {weak} END"
		out.weak = append(out.weak, sqlgen.Format(nobody, args))
		args["weak"] = node(carriersNode, kind, v)
		out.carriers = append(out.carriers, sqlgen.Format(nobody, args))
	}
	out.persons = append(out.persons, "NULL")
	return out
}

// list of the nodes that a row is about: in a consent that has nothing but an anonymous id to identify somebody, what identifies nobody counts too.
func (n rowNodes) list(kind RecordKind) sqlgen.Query {
	args := sqlgen.Args{"strong": n.strong, "weak": n.weak, "persons": n.persons}
	list := "[{strong}]"
	if kind == Consent {
		list = "CASE WHEN coalesce({persons}) IS NULL THEN [{strong}, {weak}] ELSE [{strong}] END"
	}
	return sqlgen.Format("list_filter("+list+", lambda x: x IS NOT NULL)", args)
}

// touched is a condition: whether one of these nodes is in the part.
func (n rowNodes) touched(kind RecordKind) sqlgen.Query {
	in := func(nodes []sqlgen.Query) sqlgen.Query {
		var there []sqlgen.Query
		for _, x := range nodes {
			there = append(there, touched("{x} IN (SELECT node FROM {nodes})", sqlgen.Args{"x": x}))
		}
		return anyOf(there)
	}
	if kind != Consent {
		return in(n.strong)
	}
	return sqlgen.Format("({strong} OR coalesce({persons}) IS NULL AND {weak})", sqlgen.Args{"strong": in(n.strong), "persons": n.persons, "weak": in(n.weak)})
}

// seedDecided begins with the records of decisions that are new or gone.
func (r *run) seedDecided(ctx context.Context) error {
	src := r.cfg.Overrides
	if src == nil {
		return nil
	}
	if err := r.openSource(ctx, table("override_source"), *src); err != nil {
		return err
	}
	args := sqlgen.Args{"changes": decisionsOf(*src, table("changed_overrides")), "record": node(recordNode, sqlgen.Col("source"), sqlgen.Col("record_key"))}
	for _, q := range []string{seedDecisions, seedDecidedNodes} {
		if err := r.env.DB.Exec(ctx, touched(q, args)); err != nil {
			return err
		}
	}
	return nil
}

const (
	seedDecisions    = `INSERT INTO {records} SELECT first_source, first_key FROM ({changes}) UNION SELECT second_source, second_key FROM ({changes})`
	seedDecidedNodes = `INSERT INTO {nodes} SELECT DISTINCT {record}, 0 FROM {records}`
)
