package activation

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// publish gives a Publisher the whole audience (Mirror) or this run's changes.
func (r *run) publish(ctx context.Context, p Publisher, log *journal, died *dead, first bool) (ending, error) {
	var changes int64
	if err := r.DB.Row(ctx, "SELECT count(*) FROM sync_operations", &changes); err != nil {
		return ending{}, err
	}
	if r.Mode == Mirror {
		return r.publishSnapshot(ctx, p, log, changes > 0 || first || died.dirty)
	}
	if changes == 0 {
		return ending{}, nil
	}
	return ending{}, r.publishChanges(ctx, p, log, died, changes)
}

// publishSnapshot replaces the audience at the destination when it changed, or is not there. The journal tells that the
// destination may be ahead of the ledger, so that a run after one that died does it again.
func (r *run) publishSnapshot(ctx context.Context, p Publisher, log *journal, changed bool) (ending, error) {
	if !changed {
		if r.RemoveMembers { // a file that is gone is as good as an empty one
			return ending{}, nil
		}
		there, err := p.Published(ctx, "")
		if err != nil || there {
			return ending{}, err
		}
	}
	if err := log.append(&entry{Kind: entryPublish}, true); err != nil {
		return ending{}, err
	}
	crash.At(crash.JournalBatch)
	err := r.DB.Exec(ctx, `CREATE OR REPLACE TABLE sync_snapshot AS
		SELECT row_number() OVER (ORDER BY rank NULLS LAST, key) AS seq, payload FROM sync_gates WHERE reason = 'Eligible' ORDER BY seq`)
	if err != nil {
		return ending{}, err
	}
	if err := p.Publish(ctx, Publication{Columns: r.columns()}, r.snapshot(ctx)); err != nil {
		return ending{}, err
	}
	crash.At(crash.DeliverySent)
	return ending{people: "SELECT * FROM sync_operations", outcome: outcomeSent}, nil
}

// snapshot streams the eligible people in the order of their rank.
func (r *run) snapshot(ctx context.Context) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		for from := int64(0); ; from += operationPage {
			var page []Change
			q := sqlgen.Format("SELECT payload FROM sync_snapshot WHERE seq > {from} AND seq <= {to} ORDER BY seq", sqlgen.Args{"from": from, "to": from + operationPage})
			err := r.DB.Rows(ctx, q, func(scan func(...any) error) error {
				var payload string
				err := scan(&payload)
				page = append(page, Change{Operation: Upsert, Record: json.RawMessage(payload)})
				return err
			})
			if err != nil {
				yield(Change{}, err)
				return
			}
			for _, c := range page {
				if !yield(c, nil) {
					return
				}
			}
			if len(page) < operationPage {
				return
			}
		}
	}
}

// publishChanges writes who is in the publication to the journal, publishes it, and writes that it was.
func (r *run) publishChanges(ctx context.Context, p Publisher, log *journal, died *dead, total int64) error {
	ordinal := died.last[r.Plan.Run]
	id := r.Plan.Run
	if ordinal > 0 { // an earlier attempt of this run published something: it stays
		id = fmt.Sprintf("%s-%d", r.Plan.Run, ordinal+1)
	}
	var written []int64
	for b, err := range batches(r.operations(ctx), r.Delivery.BatchSize) {
		if err != nil {
			return err
		}
		ordinal++
		e := &entry{Kind: entryBatch, Run: r.Plan.Run, Batch: ordinal, Publication: id, Operation: b.operation, People: b.people}
		if err := log.append(e, false); err != nil {
			return err
		}
		written = append(written, e.N)
	}
	if err := log.flush(); err != nil {
		return err
	}
	crash.At(crash.JournalBatch)
	err := p.Publish(ctx, Publication{ID: id, Columns: r.columns(), Operations: r.Mode != Append}, r.changes(ctx, total))
	if err != nil {
		return err
	}
	crash.At(crash.DeliverySent)
	at := now()
	for _, n := range written {
		if err := log.append(&entry{Kind: entryOutcome, Of: n, Outcome: outcomeSent, At: at}, false); err != nil {
			return err
		}
	}
	if err := log.flush(); err != nil {
		return err
	}
	crash.At(crash.JournalOutcome)
	return nil
}

func (r *run) changes(ctx context.Context, total int64) iter.Seq2[Change, error] {
	return func(yield func(Change, error) bool) {
		done := int64(0)
		for o, err := range r.operations(ctx) {
			var c Change
			if err == nil {
				c.Operation = o.operation
				c.Record, err = r.record(o.operation, o.person)
			}
			if !yield(c, err) || err != nil {
				return
			}
			if done++; done%operationPage == 0 || done == total {
				r.progress(done, total)
			}
		}
	}
}

// resolvePublished finds out what became of publications whose run died before it could say: they are there or they are not. One that is not
// may have been there and been fetched, so its people stay in doubt.
func (r *run) resolvePublished(ctx context.Context, p Publisher) error {
	var ids []string
	err := r.DB.Rows(ctx, "SELECT DISTINCT publication FROM sync_batches WHERE publication <> '' AND n NOT IN (SELECT n FROM sync_outcomes)", func(scan func(...any) error) error {
		var id string
		err := scan(&id)
		ids = append(ids, id)
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range ids {
		there, err := p.Published(ctx, id)
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		err = r.DB.Exec(ctx, sqlgen.Format("INSERT INTO sync_outcomes SELECT n, {sent}, {now} FROM sync_batches WHERE publication = {id} AND n NOT IN (SELECT n FROM sync_outcomes)",
			sqlgen.Args{"sent": outcomeSent, "now": now(), "id": id}))
		if err != nil {
			return err
		}
	}
	return nil
}
