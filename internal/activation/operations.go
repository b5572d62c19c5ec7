package activation

import (
	"context"
	"encoding/json"
	"iter"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// operationPage is how many operations are in memory at a time.
const operationPage = 10_000

// operationRow is a row of sync_operations.
type operationRow struct {
	operation Operation
	person    person
	againRun  string // with againBatch, the batch to repeat
	again     int64
}

// operations gives what is to be done, in order. Pages keep the engine free between them: sending takes its time.
func (r *run) operations(ctx context.Context) iter.Seq2[operationRow, error] {
	return func(yield func(operationRow, error) bool) {
		for from := int64(0); ; from += operationPage {
			page, err := r.operationPage(ctx, from)
			if err != nil {
				yield(operationRow{}, err)
				return
			}
			for _, o := range page {
				if !yield(o, nil) {
					return
				}
			}
			if len(page) < operationPage {
				return
			}
		}
	}
}

func (r *run) operationPage(ctx context.Context, from int64) ([]operationRow, error) {
	q := sqlgen.Format(`SELECT operation, profile_id, key, payload, rank, reason, coalesce(detail, ''), coalesce(again_run, ''), coalesce(again_batch, 0)
		FROM sync_operations WHERE seq > {from} AND seq <= {to} ORDER BY seq`, sqlgen.Args{"from": from, "to": from + operationPage})
	var out []operationRow
	err := r.DB.Rows(ctx, q, func(scan func(...any) error) error {
		var o operationRow
		var payload string
		p := &o.person
		if err := scan(&o.operation, &p.Profile, &p.Key, &payload, &p.Rank, &p.Reason, &p.Detail, &o.againRun, &o.again); err != nil {
			return err
		}
		p.Payload = json.RawMessage(payload)
		out = append(out, o)
		return nil
	})
	return out, err
}

// batches groups operations: a batch to repeat stays as it was, the others have one operation and at most size people.
func batches(rows iter.Seq2[operationRow, error], size int) iter.Seq2[batch, error] {
	return func(yield func(batch, error) bool) {
		var b batch
		for o, err := range rows {
			if err != nil {
				yield(b, err)
				return
			}
			again := o.againRun != ""
			same := b.operation == o.operation && b.again == again && b.run == o.againRun && b.ordinal == o.again
			if len(b.people) > 0 && (!same || !again && len(b.people) == size) {
				if !yield(b, nil) {
					return
				}
				b.people = nil
			}
			b.operation, b.again, b.run, b.ordinal = o.operation, again, o.againRun, o.again
			b.people = append(b.people, o.person)
		}
		if len(b.people) > 0 {
			yield(b, nil)
		}
	}
}
