package filesource

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// csvRows turns records into rows.
type csvRows struct {
	records *csvRecords
	hash    string
	place   []int // of each field among the columns of all files
	width   int
	onlyNil bool  // the empty text is the one text that means no value
	arena   []any // room for the values of rows to come
	held    int   // bytes of the rows that have values in what the arena was cut from, and keep each other alive
}

// csvRows reads the header of a file.
func (r *reading) csvRows(o *openFile) (rowReader, error) {
	rec := &csvRecords{lines: o.lines(), cfg: r.src.cfg.CSV, format: r.src.csv}
	names := r.src.cfg.CSV.Columns
	if r.src.cfg.CSV.Header {
		var err error
		if names, err = header(o, rec); err != nil {
			return nil, err
		}
	}
	if err := record.CheckColumns(fmt.Sprintf("DataSource %s: %s", r.src.cfg.Name, o.path), names, r.req.Required); err != nil {
		return nil, err
	}
	c := &csvRows{records: rec, hash: o.want, onlyNil: len(r.src.csv.nulls) == 1 && r.src.csv.nulls[""]}
	rec.want = len(names)
	for _, n := range names {
		c.place = append(c.place, r.column(n))
	}
	c.width = len(r.columns)
	return c, nil
}

// header reads the names of the columns. A column without a name gets one from its place.
func header(o *openFile, rec *csvRecords) ([]string, error) {
	h, err := rec.next()
	if err == io.EOF {
		return nil, fault.New(fault.FileUnreadable, "DataSource %s: %s is empty; a header line was expected", o.src.cfg.Name, o.path)
	}
	if err != nil {
		return nil, o.unreadable(err)
	}
	if h.broken != nil {
		if h.broken.Rule == record.RuleEncoding {
			return nil, o.notText(h.number)
		}
		return nil, fault.New(fault.FileUnreadable, "DataSource %s: %s: line %d, the header, can't be read: %s", o.src.cfg.Name, o.path, h.number, h.broken.Reason)
	}
	names := make([]string, len(h.fields))
	seen := map[string]bool{}
	for i, f := range h.fields {
		if names[i] = strings.TrimSpace(f); names[i] == "" {
			names[i] = fmt.Sprintf("column_%d", i+1)
		}
		if seen[names[i]] {
			return nil, fault.New(fault.InvalidManifest, "DataSource %s: %s: line %d, the header, names two columns %q; rename one", o.src.cfg.Name, o.path, h.number, names[i])
		}
		seen[names[i]] = true
	}
	return names, nil
}

func (c *csvRows) next(context.Context) (record.Row, int, error) {
	rec, err := c.records.next()
	if err != nil {
		return record.Row{}, 0, err
	}
	row := record.Row{Number: rec.number, Raw: rec.text, Broken: rec.broken}
	if row.Broken == nil {
		row.Key = fileKey(c.hash, rec.number)
		row.Values = c.values(rec.fields, len(rec.text))
	}
	return row, len(rec.text), nil
}

func (c *csvRows) values(fields []string, size int) []any {
	if c.held += size; len(c.arena) < c.width || c.held > batchBytes {
		c.arena, c.held = make([]any, c.width*batchRows), size
	}
	out := c.arena[:c.width:c.width]
	c.arena = c.arena[c.width:]
	for i, f := range fields {
		if f == "" && c.onlyNil || !c.onlyNil && c.records.format.nulls[f] {
			continue
		}
		out[c.place[i]] = f
	}
	return out
}

func (c *csvRows) close() error { return nil }
