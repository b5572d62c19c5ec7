package activation

import (
	"context"
	"maps"
	"slices"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// unattempted is what was planned and, because the receiver went away, not tried. It has failed, unless it was in doubt before:
// then it stays so.
const unattempted sqlgen.Query = `
SELECT o.* FROM sync_operations o WHERE NOT o.doubted AND NOT EXISTS (
	FROM sync_people p JOIN sync_batches b ON b.n = p.n LEFT JOIN sync_outcomes u ON u.n = p.n
	WHERE p.key = o.key AND p.profile_id = o.profile_id AND b.operation = o.operation AND u.outcome IS DISTINCT FROM 'Split')`

// settle gives operations an outcome that no journal entry tells. The numbers from n on are free.
func (r *run) settle(ctx context.Context, n int64, people sqlgen.Query, outcome string) error {
	for i, op := range []Operation{Upsert, Remove} {
		a := sqlgen.Args{"n": n + int64(i), "run": r.Plan.Run, "op": string(op), "outcome": outcome, "people": people, "at": nil}
		if outcome == outcomeSent {
			a["at"] = now()
		}
		err := execAll(ctx, r.DB,
			sqlgen.Format(`INSERT INTO sync_people SELECT {n}, 0, profile_id, key, payload, rank, reason, detail FROM ({people}) WHERE operation = {op}`, a),
			sqlgen.Format("INSERT INTO sync_batches VALUES ({n}, {run}, NULL, '', {op})", a),
			sqlgen.Format("INSERT INTO sync_outcomes VALUES ({n}, {outcome}, {at})", a))
		if err != nil {
			return err
		}
	}
	return nil
}

// ledger is the new content: what is or was at the receiver, and the others of the audience, who are withheld. Of what
// somebody who may not be sent has at the receiver one row has the gate's reason, so that the reasons of the audience sum.
// What failed or was rejected and is not to be done any more leaves behind what the receiver holds. Who was taken out has no rank.
const ledger = `CREATE OR REPLACE TABLE sync_ledger AS
WITH kept AS (
	SELECT h.*, g.reason AS gate, g.detail AS gate_detail, g.rank AS gate_rank, coalesce(g.in_audience, false) AS in_audience,
		coalesce(g.reason = 'Eligible' AND g.key = h.key, false) AS current, o.seq IS NOT NULL AS open
	FROM sync_held h LEFT JOIN sync_gates g ON g.profile_id = h.profile_id
		LEFT JOIN sync_operations o ON o.key = h.key AND o.profile_id = h.profile_id
	WHERE h.payload IS NOT NULL OR h.outcome = 'Removed' AND h.changed
		OR h.outcome IN ('Rejected', 'Failed') AND g.reason = 'Eligible' AND g.key = h.key
), first AS (
	SELECT profile_id, min(key) AS key FROM kept WHERE in_audience AND gate <> 'Eligible' GROUP BY profile_id
), told AS (
	SELECT k.*, NOT current AND NOT open AND outcome IN ('Failed', 'Rejected') AS over,
		CASE WHEN NOT in_audience THEN {left} WHEN current THEN 'Eligible' WHEN f.key IS NULL THEN 'KeyChanged' ELSE gate END AS now_reason
	FROM kept k LEFT JOIN first f ON f.profile_id = k.profile_id AND f.key = k.key
)
SELECT profile_id, key, payload, CASE WHEN over THEN sha256(payload) ELSE payload_hash END AS payload_hash, operation,
	CASE WHEN over THEN 'Sent' ELSE outcome END AS outcome, now_reason AS reason,
	CASE WHEN NOT in_audience THEN nullif(gate, 'LeftAudience') WHEN now_reason = gate THEN gate_detail END AS detail,
	CASE WHEN outcome = 'Removed' THEN NULL WHEN current AND NOT (outcome = 'Uncertain' AND batch IS NOT NULL) THEN gate_rank ELSE rank END AS rank,
	sent_at, run, batch, had, changed AND NOT over AS changed, open
FROM told
UNION ALL
SELECT g.profile_id, NULL, NULL, NULL, NULL, 'Withheld', g.reason, g.detail, g.rank, NULL, NULL, NULL, false, false, false
FROM sync_gates g ANTI JOIN first f ON f.profile_id = g.profile_id WHERE g.in_audience AND g.reason <> 'Eligible'`

// deadLetters are the people whom the receiver rejected, as the loaded journals tell.
const deadLetters = `
SELECT p.profile_id, p.key, CASE WHEN b.operation = 'upsert' THEN p.payload END AS payload, r.status, r.reason, b.run, o."at"
FROM sync_rejected r JOIN sync_people p ON p.n = r.n AND p.position = r.position
	JOIN sync_batches b ON b.n = r.n JOIN sync_outcomes o ON o.n = r.n`

var deadLetterColumns = []lake.Column{
	{Name: "profile_id", Type: sqlgen.String}, {Name: "key", Type: sqlgen.String},
	{Name: "payload", Type: sqlgen.String}, // as offered; null for a removal
	{Name: "status", Type: sqlgen.Integer}, {Name: "reason", Type: sqlgen.String},
	{Name: "run", Type: sqlgen.String}, {Name: "at", Type: sqlgen.Timestamp},
}

// Result counts people, against the ledger that the run built on: a run that was killed and taken up again counts the same
// as one that was not.
type Result struct {
	Audience int64            `json:"audience"`
	Reasons  map[string]int64 `json:"reasons"` // of the audience; they sum to it
	Eligible int64            `json:"eligible"`

	Sent      int64 `json:"sent"` // eligible, and the receiver has them as they are now
	Added     int64 `json:"added"`
	Updated   int64 `json:"updated"`
	Removed   int64 `json:"removed"`
	Unchanged int64 `json:"unchanged"` // eligible, and the receiver had them as they are
	Rejected  int64 `json:"rejected"`  // refused by the receiver, in this run or earlier and not offered again
	Failed    int64 `json:"failed"`    // not delivered; the next run tries again
	Uncertain int64 `json:"uncertain"` // perhaps delivered; the next run finds out

	Refused  int64 `json:"refused"` // new dead letters
	Requests int64 `json:"requests"`
	Retries  int64 `json:"retries"`
}

// count reads the result from the gates and the new ledger.
func (r *run) count(ctx context.Context, out *Result) error {
	out.Reasons = map[string]int64{}
	err := r.DB.Rows(ctx, "SELECT reason, count(*) FROM sync_gates WHERE in_audience GROUP BY reason", func(scan func(...any) error) error {
		var reason string
		var n int64
		err := scan(&reason, &n)
		out.Reasons[reason] = n
		out.Audience += n
		return err
	})
	if err != nil {
		return err
	}
	out.Eligible = out.Reasons[Eligible]
	return r.DB.Row(ctx, `SELECT count(*) FILTER (WHERE outcome = 'Sent' AND reason = 'Eligible'),
		count(*) FILTER (WHERE outcome = 'Sent' AND changed AND NOT had), count(*) FILTER (WHERE outcome = 'Sent' AND changed AND had),
		count(*) FILTER (WHERE outcome = 'Removed'), count(*) FILTER (WHERE outcome = 'Sent' AND NOT changed AND reason = 'Eligible'),
		count(*) FILTER (WHERE outcome = 'Rejected'), count(*) FILTER (WHERE outcome = 'Failed'), count(*) FILTER (WHERE outcome = 'Uncertain' AND open)
		FROM sync_ledger`, &out.Sent, &out.Added, &out.Updated, &out.Removed, &out.Unchanged, &out.Rejected, &out.Failed, &out.Uncertain)
}

// commit writes the ledger and the dead letters and makes them visible.
func (r *run) commit(ctx context.Context, tx *lake.Tx, res Result, state string) error {
	cols := make([]sqlgen.Expr, len(ledgerColumns))
	for i, c := range ledgerColumns {
		cols[i] = sqlgen.Col(c.Name)
	}
	_, err := tx.Replace(ctx, ledgerTable(r.name()), ledgerColumns, sqlgen.Format("SELECT {cols} FROM sync_ledger ORDER BY profile_id, key", sqlgen.Args{"cols": cols}))
	if err != nil {
		return err
	}
	letters := deadLettersTable(r.name())
	if _, ok := tx.Base().Version(letters); ok && res.Refused == 0 {
		err = tx.Keep(letters)
	} else {
		_, err = tx.Append(ctx, letters, deadLetterColumns, "SELECT * FROM sync_dead_letters")
	}
	if err != nil {
		return err
	}
	_, err = tx.Commit(ctx, res.outputs(), state)
	return err
}

// outputs are the counts that every reader of the revision finds.
func (res Result) outputs() []lake.Output {
	out := []lake.Output{
		{Name: "audience", Rows: res.Audience},
		{Name: "sent", Rows: res.Sent, Added: res.Added, Removed: res.Removed},
		{Name: "updated", Rows: res.Updated}, {Name: "rejected", Rows: res.Rejected},
		{Name: "failed", Rows: res.Failed}, {Name: "uncertain", Rows: res.Uncertain},
	}
	for _, reason := range slices.Sorted(maps.Keys(res.Reasons)) {
		if reason != Eligible {
			out = append(out, lake.Output{Name: "reason/" + reason, Rows: res.Reasons[reason]})
		}
	}
	return out
}
