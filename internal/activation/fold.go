package activation

import (
	"context"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// ledgerColumns are the public columns of an activation's ledger.
var ledgerColumns = []lake.Column{
	{Name: "profile_id", Type: sqlgen.String},
	{Name: "key", Type: sqlgen.String},          // as sent; null for somebody who was not sent
	{Name: "payload", Type: sqlgen.String},      // what the receiver holds, or may hold; null for nothing
	{Name: "payload_hash", Type: sqlgen.String}, // of the record that was offered last
	{Name: "operation", Type: sqlgen.String},    // upsert or remove, the last one tried
	{Name: "outcome", Type: sqlgen.String},      // Sent, Removed, Rejected, Failed, Uncertain, Withheld
	{Name: "reason", Type: sqlgen.String},
	{Name: "detail", Type: sqlgen.String}, // the segment that excludes, or why somebody who left the audience was taken out
	{Name: "rank", Type: sqlgen.Integer},
	{Name: "sent_at", Type: sqlgen.Timestamp}, // of the last change that the receiver took
	{Name: "run", Type: sqlgen.String},
	{Name: "batch", Type: sqlgen.Integer}, // with run, what the batch was sent as; null where it is not to be sent again as it was
}

func ledgerTable(activation string) lake.Table {
	return lake.Table{Schema: "activation", Name: activation}
}

func deadLettersTable(activation string) lake.Table {
	return lake.Table{Schema: "activation", Name: activation + "-dead-letters"}
}

// emptyLedger stands in for the base of a first run.
func emptyLedger() sqlgen.Query {
	cols := make([]sqlgen.Expr, len(ledgerColumns))
	for i, c := range ledgerColumns {
		cols[i] = sqlgen.As(sqlgen.Cast(sqlgen.Lit(nil), c.Type), c.Name)
	}
	return sqlgen.Format("CREATE OR REPLACE VIEW sync_base AS SELECT {cols} WHERE false", sqlgen.Args{"cols": cols})
}

// match are the columns that tell one row of a ledger from another. A receiver knows people by their key alone, so
// Mirror and Upsert do too, and a profile that merged or split causes no sending; Append counts per person, until everybody
// is taken out by key.
func (c Config) match() []sqlgen.Ident {
	if c.Mode == Append && !c.RemoveMembers {
		return sqlgen.Names("key", "profile_id")
	}
	return sqlgen.Names("key")
}

// Profile ids that are gone resolve to the profile they were merged into, over any number of merges.
const moved = `CREATE OR REPLACE TABLE sync_moved AS
WITH RECURSIVE gone AS (
	SELECT DISTINCT profile_id FROM (
		SELECT profile_id FROM sync_members WHERE {segments} UNION ALL SELECT profile_id FROM sync_base
		UNION ALL SELECT profile_id FROM sync_people
	) ANTI JOIN sync_ids USING (profile_id)
), merges AS (
	SELECT from_id, arg_max(to_id, "at") AS to_id FROM sync_lineage WHERE event = 'merge' GROUP BY from_id
), walk AS (
	SELECT gone.profile_id AS old_id, merges.to_id AS new_id FROM gone JOIN merges ON merges.from_id = gone.profile_id
	UNION
	SELECT walk.old_id, merges.to_id FROM walk JOIN merges ON merges.from_id = walk.new_id
	WHERE walk.new_id NOT IN (SELECT profile_id FROM sync_ids)
)
SELECT old_id, min(new_id) AS new_id FROM walk JOIN sync_ids ON sync_ids.profile_id = walk.new_id GROUP BY old_id`

// What the base ledger says a receiver holds or refused. Nothing else of it matters to this run.
const held = `CREATE OR REPLACE TABLE sync_held AS
SELECT coalesce(v.new_id, b.profile_id) AS profile_id, b.* EXCLUDE (profile_id), b.payload IS NOT NULL AS had, false AS changed
FROM sync_base b LEFT JOIN sync_moved v ON v.old_id = b.profile_id
WHERE b.key IS NOT NULL AND (b.payload IS NOT NULL OR b.outcome = 'Rejected')
QUALIFY row_number() OVER (PARTITION BY {match} ORDER BY b.payload IS NULL, b.sent_at DESC NULLS LAST, b.profile_id) = 1`

// fold makes of sync_held and the attempts in the scratch tables a new sync_held. The last attempt at somebody gives the outcome;
// the last that was taken, or may have been, gives what the receiver holds. A failure after an uncertain attempt leaves it
// uncertain. A batch is whole, and can be sent again as it was, while everybody of it is still in that attempt's state.
const fold = `CREATE OR REPLACE TABLE sync_folded AS
WITH attempts AS (
	SELECT p.n, p.position, coalesce(v.new_id, p.profile_id) AS profile_id, p.key, p.payload, p.rank, p.reason, p.detail,
		b.run, b.batch, b.operation, o."at",
		CASE WHEN r.n IS NOT NULL THEN 'Rejected' ELSE coalesce(o.outcome, 'Uncertain') END AS outcome
	FROM sync_people p JOIN sync_batches b ON b.n = p.n LEFT JOIN sync_outcomes o ON o.n = p.n
		LEFT JOIN sync_rejected r ON r.n = p.n AND r.position = p.position LEFT JOIN sync_moved v ON v.old_id = p.profile_id
	WHERE o.outcome IS DISTINCT FROM 'Split'
), tries AS (
	SELECT {match}, max(n) AS last, max(n) FILTER (WHERE outcome IN ('Sent', 'Uncertain')) AS effective FROM attempts GROUP BY {match}
), joined AS (
	SELECT t.*, h.* RENAME (key AS h_key, profile_id AS h_profile_id, payload AS h_payload, payload_hash AS h_payload_hash,
			operation AS h_operation, outcome AS h_outcome, reason AS h_reason, detail AS h_detail, rank AS h_rank,
			sent_at AS h_sent_at, run AS h_run, batch AS h_batch)
	FROM tries t FULL JOIN sync_held h ON {same}
), together AS (
	SELECT j.*, l.profile_id AS l_profile_id, l.key AS l_key, l.payload AS l_payload, l.operation AS l_operation, l.outcome AS l_outcome,
		l.reason AS l_reason, l.detail AS l_detail, l.rank AS l_rank, l.run AS l_run, l.batch AS l_batch,
		e.payload AS e_payload, e.operation AS e_operation, e.outcome AS e_outcome, e."at" AS e_at,
		l.outcome = 'Failed' AND coalesce(e.outcome, j.h_outcome) = 'Uncertain' AS doubted
	FROM joined j LEFT JOIN attempts l ON l.n = j.last AND {last} LEFT JOIN attempts e ON e.n = j.effective AND {effective}
)
SELECT coalesce(l_profile_id, h_profile_id) AS profile_id, coalesce(l_key, h_key) AS key,
	CASE WHEN effective IS NULL THEN h_payload WHEN e_outcome = 'Sent' AND e_operation = 'remove' THEN NULL ELSE e_payload END AS payload,
	CASE WHEN last IS NULL THEN h_payload_hash WHEN l_operation = 'upsert' THEN sha256(l_payload) END AS payload_hash,
	coalesce(l_operation, h_operation) AS operation,
	CASE WHEN last IS NULL THEN h_outcome WHEN doubted THEN 'Uncertain'
		WHEN l_outcome = 'Sent' AND l_operation = 'remove' THEN 'Removed' ELSE l_outcome END AS outcome,
	CASE WHEN last IS NULL THEN h_reason ELSE l_reason END AS reason,
	CASE WHEN last IS NULL THEN h_detail ELSE l_detail END AS detail,
	CASE WHEN last IS NULL THEN h_rank ELSE l_rank END AS rank,
	coalesce(e_at, h_sent_at) AS sent_at,
	CASE WHEN last IS NULL THEN h_run ELSE l_run END AS run,
	CASE WHEN last IS NULL THEN h_batch WHEN doubted THEN NULL ELSE l_batch END AS batch,
	coalesce(had, false) AS had, coalesce(changed, false) OR last IS NOT NULL AS changed
FROM together`

const whole = `CREATE OR REPLACE TABLE sync_whole AS
WITH sizes AS (
	SELECT run, batch, max(size) AS size FROM (
		SELECT run, batch, count(*) AS size FROM sync_base WHERE outcome = 'Uncertain' GROUP BY run, batch
		UNION ALL
		SELECT run, batch, count(*) FROM sync_held WHERE outcome = 'Uncertain' GROUP BY run, batch
		UNION ALL
		SELECT b.run, b.batch, count(*) FROM sync_batches b JOIN sync_people p ON p.n = b.n GROUP BY b.n, b.run, b.batch
	) GROUP BY run, batch
), left_of AS (
	SELECT run, batch, count(*) AS size FROM sync_folded WHERE outcome = 'Uncertain' AND batch IS NOT NULL GROUP BY run, batch
)
SELECT run, batch, size FROM left_of JOIN sizes USING (run, batch, size)`

const broken = `CREATE OR REPLACE TABLE sync_held AS
SELECT f.* EXCLUDE (batch), CASE WHEN f.outcome = 'Uncertain' AND w.size IS NULL THEN NULL ELSE f.batch END AS batch
FROM sync_folded f LEFT JOIN sync_whole w ON w.run = f.run AND w.batch = f.batch`

// foldJournal folds the scratch tables into sync_held.
func (r *run) foldJournal(ctx context.Context) error {
	cols := r.match()
	on := func(a, b string) sqlgen.Expr {
		terms := []sqlgen.Expr{sqlgen.Op("=", sqlgen.Col(a, "key"), sqlgen.Col(b, "key"))}
		if len(cols) > 1 {
			terms = append(terms, sqlgen.Op("=", sqlgen.Col(a, "profile_id"), sqlgen.Col(b, "profile_id")))
		}
		return sqlgen.And(terms...)
	}
	return execAll(ctx, r.DB, sqlgen.Format(fold, sqlgen.Args{
		"match": cols, "same": on("t", "h"), "last": on("l", "j"), "effective": on("e", "j"),
	}), whole, broken)
}
