package identity

import (
	"context"
	"maps"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// What is in the part: values, records and profiles of the base, each with the round in which it was reached. A weak value identifies nobody; it
// leads to what was said of consent with it and to nothing else.
const createTouched = `CREATE OR REPLACE TABLE {values} (kind INTEGER, value VARCHAR, weak BOOLEAN, round INTEGER);
CREATE OR REPLACE TABLE {records} (source VARCHAR, record_key VARCHAR, round INTEGER);
CREATE OR REPLACE TABLE {profiles} (profile_id VARCHAR, round INTEGER)`

// touched fills a template in which values, records and profiles are what is in the part.
func touched(template string, args sqlgen.Args) sqlgen.Query {
	all := sqlgen.Args{
		"values": table("touched_values"), "records": table("touched_records"), "profiles": table("touched_profiles"), "hits": table("hits"),
		"kinds": table("kind_names"), "members": table("base_members"), "identifiers": table("base_identifiers"), "links": table("base_links"), "linked": table("base_linked"),
	}
	maps.Copy(all, args)
	return sqlgen.Format(template, all)
}

// These rows of relations are in the part. The engine takes a view of the lake for a small table: IS TRUE has it hash what is in the part and not the relation.
var (
	ofTouchedProfile = touched("(profile_id IN (SELECT profile_id FROM {profiles})) IS TRUE", nil)
	ofTouchedRecord  = touched("(record_key IN (SELECT record_key FROM {records})) IS TRUE AND (source, record_key) IN (SELECT (source, record_key) FROM {records})", nil)
	ofTouchedPair    = touched("(first_source, first_key) IN (SELECT (source, record_key) FROM {records}) OR (second_source, second_key) IN (SELECT (source, record_key) FROM {records})", nil)
	ofTouchedValue   = touched("(identifier, value) IN (SELECT (k.name, v.value) FROM {values} v JOIN {kinds} k ON k.number = v.kind)", nil)
)

// seed begins with the rows that have changed, with those to which time has made a difference, and with records that probably match a changed one.
func (r *run) seed(ctx context.Context, p *part) (bool, error) {
	for _, q := range []string{createTouched, createLinked} {
		if err := r.env.DB.Exec(ctx, touched(q, nil)); err != nil {
			return false, err
		}
	}
	for i, src := range r.space.sources {
		args := sqlgen.Args{"changed": numbered("changed", i), "columns": src.columns(), "source": numbered("source", i), "due": r.due(src, p)}
		q := sqlgen.Format("SELECT {columns} FROM {changed} UNION ALL SELECT {columns} FROM {source} WHERE {due}", args)
		if err := r.take(ctx, src, q, 0); err != nil {
			return false, err
		}
	}
	if err := r.seedDecided(ctx); err != nil {
		return false, err
	}
	return r.seedMatches(ctx, p)
}

// Records that somebody has decided about, each with the other one: by decisions that are, and by those that were.
const (
	createDecided = `CREATE OR REPLACE TABLE {decided} AS SELECT DISTINCT first_source AS source, first_key AS record_key, second_source AS other_source, second_key AS other_key
FROM ({decisions}) UNION SELECT DISTINCT second_source, second_key, first_source, first_key FROM ({decisions})`
	seedChangedDecisions = `INSERT INTO {records} SELECT DISTINCT first_source, first_key, 0 FROM ({changes}) UNION SELECT DISTINCT second_source, second_key, 0 FROM ({changes})`
	reachDecided         = `INSERT INTO {records} SELECT DISTINCT other_source, other_key, {round} + 1 FROM {decided}
WHERE (source, record_key) IN (SELECT (source, record_key) FROM {records} WHERE round = {round})
	AND (other_source, other_key) NOT IN (SELECT (source, record_key) FROM {records})`
)

// seedDecided begins with the records of decisions that are new or gone.
func (r *run) seedDecided(ctx context.Context) error {
	src := r.cfg.Overrides
	if src == nil {
		return nil
	}
	view := table("override_source")
	if err := r.openSource(ctx, view, *src); err != nil {
		return err
	}
	changes := decisionsOf(*src, table("changed_overrides"))
	args := sqlgen.Args{"decided": table("decided"), "decisions": sqlgen.UnionAll(decisionsOf(*src, view), changes), "changes": changes}
	for _, q := range []string{createDecided, seedChangedDecisions} {
		if err := r.env.DB.Exec(ctx, touched(q, args)); err != nil {
			return err
		}
	}
	return nil
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

// reach goes on from what is in the part until nothing is added. It does not fit when the part becomes too large.
func (r *run) reach(ctx context.Context, p *part) (bool, error) {
	all := rowsOf(p.base.Outputs, "known") + rowsOf(p.base.Outputs, "anonymous")
	for round := 0; ; round++ {
		n, err := r.number(ctx, string(touched("SELECT count(*) FROM {profiles}", nil)), nil)
		if err != nil || n > smallPart && float64(n) > largestPart*float64(all) {
			return false, err
		}
		n, err = r.number(ctx, string(touched("SELECT (SELECT count(*) FROM {values} WHERE round = {round}) + (SELECT count(*) FROM {records} WHERE round = {round})",
			sqlgen.Args{"round": round})), nil)
		if err != nil || n == 0 {
			return err == nil, err
		}
		if err := r.reachFurther(ctx, round); err != nil {
			return false, err
		}
	}
}

// What the records and values of a round are in, in the base.
const (
	reachOfRecords = `INSERT INTO {profiles} SELECT DISTINCT profile_id, {round} + 1 FROM (
	SELECT * FROM {members} WHERE (record_key IN (SELECT record_key FROM {records} WHERE round = {round})) IS TRUE
) WHERE (source, record_key) IN (SELECT (source, record_key) FROM {records} WHERE round = {round}) AND profile_id NOT IN (SELECT profile_id FROM {profiles})`
	reachOfValues = `INSERT INTO {profiles} SELECT DISTINCT profile_id, {round} + 1 FROM (
	SELECT * FROM {identifiers} WHERE (value IN (SELECT value FROM {values} WHERE round = {round} AND NOT weak)) IS TRUE
) WHERE (identifier, value) IN (SELECT (k.name, v.value) FROM {values} v JOIN {kinds} k ON k.number = v.kind WHERE round = {round} AND NOT weak)
	AND profile_id NOT IN (SELECT profile_id FROM {profiles})`
	reachLinked = `INSERT INTO {profiles} SELECT DISTINCT other_profile_id, {round} + 1 FROM {linked}
WHERE profile_id IN (SELECT profile_id FROM {profiles} WHERE round = {round} + 1) AND other_profile_id NOT IN (SELECT profile_id FROM {profiles})`
	reachMembers = `INSERT INTO {records} SELECT source, record_key, {round} + 1 FROM {members}
WHERE (profile_id IN (SELECT profile_id FROM {profiles} WHERE round = {round} + 1)) IS TRUE AND (source, record_key) NOT IN (SELECT (source, record_key) FROM {records})`
	reachIdentifiers = `INSERT INTO {values} SELECT k.number, value, false, {round} + 1 FROM {identifiers} JOIN {kinds} k ON k.name = identifier
WHERE (profile_id IN (SELECT profile_id FROM {profiles} WHERE round = {round} + 1)) IS TRUE AND (k.number, value) NOT IN (SELECT (kind, value) FROM {values} WHERE NOT weak)`
)

// Profiles of the base between which there is a probable match, in both directions.
const createLinked = `CREATE OR REPLACE TABLE {linked} AS SELECT profile_id, other_profile_id FROM {links} UNION SELECT other_profile_id, profile_id FROM {links}`

func (r *run) reachFurther(ctx context.Context, round int) error {
	for i, src := range r.space.sources {
		rows := sqlgen.Format("SELECT {columns} FROM {source} s WHERE {saying}", sqlgen.Args{
			"columns": src.columns(), "source": numbered("source", i),
			"saying": r.saying(src, "SELECT value FROM {values} WHERE kind = {kind} AND round = {round}", sqlgen.Args{"round": round}),
		})
		if src.RecordKind == Profile {
			rows += touched(" OR (_key IN (SELECT record_key FROM {records} WHERE source = {name} AND round = {round})) IS TRUE", sqlgen.Args{"name": src.Name, "round": round})
		}
		if err := r.take(ctx, src, rows, round+1); err != nil {
			return err
		}
	}
	args := sqlgen.Args{"round": round, "decided": table("decided")}
	for _, step := range []string{reachOfRecords, reachOfValues} {
		if err := r.env.DB.Exec(ctx, touched(step, args)); err != nil {
			return err
		}
	}
	if err := r.reachLinked(ctx, args); err != nil {
		return err
	}
	steps := []string{reachMembers, reachIdentifiers}
	if r.cfg.Overrides != nil {
		steps = append(steps, reachDecided)
	}
	for _, step := range steps {
		if err := r.env.DB.Exec(ctx, touched(step, args)); err != nil {
			return err
		}
	}
	return nil
}

// reachLinked adds what a chain of probable matches leads to.
func (r *run) reachLinked(ctx context.Context, args sqlgen.Args) error {
	for before := int64(-1); ; {
		n, err := r.number(ctx, string(touched("SELECT count(*) FROM {profiles}", nil)), nil)
		if err != nil || n == before {
			return err
		}
		before = n
		if err := r.env.DB.Exec(ctx, touched(reachLinked, args)); err != nil {
			return err
		}
	}
}

// saying is a condition on the rows s of a source: whether one of their identifiers is among the values that a query of kind gives. Weak values are
// asked for where it is about consent.
func (r *run) saying(src Source, values string, args sqlgen.Args) sqlgen.Query {
	conditions := []sqlgen.Query{"(false"}
	if src.RecordKind != Consent {
		values += " AND NOT weak"
	}
	for _, c := range r.space.identifiersOf(src) {
		in := maps.Clone(args)
		if in == nil {
			in = sqlgen.Args{}
		}
		in["v"], in["kind"] = identifierText(c), c.kind
		conditions = append(conditions, touched("OR ({v} IN ("+values+")) IS TRUE", in))
	}
	return sqlgen.Lines(append(conditions, ")")...)
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
	createHits  = `CREATE OR REPLACE TABLE {hits} AS SELECT row_number() OVER () AS line, _key AS key, {texts} FROM ({rows}) s`
	takeRecords = `INSERT INTO {records} SELECT DISTINCT {name}, key, {round} FROM {hits}
WHERE key NOT IN (SELECT record_key FROM {records} WHERE source = {name})`
	// Each value of each row, and whether it identifies somebody.
	createSaid = `CREATE OR REPLACE TABLE {said} AS
WITH said AS ({all}), judged AS ({judged})
SELECT line, kind, value, blocked, (kind, value) IN (SELECT (kind, value) FROM {barred}) AS barred FROM said JOIN judged USING (kind, value)`
	takeValues = `INSERT INTO {values} SELECT kind, value, bool_and(weak), {round} FROM ({found}) f GROUP BY kind, value
HAVING (kind, value, bool_and(weak)) NOT IN (SELECT (kind, value, weak) FROM {values}) AND (kind, value) NOT IN (SELECT (kind, value) FROM {values} WHERE NOT weak)`
)

// Which values a row leads to. A value that a guard has barred identifies nobody, but a refusal with it counts for all who carry it. In a row of consent
// in which nothing identifies anybody, the first value is what it is about.
const (
	ledTo          = `SELECT kind, value, barred AS weak FROM {said} WHERE NOT blocked`
	ledToByEvents  = `SELECT kind, value, false AS weak FROM {said} WHERE NOT blocked AND NOT barred`
	ledToByConsent = `SELECT kind, value, false AS weak FROM {said} WHERE NOT blocked AND NOT barred
UNION ALL SELECT kind, value, blocked OR NOT {anew} FROM {said}
WHERE (blocked OR barred) AND line NOT IN (SELECT line FROM {said} WHERE NOT blocked AND NOT barred AND kind <> {anonymous})`
)

// take adds rows of a source to the part, with what they say.
func (r *run) take(ctx context.Context, src Source, rows sqlgen.Query, round int) error {
	texts := []sqlgen.Expr{sqlgen.As(sqlgen.Lit(nil), "none")}
	said := []sqlgen.Query{"SELECT 0 AS line, 0 AS kind, '' AS value WHERE false"}
	for j, c := range r.space.identifiersOf(src) {
		texts = append(texts, sqlgen.As(identifierText(c), valueColumn(j)))
		said = append(said, touched("SELECT line, {kind} AS kind, {v} AS value FROM {hits} WHERE {v} IS NOT NULL", sqlgen.Args{"kind": c.kind, "v": sqlgen.Name(valueColumn(j))}))
	}
	found := ledToByEvents
	switch src.RecordKind {
	case Profile:
		found = ledTo
	case Consent:
		found = ledToByConsent
	}
	args := sqlgen.Args{
		"texts": texts, "rows": rows, "name": src.Name, "round": round, "said": table("said"), "all": sqlgen.UnionAll(said...),
		"judged": r.judged("SELECT DISTINCT kind, value, 0 AS n FROM said"), "barred": table("base_barred"), "anew": round == 0, "anonymous": r.space.anonymous(),
	}
	args["found"] = sqlgen.Format(found, args)
	steps := []string{createHits, createSaid, takeValues}
	if src.RecordKind == Profile {
		steps = append(steps, takeRecords)
	}
	for _, step := range steps {
		if err := r.env.DB.Exec(ctx, touched(step, args)); err != nil {
			return err
		}
	}
	return nil
}
