// Package filesource reads records from files in a directory that is mounted: CSV, newline-delimited JSON and Parquet,
// plain or compressed with gzip. It reads as a stream, says of each row where it stood, turns what it can't read into
// broken rows instead of guessing, and notices files that change while they are read.
//
// What does not live here: what columns mean (ingest/record) and what becomes of the rows (ingest).
package filesource

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"unicode/utf8"

	"golang.org/x/text/encoding"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// Format is how a file holds records.
type Format string

// The formats.
const (
	FormatCSV     Format = "CSV"
	FormatNDJSON  Format = "NDJSON" // one JSON object a line, in UTF-8
	FormatParquet Format = "Parquet"
)

// Config says which files to read, and how.
type Config struct {
	Name   string // of the DataSource, for messages
	Root   string // the directory that no path may leave
	Path   string // relative to Root; *, ? and [ match within a name, ** any number of directories; hidden files match only .
	Format Format
	CSV    CSV
	DB     *engine.DB // reads Parquet; not needed for the other formats, nor by Plan
}

// CSV says how a CSV file is written.
type CSV struct {
	Delimiter  string   // one character; empty for a comma
	Quote      string   // one character; empty for "
	Encoding   string   // IANA name, or CP949, CP932 and the like; empty for UTF-8
	Header     bool     // the first line names the columns
	Columns    []string // names them otherwise
	NullValues []string // texts that mean no value; nil means the empty text only
	Whitespace bool     // columns are separated by runs of spaces or tabs; there are no quotes then
}

// Source reads the files of a Config.
type Source struct {
	cfg      Config
	decoding encoding.Encoding // nil for UTF-8
	csv      csvFormat
}

// New checks a Config.
func New(cfg Config) (*Source, error) {
	s := &Source{cfg: cfg}
	switch cfg.Format {
	case FormatNDJSON, FormatParquet:
	case FormatCSV:
		if err := s.compileCSV(); err != nil {
			return nil, err
		}
	default:
		return nil, s.invalid("format %q is none of CSV, NDJSON and Parquet", cfg.Format)
	}
	return s, s.checkPath()
}

func (s *Source) invalid(format string, args ...any) error {
	return fault.New(fault.InvalidManifest, "DataSource %s: files: %s", s.cfg.Name, fmt.Sprintf(format, args...))
}

// csvFormat is a compiled CSV.
type csvFormat struct {
	delimiter, quote string
	nulls            map[string]bool
}

func (s *Source) compileCSV() (err error) {
	c := s.cfg.CSV
	s.csv = csvFormat{delimiter: c.Delimiter, quote: c.Quote, nulls: map[string]bool{}}
	if c.Delimiter == "" {
		s.csv.delimiter = ","
	}
	if c.Quote == "" {
		s.csv.quote = `"`
	}
	if utf8.RuneCountInString(s.csv.delimiter) != 1 || utf8.RuneCountInString(s.csv.quote) != 1 || s.csv.delimiter == s.csv.quote {
		return s.invalid("csv.delimiter and csv.quote are one character each, and different ones")
	}
	if c.Header == (len(c.Columns) > 0) {
		return s.invalid("csv needs either header: true or the names of the columns")
	}
	if err := s.checkNames(c.Columns); err != nil {
		return err
	}
	nulls := c.NullValues
	if nulls == nil {
		nulls = []string{""}
	}
	for _, n := range nulls {
		s.csv.nulls[n] = true
	}
	if s.decoding, err = findEncoding(c.Encoding); err != nil {
		return s.invalid("csv.encoding %q is not known; IANA names such as UTF-8, EUC-KR, Shift_JIS and windows-1252 are, and CP949", c.Encoding)
	}
	return nil
}

func (s *Source) checkNames(columns []string) error {
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c] || c == "" {
			return s.invalid("csv.columns has %q twice or empty", c)
		}
		seen[c] = true
	}
	return nil
}

// Describe implements record.Source.
func (s *Source) Describe() string {
	text, _ := json.Marshal(struct {
		Path   string
		Format Format
		CSV    CSV
	}{s.cfg.Path, s.cfg.Format, s.cfg.CSV})
	return string(text)
}

// openRoot opens the mounted directory so that no path, link or race leads out of it.
func (s *Source) openRoot() (*os.Root, error) {
	root, err := os.OpenRoot(s.cfg.Root)
	if err != nil {
		return nil, fault.New(fault.VolumeMissing, "DataSource %s: the volume at %s can't be opened: %w", s.cfg.Name, s.cfg.Root, err)
	}
	return root, nil
}

// Plan implements record.Source: it lists the files and compares size and time of change with the state, and the content
// only where these differ.
func (s *Source) Plan(ctx context.Context, req record.Request) (_ record.Reading, err error) {
	before, err := decodeState(req.State)
	if err != nil {
		return nil, fault.New(fault.LakeCorrupt, "DataSource %s: the state of the last run can't be read: %w", s.cfg.Name, err)
	}
	root, err := s.openRoot()
	if err != nil {
		return nil, err
	}
	r := &reading{src: s, root: root, req: req, before: before, index: map[string]int{}}
	defer func() {
		if err != nil {
			_ = r.Close()
		}
	}()
	files, err := s.find(ctx, root)
	if err != nil {
		return nil, err
	}
	return r, r.compare(ctx, files)
}
