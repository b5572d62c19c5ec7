package identity

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/consent"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var consentColumns = []lake.Column{
	{Name: "profile_id", Type: sqlgen.String}, {Name: "identifier", Type: sqlgen.String}, {Name: "value", Type: sqlgen.String},
	{Name: "purpose", Type: sqlgen.String}, {Name: "status", Type: sqlgen.String}, {Name: "time", Type: sqlgen.Timestamp},
	{Name: "source", Type: sqlgen.String},
}

// The rows of a source, each with the identifier that it speaks for: the strongest that stands for a profile, else the strongest
// that is ambiguous, else the strongest there is.
const statements = `SELECT {src} AS src, coalesce({vids}) AS vid, s.{purpose} AS purpose, s.{status} AS status, s._time AS happened
FROM {source} s {joins} WHERE coalesce({vids}) IS NOT NULL AND s.{purpose} IS NOT NULL`

// The last word of each identifier on each purpose; of two at the same time, the more restrictive. A grant that is dated later than now does
// not hold yet and so does not replace what holds.
const latestStatements = `CREATE OR REPLACE TABLE {latest} AS SELECT * FROM ({all})
QUALIFY row_number() OVER (PARTITION BY vid, purpose, status IS NOT DISTINCT FROM {granted} AND coalesce(happened > {now}, false)
	ORDER BY happened DESC NULLS LAST, CASE status WHEN {withdrawn} THEN 2 WHEN {granted} THEN 0 ELSE 1 END DESC, src) = 1`

// A refusal by an identifier that several profiles share, or that is shared so widely that it stopped counting, counts for each of them, a grant for none: who is meant is not known, and nobody
// who said no may be reached. What stands for no profile is kept without one.
const consentRows = `SELECT p.id AS profile_id, k.name AS identifier, v.value, l.purpose, l.status, l.happened AS "time", s.name AS source
FROM {latest} l JOIN {values} v USING (vid) JOIN {kinds} k ON k.number = v.kind JOIN {sources} s ON s.number = l.src
LEFT JOIN {map} m ON m.vid = l.vid
LEFT JOIN (
	SELECT DISTINCT vid, cluster FROM (SELECT rec, vid FROM {carries} UNION ALL SELECT rec, vid FROM {barred}) JOIN {assigned} USING (rec)
	WHERE vid IN (SELECT vid FROM {latest}) AND vid NOT IN (SELECT vid FROM {map})
) h ON h.vid = CASE WHEN l.status IS DISTINCT FROM {granted} THEN l.vid END
LEFT JOIN {profiles} p ON p.cluster = coalesce(m.cluster, h.cluster)
WHERE p.id IS NOT NULL OR NOT {elsewhere}`

// What is said by a value that is shared so widely that it stopped counting is also said outside of a part, where others carry it.
const saidElsewhere = `(k.name, v.value, l.purpose) IN (SELECT (identifier, value, purpose) FROM {consents} WHERE profile_id IS NOT NULL AND NOT {ofProfile})`

// writeConsent writes what was said by each identifier.
func (r *run) writeConsent(ctx context.Context) error {
	all := []sqlgen.Query{"SELECT 0 AS src, 0 AS vid, '' AS purpose, '' AS status, NULL::TIMESTAMPTZ AS happened WHERE false"}
	for i, src := range r.space.sources {
		if src.RecordKind != Consent {
			continue
		}
		purpose, status := bySemantic(src, "purpose"), bySemantic(src, "consentStatus")
		if purpose == "" || status == "" {
			return invalid(r.cfg, "source %q has records of consent, but no field with semantic purpose or none with consentStatus", src.Name)
		}
		all = append(all, r.statements(i, src, purpose, status))
	}
	args := r.stableArgs()
	args["latest"], args["all"], args["carries"] = table("latest"), sqlgen.UnionAll(all...), table("carries")
	args["barred"] = table("barred")
	args["granted"], args["withdrawn"], args["now"] = string(consent.Granted), string(consent.Withdrawn), r.cfg.Plan.Now
	if err := r.exec(ctx, latestStatements, args); err != nil {
		return err
	}
	args["elsewhere"], args["ofProfile"], args["ofValue"] = sqlgen.Lit(false), ofTouchedProfile, ofTouchedValue
	if r.part != nil {
		args["consents"] = table("base_consent")
		if err := r.env.Lake.View(ctx, r.env.DB, table("base_consent"), r.part.base, r.relation("consent")); err != nil {
			return err
		}
		args["elsewhere"] = sqlgen.Format(saidElsewhere, args)
	}
	_, err := r.write(ctx, "consent", consentColumns, sqlgen.Format("{ofProfile} OR profile_id IS NULL AND {ofValue}", args), sqlgen.Format(consentRows, args))
	return err
}

func bySemantic(src Source, semantic string) string {
	if i := slices.IndexFunc(src.Fields, func(f Field) bool { return f.Semantic == semantic }); i >= 0 {
		return src.Fields[i].Name
	}
	return ""
}

func (r *run) statements(i int, src Source, purpose, status string) sqlgen.Query {
	var mapped, ambiguous, there []sqlgen.Expr
	var joins []sqlgen.Query
	for j, c := range r.space.columns(src) {
		n := sqlgen.DuckDB.Literal(j)
		joins = append(joins, sqlgen.Format(`LEFT JOIN (SELECT vid, value FROM {values} WHERE kind = {kind}) {x} ON {x}.value = {v}
LEFT JOIN {map} {m} ON {m}.vid = {x}.vid LEFT JOIN {carried} {c} ON {c}.vid = {x}.vid`, sqlgen.Args{
			"values": table("values"), "kind": c.kind, "x": sqlgen.Name("x" + n), "m": sqlgen.Name("m" + n), "c": sqlgen.Name("c" + n),
			"v": sqlgen.Cast(sqlgen.Col("s", c.name), sqlgen.String), "map": table("map"), "carried": table("carried"),
		}))
		mapped = append(mapped, sqlgen.Col("m"+n, "vid"))
		ambiguous = append(ambiguous, sqlgen.Col("c"+n, "vid"))
		there = append(there, sqlgen.Col("x"+n, "vid"))
	}
	return sqlgen.Format(statements, sqlgen.Args{
		"src": i, "vids": append(slices.Concat(mapped, ambiguous, there), sqlgen.Lit(nil)), "purpose": sqlgen.Name(purpose), "status": sqlgen.Name(status),
		"source": numbered("source", i), "joins": sqlgen.Lines(joins...),
	})
}
