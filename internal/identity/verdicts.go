package identity

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// The values that changed rows say or said. Any of them may be in enough rows for an automatic guard to look at it.
const createVerdicts = `CREATE OR REPLACE TABLE {values} AS
SELECT (row_number() OVER (ORDER BY kind, value) - 1)::INTEGER AS vid, kind, value, 1::BIGINT << 40 AS n, blocked FROM ({judged})`

const (
	// How often they occur by now is of interest where they identify nobody.
	verdictValues = `CREATE OR REPLACE TABLE {verdicts} AS SELECT v.* REPLACE (coalesce(c.n, 0) AS n) FROM {values} v
LEFT JOIN (SELECT kind, value, sum(n)::BIGINT AS n FROM ({counts}) GROUP BY kind, value) c ON c.kind = v.kind AND c.value = v.value`
	countedValues = `SELECT {kind} AS kind, {v} AS value, count(*) AS n FROM {source} s WHERE ({v} IN (SELECT value FROM {values} WHERE kind = {kind} AND blocked)) IS TRUE GROUP BY ALL`
	// The records that carry such a value, and as they were before: with what they are known by, and what guards and figures count beside it.
	createCarrying = `CREATE OR REPLACE TABLE {carrying} AS SELECT {columns} FROM {source} s WHERE {any}`
	carriedBefore  = `CREATE OR REPLACE TABLE {before} AS SELECT * FROM {carrying} WHERE _key NOT IN (SELECT _key FROM {changed})
UNION ALL SELECT {columns} FROM {changed} WHERE NOT current`
	verdictReasons = `CREATE OR REPLACE TABLE {reasons} AS SELECT * FROM {automatic}`
	// What an automatic guard has barred: by the base, or by a verdict where there is one.
	baseAutomatic = `CREATE OR REPLACE TABLE {was} AS SELECT DISTINCT k.number AS kind, e.value FROM {events} e JOIN {kinds} k ON k.name = e.identifier WHERE e.guard = {guard}`
	// and what is so still. What has just been barred, or is free again, still leads to all who carry it.
	baseBarred = `CREATE OR REPLACE TABLE {barred} AS SELECT kind, value FROM {was} WHERE (kind, value) NOT IN (SELECT (kind, value) FROM {verdicts} WHERE vid NOT IN (SELECT vid FROM {reasons}))`
	nowBarred  = `CREATE OR REPLACE TABLE {now} AS SELECT kind, value FROM {barred} UNION SELECT kind, value FROM {verdicts} WHERE vid IN (SELECT vid FROM {reasons})`
)

// judgeChanged decides about the values of changed rows, whether they identify somebody, with all rows in view. About all others the base has decided.
func (r *run) judgeChanged(ctx context.Context, _ *part) (bool, error) {
	changed := []sqlgen.Query{"SELECT 0 AS kind, '' AS value, 0::BIGINT AS n WHERE false"}
	counts := changed
	args := r.verdictArgs()
	for i, src := range r.space.sources {
		for _, c := range r.space.identifiersOf(src) {
			args["kind"], args["v"], args["changed"], args["source"] = c.kind, identifierText(c), numbered("changed", i), numbered("source", i)
			if src.RecordKind == Profile {
				args["source"] = numbered("carrying", i)
			}
			changed = append(changed, sqlgen.Format("SELECT {kind} AS kind, {v} AS value, 0 AS n FROM {changed} s WHERE {v} IS NOT NULL", args))
			counts = append(counts, sqlgen.Format(countedValues, args))
		}
	}
	args["judged"] = r.judged(sqlgen.UnionAll(changed...))
	if err := r.exec(ctx, createVerdicts, args); err != nil {
		return false, err
	}
	for i, src := range r.space.sources {
		if src.RecordKind == Profile {
			if err := r.findCarrying(ctx, i, src); err != nil {
				return false, err
			}
		}
	}
	if err := r.blockAutomatically(ctx, "carrying"); err != nil {
		return false, err
	}
	nobody, err := r.number(ctx, "SELECT count(*) FROM {values} WHERE blocked", args)
	if err != nil {
		return false, err
	}
	if nobody == 0 {
		counts = counts[:1]
	}
	args["counts"] = sqlgen.UnionAll(counts...)
	for _, q := range []string{verdictValues, verdictReasons, baseAutomatic, baseBarred, nowBarred} {
		if err := r.exec(ctx, q, args); err != nil {
			return false, err
		}
	}
	return true, nil
}

// findCarrying reads a Profile source once for the values of changed rows.
func (r *run) findCarrying(ctx context.Context, i int, src Source) error {
	var distinct []string
	for _, a := range r.space.automatic {
		distinct = append(distinct, a.Distinct)
	}
	if name := r.space.countedName(); name != "" {
		distinct = append(distinct, name)
	}
	columns := []string{"_key"}
	for _, f := range src.Fields {
		if f.Identifier != "" || slices.ContainsFunc(distinct, func(name string) bool { return counts(f, name) }) {
			columns = append(columns, f.Name)
		}
	}
	args := r.verdictArgs()
	var carries []sqlgen.Query
	for _, c := range r.space.identifiersOf(src) {
		args["kind"], args["v"] = c.kind, identifierText(c)
		carries = append(carries, sqlgen.Format("{v} IN (SELECT value FROM {values} WHERE kind = {kind})", args))
	}
	args["carrying"], args["before"], args["changed"], args["source"] = numbered("carrying", i), numbered("carried_before", i), numbered("changed", i), numbered("source", i)
	args["columns"], args["any"] = sqlgen.Names(columns...), anyOf(carries)
	for _, q := range []string{createCarrying, carriedBefore} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) verdictArgs() sqlgen.Args {
	return sqlgen.Args{
		"values": table("values"), "automatic": table("automatic"), "verdicts": table("verdicts"), "reasons": table("verdict_reasons"),
		"was": table("base_automatic"), "barred": table("base_barred"), "now": table("now_barred"), "events": table("base_guard_events"),
		"kinds": table("kind_names"), "guard": guardAutomatic,
	}
}

// bar blocks what an automatic guard has barred, among the values of the run. In a part all that is decided already.
func (r *run) bar(ctx context.Context) error {
	if r.part == nil {
		return r.blockAutomatically(ctx, "source")
	}
	return r.exec(ctx, blockBarred, r.verdictArgs())
}

const blockBarred = `CREATE OR REPLACE TABLE {automatic} AS SELECT vid FROM {values} WHERE (kind, value) IN (SELECT (kind, value) FROM {now});
UPDATE {values} SET blocked = true WHERE vid IN (SELECT vid FROM {automatic})`
