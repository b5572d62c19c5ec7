// Package ingest runs one DataSource: it reads what its connector has and the last run has not seen, checks the contract,
// normalises, and commits rows, quarantined rows and the connector's state together as one revision of the tables
// source.<name> and quarantine.<name>. A run that dies or fails changes nothing.
//
// What does not live here: connectors (connectors/...), what is known about one record (record), forms of values (normalise).
package ingest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/lake"
)

// Progress is told how far a run is; total 0 means that nobody knows.
type Progress func(done, total int64, unit string)

// Env is what a run works with.
type Env struct {
	Lake     *lake.Lake
	DB       *engine.DB
	Plan     lake.Plan
	Progress Progress // may be nil
}

// Result is what a run did.
type Result struct {
	Revision *lake.Revision
	Counts   Counts
}

// Counts are the rows of a run. All of them are in the outputs of the revision too.
type Counts struct {
	Read        int64            // rows of the input, broken ones included
	Written     int64            // rows that are new in the table or new for their key
	Duplicates  int64            // rows that lost against another of their key, or, with Append, whose key was there
	Deleted     int64            // rows that say that their source has deleted the record
	Quarantined map[string]int64 // by rule
	record.Counts
}

// state is the State of a revision.
type state struct {
	Shape  string   `json:"shape"`         // hash of what makes records of the same input
	Key    []string `json:"key,omitempty"` // the columns that made _key
	Source string   `json:"source"`        // the connector's own
	// Retracted: the tables were emptied because the DataSource was deleted.
	Retracted bool `json:"retracted,omitempty"`
}

func shapeOf(s *record.Schema, src record.Source) string {
	return fmt.Sprintf("%016x", xxhash.Sum64String(s.Shape()+"\x00"+src.Describe()))
}

func decodeState(name string, base *lake.Revision) (state, error) {
	var st state
	if base == nil {
		return st, nil
	}
	if err := json.Unmarshal([]byte(base.State), &st); err != nil {
		return st, fault.New(fault.LakeCorrupt, "DataSource %s: the state of revision %s can't be read: %w", name, base.Run, err)
	}
	return st, nil
}

// Poll says, without reading rows, whether the source has anything that base, its latest revision or nil, has not.
func Poll(ctx context.Context, cfg record.Config, src record.Source, base *lake.Revision) (changed bool, err error) {
	schema, err := record.Compile(cfg)
	if err != nil {
		return false, err
	}
	st, err := decodeState(cfg.Name, base)
	if err != nil {
		return false, err
	}
	if base == nil || st.Shape != shapeOf(schema, src) {
		return true, nil
	}
	reading, err := src.Plan(ctx, request(cfg, schema, st.Source))
	if err != nil {
		return false, err
	}
	return reading.Changed(), reading.Close()
}

func request(cfg record.Config, schema *record.Schema, state string) record.Request {
	return record.Request{State: state, Load: cfg.Load, Keyed: len(cfg.Key) > 0, Required: schema.Required()}
}

// run is one run at work.
type run struct {
	env     Env
	cfg     record.Config
	schema  *record.Schema
	tx      *lake.Tx
	base    *lake.Revision
	columns []lake.Column // of the base's source table
	// anew means that the declaration has changed since the base, so that everything is read again; carry, that rows of the
	// base which were not read again stay.
	anew, carry bool
	reading     record.Reading
	counts      Counts
}

// Run reads a DataSource and commits. Where nothing has changed it commits a revision with the tables as they were.
func Run(ctx context.Context, env Env, cfg record.Config, src record.Source) (Result, error) {
	schema, err := record.Compile(cfg)
	if err != nil {
		return Result{}, err
	}
	tx, err := env.Lake.Begin(ctx, env.DB, env.Plan)
	if err != nil {
		return Result{}, err
	}
	defer tx.Rollback()
	if done := tx.Done(); done != nil {
		return Result{Revision: done}, nil
	}
	r := &run{env: env, cfg: cfg, schema: schema, tx: tx, base: tx.Base(), counts: Counts{Quarantined: map[string]int64{}}}
	st, err := decodeState(cfg.Name, r.base)
	if err != nil {
		return Result{}, err
	}
	shape := shapeOf(schema, src)
	r.anew = r.base != nil && st.Shape != shape
	r.carry = r.base != nil && cfg.Load != record.Snapshot && slices.Equal(st.Key, cfg.Key)
	if r.base != nil {
		if r.columns, err = env.Lake.Columns(ctx, r.base, r.sourceTable()); err != nil {
			return Result{}, err
		}
	}
	if r.anew {
		st.Source = ""
	}
	if r.reading, err = src.Plan(ctx, request(cfg, schema, st.Source)); err != nil {
		return Result{}, err
	}
	defer func() { _ = r.reading.Close() }()
	rev, err := r.work(ctx, shape)
	return Result{Revision: rev, Counts: r.counts}, err
}

func (r *run) sourceTable() lake.Table     { return lake.Table{Schema: "source", Name: r.cfg.Name} }
func (r *run) quarantineTable() lake.Table { return lake.Table{Schema: "quarantine", Name: r.cfg.Name} }

func (r *run) work(ctx context.Context, shape string) (*lake.Revision, error) {
	var rows lake.Output
	if r.base != nil && !r.anew && !r.reading.Changed() {
		for _, t := range []lake.Table{r.sourceTable(), r.quarantineTable()} {
			if err := r.tx.Keep(t); err != nil {
				return nil, err
			}
		}
		v, _ := r.base.Version(r.sourceTable())
		rows = lake.Output{Name: "rows", Rows: v.Rows}
	} else {
		s, err := newStage(ctx, r.env.DB, r.schema)
		if err != nil {
			return nil, err
		}
		defer s.drop(ctx)
		if err := r.fill(ctx, s); err != nil {
			return nil, err
		}
		if err := r.judge(s); err != nil {
			return nil, err
		}
		crash.At(crash.IngestStaged)
		if rows, err = r.write(ctx, s); err != nil {
			return nil, err
		}
	}
	source, err := r.reading.State()
	if err != nil {
		return nil, fault.New(fault.Internal, "DataSource %s: write the state: %w", r.cfg.Name, err)
	}
	text, err := json.Marshal(state{Shape: shape, Key: r.cfg.Key, Source: source})
	if err != nil {
		return nil, fault.New(fault.Internal, "DataSource %s: write the state: %w", r.cfg.Name, err)
	}
	return r.tx.Commit(ctx, r.counts.outputs(rows), string(text))
}

// judge fails a run that reads too many rows which it can't keep.
func (r *run) judge(s *stage) error {
	total := r.counts.quarantined()
	limit := r.cfg.Contract.MaxQuarantinePercent
	if float64(total)*100 <= limit*float64(r.counts.Read) {
		return nil
	}
	return fault.New(fault.ContractViolated,
		"DataSource %s: %d of %d rows can't be kept, more than contract.maxQuarantinePercent %g allows, so none was taken; rows by rule: %s; the first is %s row %d, rule %s: %s",
		r.cfg.Name, total, r.counts.Read, limit, listed(r.counts.Quarantined), s.first.file, s.first.row, s.first.Rule, s.first.Reason)
}
