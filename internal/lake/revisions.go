package lake

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var runsColumns = []Column{
	{Name: "run", Type: sqlgen.String},
	{Name: "task", Type: sqlgen.String},
	{Name: "kind", Type: sqlgen.String},
	{Name: "subject", Type: sqlgen.String},
	{Name: "serial", Type: sqlgen.Integer},
	{Name: "plan_hash", Type: sqlgen.String},
	{Name: "now", Type: sqlgen.Timestamp},
	{Name: "committed_at", Type: sqlgen.Timestamp},
	{Name: "inputs", Type: sqlgen.String},
	{Name: "tables", Type: sqlgen.String},
	{Name: "outputs", Type: sqlgen.String},
	{Name: "state", Type: sqlgen.String},
}

// Revisions lists every revision that is kept, oldest first.
func (l *Lake) Revisions(ctx context.Context) ([]Revision, error) {
	if err := ctx.Err(); err != nil {
		return nil, engine.Classify("read the revisions", err)
	}
	s, err := l.load(Runs)
	if err != nil || s == nil {
		return nil, err
	}
	revs, _, err := l.revisionsOf(s)
	return revs, err
}

// Latest is the newest revision of a subject by a task, nil when there is none.
func (l *Lake) Latest(ctx context.Context, task, kind, subject string) (*Revision, error) {
	revs, err := l.Revisions(ctx)
	if err != nil {
		return nil, err
	}
	return latest(revs, task, kind, subject), nil
}

func latest(revs []Revision, task, kind, subject string) *Revision {
	for i := len(revs) - 1; i >= 0; i-- {
		if r := &revs[i]; r.Task == task && r.Kind == kind && r.Subject == subject {
			return r
		}
	}
	return nil
}

func byRun(revs []Revision, run string) *Revision {
	for i := range revs {
		if revs[i].Run == run {
			return &revs[i]
		}
	}
	return nil
}

// revisionsOf reads the rows that a version of kith.runs has, and the paths of its files as recorded.
func (l *Lake) revisionsOf(s *state) ([]Revision, []string, error) {
	head := s.meta.CurrentSnapshot()
	if head == nil {
		return nil, nil, nil
	}
	l.mu.Lock()
	known := l.revs
	l.mu.Unlock()
	if known.list == head.ManifestList {
		return slices.Clone(known.rows), known.paths, nil
	}
	c, err := s.content(head)
	if err != nil {
		return nil, nil, err
	}
	if len(c.deletes) > 0 {
		return nil, nil, s.foreign("delete files")
	}
	found := revisions{list: head.ManifestList}
	for _, f := range c.data {
		path := s.local(f.FilePath())
		rows, err := l.runsFile(path)
		if err != nil {
			return nil, nil, fault.New(fault.LakeCorrupt, "the revisions in %s can't be read; restore the lake from a copy: %w", path, err)
		}
		found.paths, found.rows = append(found.paths, f.FilePath()), append(found.rows, rows...)
	}
	slices.SortStableFunc(found.rows, func(a, b Revision) int {
		return cmp.Or(a.CommittedAt.Compare(b.CommittedAt), cmp.Compare(a.Run, b.Run))
	})
	l.forget(s, found.paths)
	l.mu.Lock()
	l.revs = found
	l.mu.Unlock()
	return slices.Clone(found.rows), found.paths, nil
}

// forget drops cached files that the table no longer lists.
func (l *Lake) forget(s *state, paths []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.files) <= 2*len(paths)+16 {
		return
	}
	kept := map[string][]Revision{}
	for _, p := range paths {
		if rows, ok := l.files[s.local(p)]; ok {
			kept[s.local(p)] = rows
		}
	}
	l.files = kept
}

// runsFile reads one file of kith.runs, once.
func (l *Lake) runsFile(path string) ([]Revision, error) {
	l.mu.Lock()
	rows, ok := l.files[path]
	l.mu.Unlock()
	if ok {
		return rows, nil
	}
	rows, err := readRuns(path)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.files[path] = rows
	l.mu.Unlock()
	return rows, nil
}

func readRuns(path string) (_ []Revision, err error) {
	pf, err := file.OpenParquetFile(path, false)
	if err != nil {
		return nil, err
	}
	defer func() { _ = pf.Close() }()
	reader, err := pqarrow.NewFileReader(pf, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		return nil, err
	}
	tbl, err := reader.ReadTable(context.Background())
	if err != nil {
		return nil, err
	}
	defer tbl.Release()
	batches := array.NewTableReader(tbl, 0)
	defer batches.Release()
	var out []Revision
	for batches.Next() {
		b := batches.RecordBatch()
		for i := range int(b.NumRows()) {
			r, err := decodeRevision(b, i)
			if err != nil {
				return nil, err
			}
			out = append(out, r)
		}
	}
	return out, batches.Err()
}

func decodeRevision(b arrow.RecordBatch, row int) (Revision, error) {
	text := map[string]string{}
	numbers := map[string]int64{}
	for i, f := range b.Schema().Fields() {
		switch c := b.Column(i).(type) {
		case *array.String:
			if c.IsValid(row) {
				text[f.Name] = c.Value(row)
			}
		case *array.Int64:
			if c.IsValid(row) {
				numbers[f.Name] = c.Value(row)
			}
		case *array.Timestamp:
			if c.IsValid(row) {
				numbers[f.Name] = int64(c.Value(row))
			}
		}
	}
	r := Revision{
		Run: text["run"], Task: text["task"], Kind: text["kind"], Subject: text["subject"], Serial: numbers["serial"],
		PlanHash: text["plan_hash"], Now: time.UnixMicro(numbers["now"]).UTC(), CommittedAt: time.UnixMicro(numbers["committed_at"]).UTC(),
		State: text["state"],
	}
	for column, to := range map[string]any{"inputs": &r.Inputs, "tables": &r.Tables, "outputs": &r.Outputs} {
		if err := json.Unmarshal([]byte(text[column]), to); err != nil {
			return r, err
		}
	}
	return r, nil
}

// revisionRows is a query whose result is the rows of the revisions.
func revisionRows(revs []Revision) (sqlgen.Query, error) {
	rows := make([]sqlgen.Query, len(revs))
	for i, r := range revs {
		text := map[string]string{}
		for column, from := range map[string]any{"inputs": r.Inputs, "tables": r.Tables, "outputs": r.Outputs} {
			b, err := json.Marshal(from)
			if err != nil {
				return "", fault.New(fault.Internal, "encode revision %s: %w", r.Run, err)
			}
			text[column] = string(b)
		}
		rows[i] = sqlgen.Format("({run}, {task}, {kind}, {subject}, {serial}, {hash}, {now}, {at}, {inputs}, {tables}, {outputs}, {state})", sqlgen.Args{
			"run": r.Run, "task": r.Task, "kind": r.Kind, "subject": r.Subject, "serial": r.Serial, "hash": r.PlanHash, "now": r.Now,
			"at": r.CommittedAt, "inputs": text["inputs"], "tables": text["tables"], "outputs": text["outputs"], "state": r.State,
		})
	}
	names := make([]string, len(runsColumns))
	for i, c := range runsColumns {
		names[i] = c.Name
	}
	return sqlgen.Format("SELECT * FROM (VALUES {rows}) AS r({names})", sqlgen.Args{"rows": rows, "names": sqlgen.Names(names...)}), nil
}
