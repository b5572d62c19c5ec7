package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// The events of a profile's life.
const (
	eventNew    = "new"    // an id that was not there before, and not taken from another
	eventMerge  = "merge"  // from_id ended in to_id and resolves to it
	eventSplit  = "split"  // part of from_id became to_id, which is fresh
	eventMove   = "move"   // part of from_id went to to_id, which was there
	eventRetire = "retire" // from_id ended without a heir
)

// A profile of the base whose id nobody kept ends in the cluster with which it has most in common. A person never ends in a visitor.
const createMerges = `CREATE OR REPLACE TABLE {merges} AS
SELECT old, cluster, records, kind FROM {pairs} p
WHERE (known OR NOT was_known) AND NOT EXISTS (SELECT 1 FROM {kept} k WHERE k.old = p.old)
QUALIFY row_number() OVER (PARTITION BY old ORDER BY records DESC, identifiers DESC, cluster) = 1`

// Values that connect records of different profiles of the base in a cluster where some ended.
const bridgesOf = `SELECT {rule} AS rule, key FROM {stars} JOIN {assigned} a USING (rec) LEFT JOIN {oldRecords} o USING (rec)
WHERE a.cluster IN (SELECT cluster FROM {merges} WHERE records > 0)
	AND key NOT IN (SELECT key FROM {refused} WHERE rule = {rule})
GROUP BY key HAVING min(coalesce(o.old, -1)) <> max(coalesce(o.old, -1))`

// The strongest value that connected each profile that ended to others.
const causesOf = `SELECT o.old, b.rule, b.key, s.rec FROM {bridges} b JOIN {stars} s USING (key) JOIN {oldRecords} o USING (rec)
WHERE b.rule = {rule} AND o.old IN (SELECT old FROM {merges})`

const createCauses = `CREATE OR REPLACE TABLE {causes} AS
SELECT f.old, CASE WHEN f.rule = {overrideFirst} THEN {overrideCause}
	ELSE 'rule ' || f.rule || ': ' || n.name || ', source ' || s.name || ', record ' || r.key END AS cause
FROM (SELECT * FROM ({found}) QUALIFY row_number() OVER (PARTITION BY old ORDER BY rule, key, rec) = 1) f
LEFT JOIN {rules} n ON n.number = f.rule LEFT JOIN {overrides} o ON f.rule = {overrideFirst} AND o.number = f.key
JOIN {all} r USING (rec) JOIN {sources} s ON s.number = r.src`

const createChanges = `CREATE OR REPLACE TABLE {changes} AS
WITH parts AS (
	SELECT p.old, p.cluster, p.records, p.kind, t.id AS to_id, o.id AS from_id, t.fresh FROM {pairs} p JOIN {old} o USING (old) JOIN {profiles} t USING (cluster)
	WHERE NOT EXISTS (SELECT 1 FROM {kept} k WHERE k.old = p.old AND k.cluster = p.cluster)
		AND NOT EXISTS (SELECT 1 FROM {merges} m WHERE m.old = p.old AND m.cluster = p.cluster)
)
SELECT {merge} AS event, o.id AS from_id, t.id AS to_id, m.records, coalesce(c.cause, 'identifier ' || k.name, {probable}) AS cause
FROM {merges} m JOIN {old} o USING (old) JOIN {profiles} t USING (cluster) LEFT JOIN {causes} c USING (old) LEFT JOIN {kinds} k ON k.number = m.kind
UNION ALL
SELECT CASE WHEN p.fresh THEN {split} ELSE {move} END, from_id, to_id, records,
	CASE WHEN p.kind IS NOT NULL THEN 'identifier ' || k.name || ' stands for another profile' WHEN d.cause IS NOT NULL THEN d.cause
		WHEN p.fresh THEN 'its records no longer agree' ELSE 'its records agree with another profile' END
FROM parts p LEFT JOIN {kinds} k ON k.number = p.kind LEFT JOIN {divided} d ON d.old = p.old AND d.cluster = p.cluster
UNION ALL
SELECT {new}, NULL, id, coalesce(n.records, 0), NULL
FROM {profiles} t LEFT JOIN (SELECT cluster, count(*) AS records FROM {assigned} GROUP BY cluster) n USING (cluster)
WHERE fresh AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.cluster = t.cluster)
UNION ALL
SELECT {retire}, id, NULL, records, 'nothing of it is left' FROM {old} o
WHERE NOT EXISTS (SELECT 1 FROM {kept} k WHERE k.old = o.old) AND NOT EXISTS (SELECT 1 FROM {merges} m WHERE m.old = o.old)`

// traceLineage finds what became of the profiles of the base, and what is new.
func (r *run) traceLineage(ctx context.Context) error {
	args := r.overrideArgs()
	args["overrideFirst"], args["overrideCause"], args["divided"] = overrideFirst, sqlgen.Query(overrideCause), table("divided")
	args["probable"] = probabilistic // what no value connects
	for name, event := range map[string]string{"new": eventNew, "merge": eventMerge, "split": eventSplit, "move": eventMove, "retire": eventRetire} {
		args[name] = event
	}
	if err := r.exec(ctx, createMerges, args); err != nil {
		return err
	}
	bridges := []sqlgen.Query{"SELECT 0 AS rule, 0 AS key WHERE false"}
	found := []sqlgen.Query{"SELECT 0 AS old, 0 AS rule, 0 AS key, 0 AS rec WHERE false"}
	args["rule"], args["stars"] = overrideFirst, sqlgen.Format("({stars})", args)
	bridges, found = append(bridges, sqlgen.Format(bridgesOf, args)), append(found, sqlgen.Format(causesOf, args))
	for _, rule := range r.space.rules {
		args["rule"], args["stars"] = rule.number, numbered("stars", rule.number)
		bridges = append(bridges, sqlgen.Format(bridgesOf, args))
		found = append(found, sqlgen.Format(causesOf, args))
	}
	args["connecting"], args["found"] = sqlgen.UnionAll(bridges...), sqlgen.UnionAll(found...)
	for _, q := range []string{"CREATE OR REPLACE TABLE {bridges} AS {connecting}", createCauses, createDivided, createChanges} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	return r.drop(ctx, table("eligible"), table("pairs"), table("merges"), table("bridges"), table("causes"), table("divided"), table("kept"))
}
