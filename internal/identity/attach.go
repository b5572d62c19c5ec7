package identity

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// Which profiles the records that carry a value ended in: the value stands for a profile where lo = hi, and for none where
// several share it.
const carried = `CREATE OR REPLACE TABLE {carried} AS
SELECT vid, min(cluster) AS lo, max(cluster) AS hi FROM {carries} JOIN {assigned} USING (rec) WHERE vid < {end} GROUP BY vid`

const mapCarried = `CREATE OR REPLACE TABLE {map} AS SELECT vid, lo AS cluster FROM {carried} WHERE lo = hi AND NOT {anonymous}`

// attach maps identifiers of persons to clusters: those that records carry to the records' cluster; those that none carries, where events
// name nobody better, to clusters of their own.
func (r *run) attach(ctx context.Context) error {
	args := sqlgen.Args{
		"carried": table("carried"), "carries": table("carries"), "assigned": table("assigned"), "end": r.identifierEnd(),
		"map": table("map"), "anonymous": r.isAnonymous(sqlgen.Col("vid")),
	}
	for _, q := range []string{carried, mapCarried} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return r.attachFree(ctx)
}

// isAnonymous says that a value's number is of the anonymous kind.
func (r *run) isAnonymous(vid sqlgen.Expr) sqlgen.Expr {
	if k := r.space.anonymous(); k >= 0 {
		return within(vid, r.values[k])
	}
	return sqlgen.Lit(false)
}

// Combinations in which no identifier stands for a profile. Of each the identifiers that no record carries are left; the ambiguous ones are not.
const freeOf = `SELECT DISTINCT list_sort(list_distinct(list_filter([{free}], lambda x: x IS NOT NULL))) AS vids
FROM {tuples} t {joins} WHERE NOT {named} AND {some}`

const (
	freeValues = `CREATE OR REPLACE TABLE {own} AS
SELECT (row_number() OVER (ORDER BY vid) - 1)::INTEGER AS node, vid FROM (SELECT DISTINCT unnest(vids) AS vid FROM {free})`
	freeKeys = `CREATE OR REPLACE TABLE {keys} AS
SELECT (row_number() OVER (ORDER BY vids) - 1)::INTEGER AS key, vids FROM (SELECT DISTINCT vids FROM {free} WHERE len(vids) > 1)`
	freeStars = `CREATE OR REPLACE TABLE {stars} AS
SELECT key, node AS rec FROM (SELECT key, unnest(vids) AS vid FROM {keys}) JOIN {own} USING (vid)`
	mapFree = `INSERT INTO {map}
SELECT o.vid, {records} + coalesce(f.vid, o.vid) FROM {own} o LEFT JOIN {joined} j USING (node) LEFT JOIN {own} f ON f.node = j.founder`
)

// attachFree makes clusters of identifiers that no Profile record carries. The keys and stars of rule 0 are theirs.
func (r *run) attachFree(ctx context.Context) error {
	all := []sqlgen.Query{"SELECT NULL::INTEGER[] AS vids WHERE false"}
	for i, src := range r.space.sources {
		if src.RecordKind == Profile {
			continue
		}
		if q, ok := r.freeIn(i, src); ok {
			all = append(all, q)
		}
	}
	args := sqlgen.Args{
		"free": table("free"), "own": table("own"), "keys": numbered("keys", 0), "stars": numbered("stars", 0), "joined": table("joined"),
		"map": table("map"), "records": r.records, "all": sqlgen.UnionAll(all...),
	}
	for _, q := range []string{
		"CREATE OR REPLACE TABLE {free} AS SELECT vids FROM ({all}) WHERE len(vids) > 0", freeValues, freeKeys, freeStars,
		"CREATE OR REPLACE TABLE {joined} (node INTEGER, founder INTEGER)",
	} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	if err := r.joinFree(ctx); err != nil {
		return err
	}
	if err := r.exec(ctx, mapFree, args); err != nil {
		return err
	}
	return r.drop(ctx, table("free"), table("joined"))
}

// freeIn is the query for the free combinations of a source, and whether it can have any.
func (r *run) freeIn(i int, src Source) (sqlgen.Query, bool) {
	var free, named, some []sqlgen.Expr
	var joins []sqlgen.Query
	for j, c := range r.space.columns(src) {
		if c.kind == r.space.anonymous() {
			continue
		}
		alias, v := "c"+sqlgen.DuckDB.Literal(j), sqlgen.Col("t", valueColumn(j))
		joins = append(joins, sqlgen.Format("LEFT JOIN {carried} {alias} ON {alias}.vid = {v}",
			sqlgen.Args{"carried": table("carried"), "alias": sqlgen.Name(alias), "v": v}))
		free = append(free, sqlgen.If(sqlgen.IsNull(sqlgen.Col(alias, "vid")), v, sqlgen.Lit(nil)))
		some = append(some, sqlgen.And(sqlgen.NotNull(v), sqlgen.IsNull(sqlgen.Col(alias, "vid"))))
		named = append(named, sqlgen.IsTrue(sqlgen.Op("=", sqlgen.Col(alias, "lo"), sqlgen.Col(alias, "hi"))))
	}
	return sqlgen.Format(freeOf, sqlgen.Args{
		"free": free, "tuples": numbered("tuples", i), "joins": sqlgen.Lines(joins...), "named": sqlgen.Or(named...), "some": sqlgen.Or(some...),
	}), len(free) > 0
}

// joinFree clusters free identifiers that occur together, under the guards.
func (r *run) joinFree(ctx context.Context) error {
	s, err := r.readStars(ctx, numbered("stars", 0))
	if err != nil || len(s.keys) == 0 {
		return err
	}
	n, err := r.number(ctx, "SELECT count(*) FROM {own}", sqlgen.Args{"own": table("own")})
	if err != nil {
		return err
	}
	guards := slices.DeleteFunc(r.guards(), func(g guard) bool { return g.kind == ofSize }) // it counts records, and there are none here
	var nodes, values []int32
	if len(guards) > 0 {
		q := sqlgen.Format("SELECT node, vid FROM {own} WHERE {guarded} ORDER BY node", sqlgen.Args{"own": table("own"), "guarded": withinGuards(guards)})
		if err := r.pairs(ctx, q, func(node, vid int32) { nodes, values = append(nodes, node), append(values, vid) }); err != nil {
			return err
		}
	}
	g := newGraph(int(n), guards, nodes, values)
	_, refused := g.apply(s)
	refusals, err := r.env.DB.Appender(ctx, "identity_refused")
	if err != nil {
		return err
	}
	if err := writeRefusals(refusals, 0, guards, refused); err != nil {
		return closing(refusals, err)
	}
	if err := refusals.Close(); err != nil {
		return err
	}
	to, err := r.env.DB.Appender(ctx, "identity_joined")
	if err != nil {
		return err
	}
	for node, founder := range g.founders() {
		if int(founder) == node {
			continue
		}
		if err := to.Append(node, int(founder)); err != nil {
			return closing(to, err)
		}
	}
	return to.Close()
}

// The profiles that each anonymous id occurred with.
const company = `CREATE OR REPLACE TABLE {company} AS
SELECT vid, min(cluster) AS lo, max(cluster) AS hi FROM ({all}) GROUP BY vid`

// linked are the anonymous ids that belong to one profile. Where a guard bounds how many a profile can have, the first ones by text are taken.
const linked = `CREATE OR REPLACE TABLE {linked} AS
SELECT vid, lo AS cluster, row_number() OVER (PARTITION BY lo ORDER BY vid) <= {allowed} AS taken FROM {company} WHERE lo = hi AND {link}`

// The others are profiles of their own unless their time is over.
const mapAnonymous = `INSERT INTO {map}
SELECT s.vid, coalesce(l.cluster, {records} + s.vid)
FROM (SELECT vid, max(happened) AS happened FROM {seen} WHERE {anonymous} GROUP BY vid) s LEFT JOIN {linked} l ON l.vid = s.vid AND l.taken
WHERE l.vid IS NOT NULL OR s.happened IS NULL OR {current}`

// attachAnonymous maps anonymous ids, after everything else.
func (r *run) attachAnonymous(ctx context.Context) error {
	all := []sqlgen.Query{sqlgen.Format("SELECT vid, cluster FROM {carries} JOIN {assigned} USING (rec) WHERE {anonymous}",
		sqlgen.Args{"carries": table("carries"), "assigned": table("assigned"), "anonymous": r.isAnonymous(sqlgen.Col("vid"))})}
	for i, src := range r.space.sources {
		if src.RecordKind != Profile {
			all = append(all, r.companyIn(i, src)...)
		}
	}
	allowed, current := int64(1)<<62, sqlgen.Lit(true)
	for _, g := range r.space.guards {
		if g.kind == r.space.anonymous() {
			allowed = min(allowed, int64(g.limit))
		}
	}
	if d := r.cfg.Anonymous.ExpiresAfter; d > 0 {
		current = sqlgen.Op(">=", sqlgen.Col("s", "happened"), sqlgen.Lit(r.cfg.Plan.Now.Add(-d)))
	}
	args := sqlgen.Args{
		"company": table("company"), "all": sqlgen.UnionAll(all...), "linked": table("linked"), "allowed": allowed,
		"link": r.cfg.Anonymous.OnIdentify != Isolate, "map": table("map"), "records": r.records, "seen": table("seen"), "current": current,
		"anonymous": r.isAnonymous(sqlgen.Col("vid")),
	}
	for _, q := range []string{company, linked, mapAnonymous} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return nil
}

// companyIn are queries for the profiles that a source's anonymous ids occurred with, one for each pair of columns.
func (r *run) companyIn(i int, src Source) (out []sqlgen.Query) {
	cols := r.space.columns(src)
	for a, anonymous := range cols {
		if anonymous.kind != r.space.anonymous() {
			continue
		}
		for j, c := range cols {
			if c.kind == anonymous.kind {
				continue
			}
			out = append(out, sqlgen.Format("SELECT t.{a} AS vid, m.cluster FROM {tuples} t JOIN {map} m ON m.vid = t.{v} WHERE t.{a} IS NOT NULL",
				sqlgen.Args{"a": sqlgen.Name(valueColumn(a)), "v": sqlgen.Name(valueColumn(j)), "tuples": numbered("tuples", i), "map": table("map")}))
		}
	}
	return out
}
