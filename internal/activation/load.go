package activation

import (
	"context"
	"errors"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// The scratch tables that journals are read into. n identifies an attempt at a batch; an attempt without an outcome was
// cut short by the death of its run.
var journalTables = []sqlgen.Query{
	`CREATE OR REPLACE TABLE sync_batches (n BIGINT, run VARCHAR, batch BIGINT, publication VARCHAR, operation VARCHAR)`,
	`CREATE OR REPLACE TABLE sync_people (n BIGINT, position BIGINT, profile_id VARCHAR, key VARCHAR, payload VARCHAR,
		rank BIGINT, reason VARCHAR, detail VARCHAR)`,
	`CREATE OR REPLACE TABLE sync_outcomes (n BIGINT, outcome VARCHAR, "at" TIMESTAMPTZ)`,
	`CREATE OR REPLACE TABLE sync_rejected (n BIGINT, position BIGINT, status BIGINT, reason VARCHAR)`,
}

func execAll(ctx context.Context, db *engine.DB, queries ...sqlgen.Query) error {
	for _, q := range queries {
		if err := db.Exec(ctx, q); err != nil {
			return err
		}
	}
	return nil
}

// loader appends the entries of journals to the scratch tables.
type loader struct {
	batches, people, outcomes, rejected *engine.Appender

	origin string
	dirty  bool             // a snapshot was about to be replaced, and no ledger says whether it was
	last   map[string]int64 // the highest batch of each run
}

func newLoader(ctx context.Context, db *engine.DB) (*loader, error) {
	l := &loader{last: map[string]int64{}}
	for table, a := range map[string]**engine.Appender{
		"sync_batches": &l.batches, "sync_people": &l.people, "sync_outcomes": &l.outcomes, "sync_rejected": &l.rejected,
	} {
		var err error
		if *a, err = db.Appender(ctx, table); err != nil {
			return nil, errors.Join(err, l.close())
		}
	}
	return l, nil
}

func (l *loader) close() error {
	var errs []error
	for _, a := range []*engine.Appender{l.batches, l.people, l.outcomes, l.rejected} {
		if a != nil {
			errs = append(errs, a.Close())
		}
	}
	return errors.Join(errs...)
}

func (l *loader) add(e *entry) error {
	switch e.Kind {
	case entryOpened:
		l.origin = e.Origin
	case entryPublish:
		l.dirty = true
	case entryBatch:
		return l.addBatch(e)
	case entryOutcome:
		var at any
		if !e.At.IsZero() {
			at = e.At
		}
		for _, r := range e.Rejected {
			if err := l.rejected.Append(e.Of, r.Position, r.Status, r.Reason); err != nil {
				return err
			}
		}
		return l.outcomes.Append(e.Of, e.Outcome, at)
	}
	return nil
}

func (l *loader) addBatch(e *entry) error {
	l.last[e.Run] = max(l.last[e.Run], e.Batch)
	if err := l.batches.Append(e.N, e.Run, e.Batch, e.Publication, string(e.Operation)); err != nil {
		return err
	}
	for i, p := range e.People {
		var rank any
		if p.Rank != nil {
			rank = *p.Rank
		}
		if err := l.people.Append(e.N, i, p.Profile, p.Key, string(p.Payload), rank, p.Reason, p.Detail); err != nil {
			return err
		}
	}
	return nil
}

// dead is what journals of earlier runs, or of an earlier attempt of this one, left.
type dead struct {
	runs   []string
	origin string
	dirty  bool
	last   map[string]int64
	size   int64 // of the valid part of this run's own journal
}

// loadDead reads every journal that is there into fresh scratch tables.
func loadDead(ctx context.Context, db *engine.DB, j *journals, own string) (*dead, error) {
	if err := execAll(ctx, db, journalTables...); err != nil {
		return nil, err
	}
	runs, err := j.runs()
	if err != nil {
		return nil, err
	}
	l, err := newLoader(ctx, db)
	if err != nil {
		return nil, err
	}
	out := &dead{runs: runs, last: l.last}
	for _, run := range runs {
		size, err := j.scan(run, 0, l.add)
		if err != nil {
			return nil, errors.Join(err, l.close())
		}
		if run == own {
			out.size = size
		}
	}
	out.origin, out.dirty = l.origin, l.dirty
	return out, l.close()
}

// loadOwn empties the scratch tables and reads into them what this process wrote.
func loadOwn(ctx context.Context, db *engine.DB, j *journals, own string, from int64) error {
	if err := execAll(ctx, db, journalTables...); err != nil {
		return err
	}
	l, err := newLoader(ctx, db)
	if err != nil {
		return err
	}
	_, err = j.scan(own, from, l.add)
	return errors.Join(err, l.close())
}
