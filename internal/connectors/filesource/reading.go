package filesource

import (
	"context"
	"io"
	"os"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// The bounds of a batch: rows, and bytes of their text.
const (
	batchRows  = 1024
	batchBytes = 4 << 20
)

// reading is one pass over the files of a Source.
type reading struct {
	src    *Source
	root   *os.Root
	req    record.Request
	before map[string]seenFile

	queue   []found    // to be read, the open one first
	now     []seenFile // all that are there; those in the queue get their content when they are read
	place   map[string]int
	changed bool
	reread  []string

	columns []string
	index   map[string]int // of columns
	open    *openFile
	rows    rowReader
	tally   tally
	done    int64 // bytes of the files that are read
	total   int64
}

// rowReader reads the rows of one open file.
type rowReader interface {
	// next gives a row and about how many bytes it takes, and io.EOF after the last.
	next(ctx context.Context) (record.Row, int, error)
	close() error
}

// compare finds out which files are to be read.
func (r *reading) compare(ctx context.Context, files []found) error {
	r.place = make(map[string]int, len(files))
	var fresh []found
	for i, f := range files {
		r.place[f.path] = i
		seen, changed, err := r.look(ctx, f)
		if err != nil {
			return err
		}
		r.now = append(r.now, seen)
		if changed {
			fresh = append(fresh, f)
		}
	}
	r.changed = len(fresh) > 0 || r.req.State == ""
	if r.req.Load == record.Snapshot {
		// What is absent is gone, so a file that is no longer there is a change, and everything is read.
		for path := range r.before {
			if _, there := r.place[path]; !there {
				r.changed = true
			}
		}
		if r.changed {
			fresh = files
		}
	}
	r.queue = fresh
	for _, f := range fresh {
		r.total += f.info.Size()
		if _, known := r.before[f.path]; known {
			r.reread = append(r.reread, f.path)
		}
	}
	return nil
}

// look compares a file with what the state says about it.
func (r *reading) look(ctx context.Context, f found) (seenFile, bool, error) {
	was, known := r.before[f.path]
	seen := seenFile{Path: f.path, Size: f.info.Size(), Changed: f.info.ModTime().UnixNano()}
	if !known {
		return seen, true, nil
	}
	if was.Size == seen.Size && was.Changed == seen.Changed {
		return was, false, nil
	}
	if time.Since(f.info.ModTime()) < settled {
		seen.Changed = 0
	}
	var err error
	if seen.Hash, err = r.hash(ctx, f); err != nil {
		return seen, false, err
	}
	if seen.Hash == was.Hash {
		return seen, false, nil
	}
	if r.req.Load == record.Append {
		return seen, false, fault.New(fault.FileChanged,
			"DataSource %s: %s was read before and has changed since; with load: Append give new rows a new file, or use load: Upsert", r.src.cfg.Name, f.path)
	}
	return seen, true, nil
}

// Changed implements record.Reading.
func (r *reading) Changed() bool { return r.changed }

// Reread implements record.Reading.
func (r *reading) Reread() []string { return r.reread }

// Progress implements record.Reading.
func (r *reading) Progress() (done, total int64, unit string) {
	done = r.done
	if r.open != nil {
		done += r.open.counted()
	}
	return min(done, r.total), r.total, "bytes"
}

// State implements record.Reading.
func (r *reading) State() (string, error) {
	var gone []seenFile
	for path, f := range r.before {
		if _, there := r.place[path]; !there {
			gone = append(gone, f)
		}
	}
	if r.req.Load == record.Snapshot {
		gone = nil
	}
	return encodeState(r.now, gone)
}

// Next implements record.Reading.
func (r *reading) Next(ctx context.Context) (*record.Batch, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, engine.Classify("read files", err)
		}
		if r.open == nil {
			if len(r.queue) == 0 {
				return nil, io.EOF
			}
			if err := r.begin(ctx); err != nil {
				return nil, err
			}
		}
		b, err := r.batch(ctx)
		if err != nil {
			return nil, err
		}
		if len(b.Rows) > 0 {
			return b, nil
		}
		if err := r.finish(ctx); err != nil {
			return nil, err
		}
	}
}

func (r *reading) batch(ctx context.Context) (*record.Batch, error) {
	rows := make([]record.Row, 0, batchRows)
	for size := 0; len(rows) < batchRows && size < batchBytes; {
		row, n, err := r.rows.next(ctx)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, r.open.unreadable(err)
		}
		if err := r.tally.count(r.open, &row); err != nil {
			return nil, err
		}
		row.File = r.open.path
		rows = append(rows, row)
		size += n
	}
	return &record.Batch{Columns: r.columns[:len(r.columns):len(r.columns)], Rows: rows}, nil
}

// begin opens the next file and its first row.
func (r *reading) begin(ctx context.Context) error {
	f := r.queue[0]
	seen := &r.now[r.place[f.path]]
	if seen.Hash == "" || r.before[f.path].Hash == seen.Hash {
		if time.Since(f.info.ModTime()) < settled {
			seen.Changed = 0
		}
		hash, err := r.hash(ctx, f)
		if err != nil {
			return err
		}
		seen.Hash = hash
	}
	open, err := r.openFile(ctx, f, seen.Hash)
	if err != nil {
		return err
	}
	r.open, r.tally = open, tally{}
	switch r.src.cfg.Format {
	case FormatCSV:
		r.rows, err = r.csvRows(open)
	case FormatNDJSON:
		r.rows, err = r.jsonRows(open)
	default:
		r.rows, err = r.parquetRows(ctx, open)
	}
	return err
}

// finish checks that the file just read is what it was when it was begun.
func (r *reading) finish(ctx context.Context) error {
	err := r.tally.end(r.open)
	if cerr := r.rows.close(); err == nil && cerr != nil {
		err = r.open.unreadable(cerr)
	}
	if err == nil {
		err = r.open.verify(ctx)
	}
	r.done += r.queue[0].info.Size()
	r.open.close()
	r.open, r.rows, r.queue = nil, nil, r.queue[1:]
	return err
}

// Close implements record.Reading.
func (r *reading) Close() error {
	if r.rows != nil {
		_ = r.rows.close()
	}
	if r.open != nil {
		r.open.close()
	}
	return r.root.Close()
}

// column is the place of a column among those of all files, which a new one extends.
func (r *reading) column(name string) int {
	i, ok := r.index[name]
	if !ok {
		i = len(r.columns)
		r.columns = append(r.columns, name)
		r.index[name] = i
	}
	return i
}

// tally notices files that are not text in the declared encoding at all.
type tally struct {
	rows, bad int
	first     int64 // line of the first bad row
	reason    string
}

// sampled is after how many rows a file with a wrong encoding is given up.
const sampled = 100

func (t *tally) count(f *openFile, row *record.Row) error {
	t.rows++
	if row.Broken != nil && (row.Broken.Rule == record.RuleEncoding || row.Broken.Rule == record.RuleJSON) {
		if t.bad++; t.bad == 1 {
			t.first, t.reason = row.Number, row.Broken.Rule
		}
	}
	if t.rows == sampled {
		return t.end(f)
	}
	return nil
}

// end fails if most rows can't be read: then it is the declaration that is wrong, and not the rows.
func (t *tally) end(f *openFile) error {
	if t.bad*2 <= t.rows {
		return nil
	}
	if t.reason == record.RuleJSON {
		return fault.New(fault.FileUnreadable, "DataSource %s: %s: line %d and most others are not JSON objects; NDJSON has one object a line", f.src.cfg.Name, f.path, t.first)
	}
	return f.notText(t.first)
}
