package filesource

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/text/transform"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

const bufferSize = 256 << 10

// openFile is a file that is being read, with what tells whether it changes meanwhile.
type openFile struct {
	src    *Source
	root   *os.Root
	path   string
	before fs.FileInfo
	want   string // hash of the content when it was looked at first
	file   *os.File
	hashed *hashingReader
	in     *bufio.Reader // decompressed and, where the encoding is not cut by line, decoded
}

// hashingReader hashes and counts what passes.
type hashingReader struct {
	r    io.Reader
	sum  *xxhash.Digest
	read int64
}

func newHashingReader(r io.Reader) *hashingReader { return &hashingReader{r: r, sum: xxhash.New()} }

func (h *hashingReader) Read(p []byte) (int, error) {
	n, err := h.r.Read(p)
	_, _ = h.sum.Write(p[:n])
	h.read += int64(n)
	return n, err
}

func (h *hashingReader) hash() string { return fmt.Sprintf("%016x", h.sum.Sum64()) }

// hash reads the content of a file for its hash alone.
func (r *reading) hash(ctx context.Context, f found) (string, error) {
	file, err := r.root.Open(f.path)
	if err != nil {
		return "", r.src.accessError(f.path, err)
	}
	defer func() { _ = file.Close() }()
	h := newHashingReader(file)
	if err := drain(ctx, h); err != nil {
		return "", r.src.readError(f.path, err)
	}
	return h.hash(), nil
}

// drain reads to the end.
func drain(ctx context.Context, r io.Reader) error {
	buf := make([]byte, bufferSize)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := r.Read(buf); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (r *reading) openFile(ctx context.Context, f found, hash string) (*openFile, error) {
	o := &openFile{src: r.src, root: r.root, path: f.path, before: f.info, want: hash}
	var err error
	if o.file, err = r.root.Open(f.path); err != nil {
		return nil, r.src.accessError(f.path, err)
	}
	o.hashed = newHashingReader(o.file)
	if err = o.layers(ctx); err != nil {
		o.close()
		return nil, err
	}
	return o, nil
}

// layers puts decompression and decoding on top of the file.
func (o *openFile) layers(ctx context.Context) error {
	raw := bufio.NewReaderSize(o.hashed, bufferSize)
	o.in = raw
	if o.src.cfg.Format == FormatParquet {
		return nil
	}
	head, err := raw.Peek(2)
	if err != nil && err != io.EOF {
		return o.unreadable(err)
	}
	if strings.HasSuffix(strings.ToLower(o.path), ".gz") || bytes.Equal(head, []byte{0x1f, 0x8b}) {
		unzip, err := gzip.NewReader(raw)
		if err != nil {
			return o.unreadable(err)
		}
		o.in = bufio.NewReaderSize(unzip, bufferSize)
	}
	if e := o.src.decoding; e != nil && !byLine(e) {
		o.in = bufio.NewReaderSize(transform.NewReader(o.in, e.NewDecoder()), bufferSize)
	} else if head, err := o.in.Peek(2); err == nil && (bytes.Equal(head, []byte{0xff, 0xfe}) || bytes.Equal(head, []byte{0xfe, 0xff})) {
		return fault.New(fault.EncodingInvalid, "DataSource %s: %s: line 1 begins with the mark of UTF-16, but %s is declared", o.src.cfg.Name, o.path, o.declared())
	} else if err != nil && err != io.EOF {
		return o.unreadable(err)
	}
	return engine.Classify("open files", ctx.Err())
}

// lines gives the content as lines.
func (o *openFile) lines() *lineReader {
	l := &lineReader{in: o.in, declared: o.declared()}
	if e := o.src.decoding; e != nil {
		if byLine(e) {
			l.decoder = e.NewDecoder()
		} else {
			l.decoded = true
		}
	}
	return l
}

func (o *openFile) declared() string {
	if o.src.cfg.Format != FormatCSV || o.src.cfg.CSV.Encoding == "" {
		return "UTF-8"
	}
	return o.src.cfg.CSV.Encoding
}

func (o *openFile) notText(line int64) error {
	return fault.New(fault.EncodingInvalid, "DataSource %s: %s: line %d is not text in the encoding %s, nor are most others; declare the encoding that the file has",
		o.src.cfg.Name, o.path, line, o.declared())
}

func (o *openFile) counted() int64 { return o.hashed.read }

// verify fails with FileChanged unless the file is still the one that was opened and what was read is what was hashed first.
func (o *openFile) verify(ctx context.Context) error {
	// A reader above may stop before the last byte, such as at the end of a Parquet footer.
	if err := drain(ctx, o.hashed); err != nil {
		return o.unreadable(err)
	}
	open, err := o.file.Stat()
	if err != nil {
		return o.unreadable(err)
	}
	there, err := o.root.Stat(o.path)
	if err != nil || !os.SameFile(open, there) || !os.SameFile(open, o.before) || there.Size() != o.before.Size() ||
		!there.ModTime().Equal(o.before.ModTime()) || o.hashed.hash() != o.want {
		return fault.New(fault.FileChanged, "DataSource %s: %s changed while it was read, so nothing of it was taken; write files under another name and rename them when they are complete",
			o.src.cfg.Name, o.path)
	}
	return nil
}

// unreadable gives an error of reading its class; one that has a class keeps it.
func (o *openFile) unreadable(err error) error { return o.src.readError(o.path, err) }

func (s *Source) readError(path string, err error) error {
	var classed *fault.Error
	var corrupt flate.CorruptInputError
	switch {
	case errors.As(err, &classed):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return engine.Classify("read files", err)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum), errors.As(err, &corrupt):
		return fault.New(fault.FileUnreadable, "DataSource %s: %s is not a complete gzip file; copy it anew: %w", s.cfg.Name, path, err)
	case errors.Is(err, io.EOF):
		return fault.New(fault.FileUnreadable, "DataSource %s: %s is empty, but its name says that it is a gzip file", s.cfg.Name, path)
	default:
		return fault.New(fault.FileUnreadable, "DataSource %s: %s can't be read: %w", s.cfg.Name, path, err)
	}
}

func (o *openFile) close() { _ = o.file.Close() }
