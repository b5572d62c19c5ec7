package activation

import (
	"context"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// handover gives what the receiver holds under the key of an eligible person to that person: the profile that it was sent
// for was merged, split or lost the key to another. In Append only a profile that is gone hands over.
const handover = `CREATE OR REPLACE TABLE sync_handover AS
SELECT h.key, min(h.profile_id) AS old_id, min(g.profile_id) AS new_id
FROM sync_held h JOIN sync_gates g ON g.key = h.key AND g.reason = 'Eligible' AND g.profile_id <> h.profile_id
WHERE {gone} GROUP BY h.key`

const onlyGone = `h.profile_id NOT IN (SELECT profile_id FROM sync_ids)
	AND NOT EXISTS (FROM sync_held o WHERE o.key = g.key AND o.profile_id = g.profile_id)`

const relabel = `UPDATE sync_held SET profile_id = o.new_id FROM sync_handover o
WHERE o.key = sync_held.key AND o.old_id = sync_held.profile_id`

// upserts are the eligible whom the receiver does not hold as they are now. Nobody is offered again what was rejected.
const upserts = `
SELECT 'upsert' AS operation, g.profile_id, g.key, g.payload, g.rank, 'Eligible' AS reason, NULL AS detail,
	coalesce(h.outcome = 'Uncertain', false) AS doubted,
	coalesce(h.outcome = 'Uncertain' AND h.operation = 'upsert' AND h.payload_hash = g.payload_hash, false) AS same,
	h.run AS held_run, h.batch AS held_batch, h.rank AS held_rank
FROM sync_gates g LEFT JOIN sync_held h ON h.key = g.key AND h.profile_id = g.profile_id
WHERE g.reason = 'Eligible' AND {wanted}`

const (
	wantedAlways = `(h.key IS NULL OR h.outcome NOT IN ('Sent', 'Rejected') OR h.payload_hash IS DISTINCT FROM g.payload_hash)`
	wantedOnce   = `(h.key IS NULL OR h.outcome = 'Uncertain'
		OR h.payload IS NULL AND (h.outcome <> 'Rejected' OR h.payload_hash IS DISTINCT FROM g.payload_hash))`
)

// removals are what the receiver holds, or may hold, of those who are not to be there under that key.
const removals = `
SELECT 'remove' AS operation, h.profile_id, h.key, h.payload, h.rank,
	CASE WHEN g.in_audience IS NOT TRUE THEN {left} WHEN g.reason = 'Eligible' THEN 'KeyChanged' ELSE g.reason END AS reason,
	CASE WHEN g.in_audience IS NOT TRUE THEN nullif(g.reason, 'LeftAudience') ELSE g.detail END AS detail,
	h.outcome = 'Uncertain' AS doubted, h.outcome = 'Uncertain' AND h.operation = 'remove' AS same,
	h.run AS held_run, h.batch AS held_batch, NULL AS held_rank
FROM sync_held h LEFT JOIN sync_gates g ON g.profile_id = h.profile_id
WHERE h.payload IS NOT NULL AND NOT coalesce(g.reason = 'Eligible' AND g.key = h.key, false) AND {unwanted}`

// operations puts everything to be done in the order of doing it: batches that may have been taken as they were, removals,
// then additions and updates in the order of rank.
const operations = `CREATE OR REPLACE TABLE sync_operations AS
WITH wanted AS ({wanted}), again AS (
	SELECT held_run, held_batch FROM wanted JOIN sync_whole w ON w.run = held_run AND w.batch = held_batch
	WHERE same GROUP BY held_run, held_batch, w.size HAVING count(*) = w.size
), planned AS (
	SELECT w.operation, w.profile_id, w.key, w.payload, w.reason, w.detail, w.doubted, a.held_run AS again_run, a.held_batch AS again_batch,
		CASE WHEN a.held_run IS NULL THEN w.rank ELSE w.held_rank END AS rank
	FROM wanted w LEFT JOIN again a ON w.same AND a.held_run = w.held_run AND a.held_batch = w.held_batch AND {repeats}
)
SELECT row_number() OVER (ORDER BY again_run IS NULL, again_run, again_batch, operation, CASE WHEN operation = 'upsert' THEN rank END NULLS LAST, key) AS seq, *
FROM planned ORDER BY seq`

// diff compares the gates with what the receiver holds. Only a receiver of batches can be sent one again as it was.
func (r *run) diff(ctx context.Context, repeats bool) error {
	once, gone, unwanted := sqlgen.Query(wantedAlways), sqlgen.Query("true"), sqlgen.Query("true")
	switch {
	case r.RemoveMembers:
	case r.Mode == Append:
		once, gone, unwanted = wantedOnce, onlyGone, "false"
	case r.Mode == UpsertOnly:
		unwanted = sqlgen.Format("(h.outcome = 'Uncertain' OR g.reason = 'Eligible' OR list_contains({refusals}, g.reason))", sqlgen.Args{"refusals": refusals})
	}
	wanted := sqlgen.UnionAll(sqlgen.Format(upserts, sqlgen.Args{"wanted": once}), sqlgen.Format(removals, sqlgen.Args{"unwanted": unwanted, "left": r.left()}))
	return execAll(ctx, r.DB, sqlgen.Format(handover, sqlgen.Args{"gone": gone}), relabel,
		sqlgen.Format(operations, sqlgen.Args{"wanted": wanted, "repeats": repeats}))
}
