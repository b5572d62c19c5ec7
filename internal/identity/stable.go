package identity

import (
	"context"
	"encoding/hex"
	"slices"

	"github.com/google/uuid"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The clusters of this run. One without Profile records is known if it has more than an anonymous id.
const createClusters = `CREATE OR REPLACE TABLE {clusters} AS
SELECT DISTINCT cluster, true AS known FROM {assigned} UNION ALL
SELECT DISTINCT cluster, NOT {anonymous} FROM {map} WHERE cluster >= {records}`

// The profiles of the base.
const createOld = `CREATE OR REPLACE TABLE {old} AS
SELECT (row_number() OVER (ORDER BY id) - 1)::INTEGER AS old, id, bool_or(known) AS known, sum(record)::BIGINT AS records FROM (
	SELECT profile_id::UUID AS id, true AS known, 1 AS record FROM {members}
	UNION ALL SELECT profile_id::UUID, identifier <> {anonymousKind}, 0 FROM {identifiers}
) GROUP BY id`

const createOldRecords = `CREATE OR REPLACE TABLE {oldRecords} AS
SELECT r.rec, o.old FROM {members} m JOIN {old} o ON o.id = m.profile_id::UUID
JOIN {sources} s ON s.name = m.source JOIN {all} r ON r.src = s.number AND r.key = m.record_key`

// What profiles of the base and clusters have in common: records, or, where one of the two has none of its records left, identifiers.
// Whether each is of a person stands in the pair: as a condition between two tables the engine would take it for a way to join them.
const createPairs = `CREATE OR REPLACE TABLE {pairs} AS
SELECT *, NOT {anonymous} AS known FROM (
SELECT old, any_value(o.known) AS was_known, cluster, count(*) AS records, 0::BIGINT AS identifiers, NULL::INTEGER AS kind
FROM {oldRecords} JOIN {assigned} USING (rec) JOIN {old} o USING (old) GROUP BY old, cluster
UNION ALL
SELECT o.old, any_value(o.known), m.cluster, 0, count(*), min(v.kind) FROM {identifiers} i
JOIN {kinds} k ON k.name = i.identifier JOIN {values} v ON v.kind = k.number AND v.value = i.value
JOIN {map} m ON m.vid = v.vid JOIN {old} o ON o.id = i.profile_id::UUID
WHERE m.cluster >= {records} OR NOT EXISTS (SELECT 1 FROM {oldRecords} x WHERE x.old = o.old)
GROUP BY o.old, m.cluster)`

// An id goes on where there are people on both sides, or visitors on both: a visitor who becomes known is merged into the person,
// and the id of a person is never left to a visitor.
const createEligible = `CREATE OR REPLACE TABLE {eligible} AS
SELECT old, cluster, records, identifiers, count(*) OVER (PARTITION BY old) = 1 AND count(*) OVER (PARTITION BY cluster) = 1 AS alone
FROM {pairs} WHERE known = was_known`

// keepIDs gives every cluster the id of the profile of the base with which it has most in common, or a fresh one.
func (r *run) keepIDs(ctx context.Context) error {
	args := r.stableArgs()
	for _, q := range []string{createClusters, createOld, createOldRecords, createPairs, createEligible,
		"CREATE OR REPLACE TABLE {kept} AS SELECT old, cluster FROM {eligible} WHERE alone"} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	if err := r.keepContested(ctx); err != nil {
		return err
	}
	return r.freshIDs(ctx, args)
}

func (r *run) stableArgs() sqlgen.Args {
	return sqlgen.Args{
		"clusters": table("clusters"), "assigned": table("assigned"), "map": table("map"), "records": r.records,
		"anonymous": r.isAnonymous(sqlgen.Op("-", sqlgen.Col("cluster"), sqlgen.Lit(int64(r.records)))), "anonymousKind": AnonymousID,
		"old": table("old"), "oldRecords": table("old_records"), "all": table("records"), "sources": table("source_names"), "kinds": table("kind_names"),
		"rules": table("rule_names"), "values": table("values"), "pairs": table("pairs"), "eligible": table("eligible"), "kept": table("kept"),
		"profiles": table("profiles"), "fresh": table("fresh"), "merges": table("merges"), "bridges": table("bridges"), "causes": table("causes"),
		"refused": table("refused"), "changes": table("changes"), "members": table("base_members"), "identifiers": table("base_identifiers"),
		"lineage": table("base_lineage"),
	}
}

func (r *run) relation(name string) lake.Table {
	return lake.Table{Schema: r.cfg.Plan.Subject, Name: name}
}

// openBase makes views of what the base knew; without a base they are empty.
func (r *run) openBase(ctx context.Context) error {
	for name, cols := range map[string][]lake.Column{
		"members": memberColumns, "identifiers": identifierColumns, "lineage": lineageColumns, "guard_events": guardColumns,
	} {
		view := table("base_" + name)
		if _, there := r.tx.Base().Version(r.relation(name)); there {
			if err := r.env.Lake.View(ctx, r.env.DB, view, r.tx.Base(), r.relation(name)); err != nil {
				return err
			}
			continue
		}
		if err := r.exec(ctx, "CREATE OR REPLACE VIEW {view} AS {q}", sqlgen.Args{"view": view, "q": emptyOf(cols)}); err != nil {
			return err
		}
	}
	return nil
}

// keepContested settles which pair keeps an id where there is more than one way: most in common first, then the smaller id, then the cluster
// that was founded on the earlier record or identifier.
func (r *run) keepContested(ctx context.Context) error {
	to, err := r.env.DB.Appender(ctx, "identity_kept")
	if err != nil {
		return err
	}
	taken := map[int64]bool{} // old profiles, and clusters as -1 - cluster
	q := sqlgen.Format("SELECT old, cluster FROM {eligible} WHERE NOT alone ORDER BY records DESC, identifiers DESC, old, cluster",
		sqlgen.Args{"eligible": table("eligible")})
	err = r.env.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var old, cluster int64
		if err := scan(&old, &cluster); err != nil {
			return err
		}
		if taken[old] || taken[-1-cluster] {
			return nil
		}
		taken[old], taken[-1-cluster] = true, true
		return to.Append(old, cluster)
	})
	if err != nil {
		return closing(to, err)
	}
	return to.Close()
}

// A fresh id is the UUID (version 5) of what the profile was founded on and of a generation, so that a run that is repeated gives
// the same. The separator is in no name of a source or a kind.
const (
	createFresh = `CREATE OR REPLACE TABLE {fresh} AS
SELECT c.cluster, c.known, 'record' || chr(31) || s.name || chr(31) AS what, r.key AS which, 0 AS generation
FROM {clusters} c JOIN {all} r ON r.rec = c.cluster JOIN {sources} s ON s.number = r.src
WHERE NOT EXISTS (SELECT 1 FROM {kept} k WHERE k.cluster = c.cluster)
UNION ALL
SELECT c.cluster, c.known, 'identifier' || chr(31) || k.name || chr(31), v.value, 0
FROM {clusters} c JOIN {values} v ON v.vid = c.cluster - {records} JOIN {kinds} k ON k.number = v.kind
WHERE c.cluster >= {records} AND NOT EXISTS (SELECT 1 FROM {kept} k WHERE k.cluster = c.cluster)`

	createProfiles = `CREATE OR REPLACE TABLE {profiles} AS
SELECT k.cluster, o.id, o.known, false AS fresh FROM {kept} k JOIN {old} o USING (old)`

	createNamed = `CREATE OR REPLACE TABLE {named} AS
SELECT cluster, known, (substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-5' || substr(h, 14, 3) || '-' ||
	translate(substr(h, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab') || substr(h, 18, 3) || '-' || substr(h, 21, 12))::UUID AS id
FROM (SELECT cluster, known, sha1(from_hex({namespace}) || encode(what || generation::VARCHAR || chr(31) || which)) AS h FROM {fresh})`

	// An id that lives, or that was merged into another and so resolves to it for ever, is not given again: the profile takes that of the next generation. One
	// whose profile ended without a heir comes back with its profile.
	taken = `CREATE OR REPLACE TABLE {taken} AS SELECT cluster FROM {named} f
WHERE id IN (SELECT id FROM {old}) OR EXISTS (SELECT 1 FROM {lineage} l WHERE l.event = 'merge' AND l.from_id::UUID = f.id)`
	// Outside of a part ids live too.
	takenElsewhere = `CREATE OR REPLACE TABLE {taken} AS SELECT cluster FROM {named} WHERE id IN ({living})`
	livingMembers  = `SELECT profile_id::UUID FROM {members} WHERE (profile_id IN (SELECT id::VARCHAR FROM {named})) IS TRUE`
	livingVisitors = `SELECT profile_id::UUID FROM {identifiers} WHERE (profile_id IN (SELECT id::VARCHAR FROM {named})) IS TRUE`
	nextGeneration = `UPDATE {fresh} SET generation = generation + 1 WHERE cluster IN (SELECT cluster FROM {taken})`
	nameFresh      = `INSERT INTO {profiles} SELECT cluster, id, known, true FROM {named}`
)

// kithNamespace is the namespace of the rules' namespaces.
var kithNamespace = uuid.MustParse("6f0a6f4e-6b0e-5d0c-9f52-5c7d0f0b5e1a")

func (r *run) freshIDs(ctx context.Context, args sqlgen.Args) error {
	namespace := uuid.NewSHA1(kithNamespace, []byte(r.cfg.Plan.Subject))
	args["named"], args["taken"], args["namespace"] = table("named"), table("taken"), hex.EncodeToString(namespace[:])
	for _, q := range []string{createFresh, createProfiles, createNamed} {
		if err := r.exec(ctx, q, args); err != nil {
			return err
		}
	}
	steps := []string{taken}
	if r.part != nil {
		args["members"], args["identifiers"] = table("all_members"), table("all_identifiers")
		living := []sqlgen.Query{sqlgen.Format(livingMembers, args)}
		if slices.ContainsFunc(r.space.sources, func(src Source) bool { return src.RecordKind != Profile }) {
			living = append(living, sqlgen.Format(livingVisitors, args))
		}
		args["living"] = sqlgen.UnionAll(living...)
		steps = append(steps, takenElsewhere)
	}
	for at := 0; at < len(steps); at++ {
		if err := r.exec(ctx, steps[at], args); err != nil {
			return err
		}
		n, err := r.number(ctx, "SELECT count(*) FROM {taken}", args)
		if err != nil {
			return err
		}
		if n == 0 {
			continue
		}
		for _, q := range []string{nextGeneration, createNamed} {
			if err := r.exec(ctx, q, args); err != nil {
				return err
			}
		}
		at = -1 // the next ones may be taken too
	}
	return r.exec(ctx, nameFresh, args)
}
