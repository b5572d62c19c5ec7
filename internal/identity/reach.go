package identity

import (
	"context"
	"maps"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// A part is found in a graph whose nodes are hashes: of records, of values, and, apart from these, of values that identify nobody, which lead to what was
// said of consent with them, and of all who carry such a value. They are connected by the components of the base, and by what ties.go has. That two of them
// have the same hash makes a part larger, and no difference.
const (
	recordNode   = "(hash('record', {source}, {key}) >> 1)::BIGINT"
	valueNode    = "(hash('value', {kind}, {value}) >> 1)::BIGINT"
	weakNode     = "(hash('weak', {kind}, {value}) >> 1)::BIGINT"
	carriersNode = "(hash('carriers', {kind}, {value}) >> 1)::BIGINT"
)

// node fills one of the templates above, with the source or the kind first.
func node(template string, of, which any) sqlgen.Query {
	return sqlgen.Format(template, sqlgen.Args{"source": of, "key": which, "kind": of, "value": which})
}

// touched fills a template about what is in the part.
func touched(template string, args sqlgen.Args) sqlgen.Query {
	all := sqlgen.Args{
		"nodes": table("touched_nodes"), "records": table("touched_records"), "profiles": table("touched_profiles"), "reached": table("touched_components"),
		"components": table("base_components"), "said": table("said"), "ties": table("ties"), "kinds": table("kind_names"),
	}
	maps.Copy(all, args)
	return sqlgen.Format(template, all)
}

// anyOf is a condition: whether one of some is true. IS TRUE has the engine hash what a row is looked for in, and not the rows.
func anyOf(conditions []sqlgen.Query) sqlgen.Query {
	parts := []sqlgen.Query{"(false"}
	for _, c := range conditions {
		parts = append(parts, sqlgen.Format("OR ({c}) IS TRUE", sqlgen.Args{"c": c}))
	}
	return sqlgen.Lines(append(parts, ")")...)
}

// These rows of relations are in the part. The engine takes a view of the lake for a small table: IS TRUE has it hash what is in the part and not the relation.
var (
	ofTouchedProfile   = touched("(profile_id IN (SELECT profile_id FROM {profiles})) IS TRUE", nil)
	ofTouchedComponent = touched("(component IN (SELECT component FROM {reached})) IS TRUE", nil)
	ofTouchedRecord    = touched("(record_key IN (SELECT record_key FROM {records})) IS TRUE AND (source, record_key) IN (SELECT (source, record_key) FROM {records})", nil)
	ofTouchedPair      = touched("((first_source, first_key) IN (SELECT (source, record_key) FROM {records}) OR (second_source, second_key) IN (SELECT (source, record_key) FROM {records}))", nil)
	ofTouchedValue     = touched("(({value} IN (SELECT node FROM {nodes})) IS TRUE OR ({weak} IN (SELECT node FROM {nodes})) IS TRUE)", sqlgen.Args{
		"value": node(valueNode, sqlgen.Col("identifier"), sqlgen.Col("value")), "weak": node(weakNode, sqlgen.Col("identifier"), sqlgen.Col("value")),
	})
)

const createTouched = `CREATE OR REPLACE TABLE {nodes} (node BIGINT, round INTEGER);
CREATE OR REPLACE TABLE {reached} (component BIGINT);
CREATE OR REPLACE TABLE {records} (source VARCHAR, record_key VARCHAR)`

// seed begins with the rows that have changed, with those to which time has made a difference, and with records that probably match a changed one.
func (r *run) seed(ctx context.Context, p *part) (bool, error) {
	if err := r.env.DB.Exec(ctx, touched(createTouched, nil)); err != nil {
		return false, err
	}
	for i, src := range r.space.sources {
		args := sqlgen.Args{"changed": numbered("changed", i), "columns": sqlgen.Names(src.columns()...), "source": numbered("source", i), "due": r.due(src, p)}
		rows := sqlgen.Format("SELECT {columns} FROM {changed} UNION ALL SELECT {columns} FROM {source} WHERE {due}", args)
		if err := r.seedRows(ctx, src, rows); err != nil {
			return false, err
		}
	}
	if err := r.seedDecided(ctx); err != nil {
		return false, err
	}
	return r.seedMatches(ctx, p)
}

// due is a condition on the rows of a source that have another meaning than at the time of the base: an anonymous id that was last seen just long enough ago,
// a consent that was dated later than then.
func (r *run) due(src Source, p *part) sqlgen.Query {
	args := sqlgen.Args{"before": p.base.Now, "now": r.cfg.Plan.Now}
	due := "false"
	if src.RecordKind == Consent {
		due = "_time > {before} AND _time <= {now}"
	}
	if d := r.cfg.Anonymous.ExpiresAfter; d > 0 {
		args["seen"], args["end"] = p.base.Now.Add(-d), r.cfg.Plan.Now.Add(-d)
		due += " OR _time >= {seen} AND _time < {end}"
	}
	return sqlgen.Format(due, args)
}

const (
	createHits = `CREATE OR REPLACE TABLE {hits} AS SELECT row_number() OVER () AS line, _key AS key, {texts} FROM ({rows}) s`
	// Each value of each row, and whether it identifies somebody.
	createSaid = `CREATE OR REPLACE TABLE {said} AS
WITH said AS ({all}), judged AS ({judged})
SELECT line, k.name AS kind, value, blocked, (said.kind, value) IN (SELECT (kind, value) FROM {barred}) AS barred
FROM said JOIN judged USING (kind, value) JOIN {kinds} k ON k.number = said.kind`
	seedRecords = `INSERT INTO {nodes} SELECT DISTINCT {record}, 0 FROM {hits}`
	seedTouched = `INSERT INTO {records} SELECT DISTINCT {name}, key FROM {hits}`
	seedValues  = `INSERT INTO {nodes} SELECT DISTINCT {value}, 0 FROM {said} WHERE NOT blocked AND NOT barred`
	seedBarred  = `INSERT INTO {nodes} SELECT DISTINCT {weak}, 0 FROM {said} WHERE barred AND NOT blocked`
	// In a row of consent in which nothing identifies anybody, the first value is what it is about.
	seedNobody = `INSERT INTO {nodes} SELECT DISTINCT {weak}, 0 FROM {said} WHERE (blocked OR barred) AND line NOT IN ({identified})`
	identified = `SELECT line FROM {said} WHERE NOT blocked AND NOT barred AND kind <> {anonymous}`
	// What is said with a barred value, and counts only now or no more, may be said of all who carry it.
	seedCarriers = `INSERT INTO {nodes} SELECT DISTINCT {carriers}, 0 FROM {said} WHERE barred AND NOT blocked AND line NOT IN ({identified})`
)

// seedRows adds rows of a source to the part, with what they say.
func (r *run) seedRows(ctx context.Context, src Source, rows sqlgen.Query) error {
	texts := []sqlgen.Expr{sqlgen.As(sqlgen.Lit(nil), "none")}
	said := []sqlgen.Query{"SELECT 0 AS line, 0 AS kind, '' AS value WHERE false"}
	args := sqlgen.Args{"hits": table("hits"), "said": table("said"), "rows": rows, "name": src.Name, "anonymous": AnonymousID, "barred": table("base_barred"), "kinds": table("kind_names")}
	for j, c := range r.space.identifiersOf(src) {
		texts = append(texts, sqlgen.As(identifierText(c), valueColumn(j)))
		args["kind"], args["v"] = c.kind, sqlgen.Name(valueColumn(j))
		said = append(said, sqlgen.Format("SELECT line, {kind} AS kind, {v} AS value FROM {hits} WHERE {v} IS NOT NULL", args))
	}
	args["texts"], args["all"], args["judged"] = texts, sqlgen.UnionAll(said...), r.judged("SELECT DISTINCT kind, value, 0 AS n FROM said")
	args["record"], args["identified"] = node(recordNode, src.Name, sqlgen.Col("key")), touched(identified, args)
	args["value"], args["weak"] = node(valueNode, sqlgen.Col("kind"), sqlgen.Col("value")), node(weakNode, sqlgen.Col("kind"), sqlgen.Col("value"))
	args["carriers"] = node(carriersNode, sqlgen.Col("kind"), sqlgen.Col("value"))
	steps := []string{createHits, createSaid, seedValues}
	switch src.RecordKind {
	case Profile:
		steps = append(steps, seedRecords, seedTouched, seedBarred)
	case Consent:
		steps = append(steps, seedNobody, seedCarriers)
	}
	for _, step := range steps {
		if err := r.env.DB.Exec(ctx, touched(step, args)); err != nil {
			return err
		}
	}
	return nil
}

// identifiersOf are the columns of a source that hold identifiers.
func (s *space) identifiersOf(src Source) (out []column) {
	for _, c := range s.columns(src) {
		if c.kind < s.identifiers {
			out = append(out, c)
		}
	}
	return out
}

// identifierText is what stands in a column of the rows s.
func identifierText(c column) sqlgen.Expr {
	return sqlgen.Call("nullif", sqlgen.Cast(sqlgen.Col("s", c.name), sqlgen.String), sqlgen.Lit(""))
}

const (
	reachComponents = `INSERT INTO {reached} SELECT DISTINCT component FROM {components}
WHERE (node IN (SELECT node FROM {nodes} WHERE round = {round})) IS TRUE AND component NOT IN (SELECT component FROM {reached})`
	reachNodes = `INSERT INTO {nodes} SELECT DISTINCT node, {round} + 1 FROM {components} WHERE {ofComponent} AND node NOT IN (SELECT node FROM {nodes})`
	reachTied  = `INSERT INTO {nodes} SELECT DISTINCT node, {round} + 1 FROM (
	SELECT b AS node FROM {ties} WHERE a IN (SELECT node FROM {nodes} WHERE round = {round})
	UNION ALL SELECT a FROM {ties} WHERE mutual AND b IN (SELECT node FROM {nodes} WHERE round = {round})
) WHERE node NOT IN (SELECT node FROM {nodes})`
	partMembers     = `CREATE OR REPLACE TABLE {partMembers} AS SELECT * FROM {members} WHERE ({record} IN (SELECT node FROM {nodes})) IS TRUE`
	partIdentifiers = `CREATE OR REPLACE TABLE {partIdentifiers} AS SELECT * FROM {identifiers} WHERE ({value} IN (SELECT node FROM {nodes})) IS TRUE`
	touchProfiles   = `CREATE OR REPLACE TABLE {profiles} AS SELECT profile_id FROM {partMembers} UNION SELECT profile_id FROM {partIdentifiers}`
	touchMembers    = `INSERT INTO {records} SELECT source, record_key FROM {partMembers} EXCEPT SELECT source, record_key FROM {records}`
)

// reach goes on from what is in the part until nothing is added. It does not fit when the part becomes too large.
func (r *run) reach(ctx context.Context, p *part) (bool, error) {
	if err := r.reachAll(ctx, p); err != nil {
		return false, err
	}
	args := sqlgen.Args{
		"members": table("base_members"), "identifiers": table("base_identifiers"), "partMembers": table("part_members"), "partIdentifiers": table("part_identifiers"),
		"record": node(recordNode, sqlgen.Col("source"), sqlgen.Col("record_key")), "value": node(valueNode, sqlgen.Col("identifier"), sqlgen.Col("value")),
	}
	for _, step := range []string{partMembers, partIdentifiers, touchProfiles, touchMembers} {
		if err := r.env.DB.Exec(ctx, touched(step, args)); err != nil {
			return false, err
		}
	}
	all := rowsOf(p.base.Outputs, "known") + rowsOf(p.base.Outputs, "anonymous")
	n, err := r.number(ctx, string(touched("SELECT count(*) FROM {profiles}", nil)), nil)
	return n <= smallPart || float64(n) <= largestPart*float64(all), err
}

// reachAll adds whole components, and what they are tied to.
func (r *run) reachAll(ctx context.Context, p *part) error {
	if err := r.tie(ctx); err != nil {
		return err
	}
	if err := r.env.Lake.View(ctx, r.env.DB, table("base_components"), p.base, r.relation("components")); err != nil {
		return err
	}
	args := sqlgen.Args{"ofComponent": ofTouchedComponent}
	for round, components := 0, int64(0); ; round++ {
		args["round"] = round
		for _, step := range []string{reachTied, reachComponents} {
			if err := r.env.DB.Exec(ctx, touched(step, args)); err != nil {
				return err
			}
		}
		reached, err := r.number(ctx, string(touched("SELECT count(*) FROM {reached}", nil)), nil)
		if err != nil {
			return err
		}
		if reached > components {
			components = reached
			if err := r.env.DB.Exec(ctx, touched(reachNodes, args)); err != nil {
				return err
			}
		}
		if n, err := r.number(ctx, string(touched("SELECT count(*) FROM {nodes} WHERE round > {round}", args)), nil); err != nil || n == 0 {
			return err
		}
	}
}
