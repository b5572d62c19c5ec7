package retail

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/text/encoding"
)

// file is one output file. Its first error sticks and comes out of close, so that the many writers of rows need not look.
type file struct {
	path string
	to   *os.File
	gz   *gzip.Writer
	w    *bufio.Writer
	err  error
}

func create(dir, name string) (*file, error) {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	to, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	f := &file{path: path, to: to}
	var w io.Writer = to
	if strings.HasSuffix(name, ".gz") {
		if f.gz, err = gzip.NewWriterLevel(to, gzip.BestSpeed); err != nil {
			return nil, err
		}
		w = f.gz
	}
	f.w = bufio.NewWriterSize(w, 1<<16)
	return f, nil
}

func (f *file) fail(err error) {
	if f.err == nil && err != nil {
		f.err = fmt.Errorf("%s: %w", f.path, err)
	}
}

func (f *file) write(b []byte) {
	if f.err == nil {
		_, err := f.w.Write(b)
		f.fail(err)
	}
}

func (f *file) close() error {
	f.fail(f.w.Flush())
	if f.gz != nil {
		f.fail(f.gz.Close())
	}
	f.fail(f.to.Close())
	return f.err
}

// table writes delimited rows, in the file's encoding, and counts them.
type table struct {
	*file
	delimiter byte
	encoder   *encoding.Encoder // nil: UTF-8
	line      []byte
	rows      int
}

func newTable(dir, name string, delimiter byte, encoder *encoding.Encoder, header ...string) (*table, error) {
	f, err := create(dir, name)
	if err != nil {
		return nil, err
	}
	t := &table{file: f, delimiter: delimiter, encoder: encoder}
	t.row(header...)
	t.rows = 0
	return t, nil
}

func (t *table) row(values ...string) {
	t.line = t.line[:0]
	for i, v := range values {
		if i > 0 {
			t.line = append(t.line, t.delimiter)
		}
		if !strings.ContainsAny(v, "\"\r\n") && strings.IndexByte(v, t.delimiter) < 0 {
			t.line = append(t.line, v...)
			continue
		}
		t.line = append(t.line, '"')
		t.line = append(t.line, strings.ReplaceAll(v, `"`, `""`)...)
		t.line = append(t.line, '"')
	}
	t.line = append(t.line, '\n')
	if t.encoder == nil {
		t.raw(t.line)
		return
	}
	encoded, err := t.encoder.Bytes(t.line)
	t.fail(err)
	t.raw(encoded)
}

// raw writes a row as it is, well formed or not.
func (t *table) raw(line []byte) {
	t.write(line)
	t.rows++
}

// documents writes JSON documents, one a line, and counts them.
type documents struct {
	*file
	rows int
}

func newDocuments(dir, name string) (*documents, error) {
	f, err := create(dir, name)
	return &documents{file: f}, err
}

func (d *documents) document(v any) {
	b, err := json.Marshal(v)
	d.fail(err)
	d.raw(b)
}

func (d *documents) raw(line []byte) {
	d.write(append(line, '\n'))
	d.rows++
}

// money in decimal notation; ten-thousandths of a won in, no trailing zeros out.
func money(units int64) string {
	sign := ""
	if units < 0 {
		sign, units = "-", -units
	}
	s := fmt.Sprintf("%s%d", sign, units/won)
	if fraction := units % won; fraction != 0 {
		s += "." + strings.TrimRight(fmt.Sprintf("%04d", fraction), "0")
	}
	return s
}
