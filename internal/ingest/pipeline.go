package ingest

import (
	"context"
	"errors"
	"io"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// job is one batch on its way: read, then made into records by any worker, then staged in the order of reading.
type job struct {
	batch   *record.Batch
	binding *record.Binding
	first   int64 // the place of its first row among all rows
	done    int64 // progress of the reading after it
	total   int64
	unit    string

	made     chan struct{} // closed when the fields below are set
	rows     [][]any
	rejected []rejected
	deleted  int64
}

// fill reads, makes records and stages them: one goroutine reads, several make records, and this one feeds the engine.
func (r *run) fill(ctx context.Context, s *stage) error {
	workers := runtime.GOMAXPROCS(0)
	g, gctx := errgroup.WithContext(ctx)
	ordered := make(chan *job, 2*workers)
	work := make(chan *job, 2*workers)
	var columns []string
	g.Go(func() (err error) {
		defer close(ordered)
		defer close(work)
		columns, err = r.read(gctx, ordered, work)
		return err
	})
	counts := make([]record.Counts, workers)
	for i := range workers {
		g.Go(func() error {
			w := r.schema.NewWorker()
			for j := range work {
				makeRecords(w, j)
			}
			counts[i] = w.Counts
			return nil
		})
	}
	g.Go(func() error {
		for j := range ordered {
			select {
			case <-j.made:
			case <-gctx.Done():
				return engine.Classify("ingest", gctx.Err())
			}
			if err := r.stageJob(ctx, s, j); err != nil {
				return err
			}
		}
		return nil
	})
	err := g.Wait()
	// The appenders are closed whatever happened: they hold connections.
	if cerr := s.close(); err == nil {
		err = cerr
	}
	for _, c := range counts {
		r.counts.Add(c)
	}
	if err == nil {
		err = r.seenAll(columns)
	}
	return err
}

// read sends each batch to the workers and, in the same order, to the stage.
func (r *run) read(ctx context.Context, ordered, work chan<- *job) ([]string, error) {
	var binding *record.Binding
	var columns []string
	next := int64(0)
	for {
		b, err := r.reading.Next(ctx)
		if errors.Is(err, io.EOF) {
			return columns, nil
		}
		if err != nil {
			return columns, err
		}
		if binding == nil || len(b.Columns) > len(columns) {
			columns = b.Columns
			if binding, err = r.schema.Bind(columns); err != nil {
				return columns, err
			}
			if err := r.checkNew(binding, b); err != nil {
				return columns, err
			}
		}
		j := &job{batch: b, binding: binding, first: next, made: make(chan struct{})}
		j.done, j.total, j.unit = r.reading.Progress()
		next += int64(len(b.Rows))
		for _, to := range []chan<- *job{work, ordered} {
			select {
			case to <- j:
			case <-ctx.Done():
				return columns, engine.Classify("ingest", ctx.Err())
			}
		}
	}
}

// checkNew refuses columns that the base does not have, where the contract wants none.
func (r *run) checkNew(b *record.Binding, batch *record.Batch) error {
	if r.cfg.Contract.OnSchemaChange != record.RejectChanges || r.base == nil || r.anew {
		return nil
	}
	for _, name := range b.Extra() {
		if !r.baseHas(name) {
			return fault.New(fault.SchemaChanged, "DataSource %s: %s has the new column %q, and contract.onSchemaChange is Reject; declare it in fields, or allow new columns with Extend",
				r.cfg.Name, batch.Rows[0].File, name)
		}
	}
	return nil
}

func (r *run) baseHas(name string) bool {
	for _, c := range r.columns {
		if strings.EqualFold(c.Name, name) {
			return true
		}
	}
	return false
}

// makeRecords makes the records of a batch.
func makeRecords(w *record.Worker, j *job) {
	defer close(j.made)
	width := leading + j.binding.Width()
	arena := make([]any, width*len(j.batch.Rows))
	j.rows = make([][]any, 0, len(j.batch.Rows))
	for i := range j.batch.Rows {
		row := &j.batch.Rows[i]
		out := arena[i*width : (i+1)*width : (i+1)*width]
		rec, rejection := w.Make(j.binding, row, out[leading:])
		if rejection != nil {
			j.rejected = append(j.rejected, rejected{*rejection, row.File, row.Number})
			continue
		}
		if rec.Deleted {
			j.deleted++
		}
		out[0], out[1], out[2], out[3], out[4] = j.first+int64(i), rec.Key, rec.Time, rec.Deleted, rec.Invalid
		j.rows = append(j.rows, out)
	}
	j.batch.Rows = nil
}

func (r *run) stageJob(ctx context.Context, s *stage, j *job) error {
	if err := s.extend(ctx, j.binding.Extra()); err != nil {
		return err
	}
	for _, row := range j.rows {
		if err := s.rows.Append(row...); err != nil {
			return err
		}
	}
	for _, x := range j.rejected {
		if r.cfg.Contract.OnViolation == record.Reject {
			return fault.New(fault.ContractViolated, "DataSource %s: %s row %d: %s; contract.onViolation is Reject, so nothing was taken", r.cfg.Name, x.file, x.row, x.Reason)
		}
		r.counts.Quarantined[x.Rule]++
		if err := s.reject(x); err != nil {
			return err
		}
	}
	s.count += int64(len(j.rows))
	r.counts.Read += int64(len(j.rows) + len(j.rejected))
	r.counts.Deleted += j.deleted
	if r.env.Progress != nil {
		r.env.Progress(j.done, j.total, j.unit)
	}
	return nil
}

// seenAll fails when, in everything that was read first, a declared column never came up: that is a wrong name. Connectors that
// know their columns beforehand have checked it for each file.
func (r *run) seenAll(columns []string) error {
	if r.base != nil && !r.anew || r.counts.Read == 0 {
		return nil
	}
	return record.CheckColumns("DataSource "+r.cfg.Name+": the input", columns, r.schema.Required())
}
