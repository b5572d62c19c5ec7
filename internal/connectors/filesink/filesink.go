// Package filesink is a destination that writes people into files below a mounted volume, as CSV or as JSON lines. In
// mode Mirror the file is the whole audience and is replaced at once; in the other modes each run with changes adds a file
// <name>-<run><extension>. A reader sees a file that is complete or none.
//
// In CSV a missing value is an empty cell, and values that begin with =, +, - or @ are written as they are: the files are
// read by machines, and a phone number begins with +. Who opens one in a spreadsheet imports its columns as text.
//
// What does not live here: who is in a file and when it is written (activation).
package filesink

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/activation"
	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

// Format is how people are written.
type Format string

// The formats.
const (
	CSV    Format = "CSV"    // RFC 4180 with a header line, UTF-8
	NDJSON Format = "NDJSON" // one JSON object a line
)

// Options are the declaration of a file destination.
type Options struct {
	Root   string // the mounted volume
	Path   string // of the file below it; its directory is created
	Format Format
}

// Sink is an activation.Publisher.
type Sink struct {
	root   string
	path   string
	format Format
}

// operationColumn tells updates from removals in a file of changes.
const operationColumn = "operation"

// temporary begins the names of files that are not complete yet.
const temporary = ".kith-"

// New checks the options. PathOutsideVolume for a path that leaves the root, VolumeMissing where there is no root.
func New(o Options) (*Sink, error) {
	path := filepath.Clean(o.Path)
	if !filepath.IsLocal(o.Path) || path == "." || strings.HasSuffix(o.Path, "/") {
		return nil, fault.New(fault.PathOutsideVolume, "files: path %q must name a file below the volume", o.Path)
	}
	if o.Format != CSV && o.Format != NDJSON {
		return nil, fault.New(fault.InvalidManifest, "files: format %q must be CSV or NDJSON", o.Format)
	}
	if info, err := os.Stat(o.Root); err != nil || !info.IsDir() {
		return nil, fault.New(fault.VolumeMissing, "files: volume %s is not mounted", o.Root)
	}
	return &Sink{root: o.Root, path: path, format: o.Format}, nil
}

// Name is the path in the volume.
func (s *Sink) Name() string { return "files " + s.path }

// target is the path of a publication.
func (s *Sink) target(id string) string {
	if id == "" {
		return s.path
	}
	extension := filepath.Ext(s.path)
	return strings.TrimSuffix(s.path, extension) + "-" + id + extension
}

// Published says whether the file is there.
func (s *Sink) Published(_ context.Context, id string) (bool, error) {
	root, err := os.OpenRoot(s.root)
	if err != nil {
		return false, s.fail("open the volume", err)
	}
	defer func() { _ = root.Close() }()
	info, err := root.Stat(s.target(id))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, s.fail("look for the file", err)
	case !info.Mode().IsRegular():
		return false, fault.New(fault.InvalidManifest, "%s: the path is there and is not a file", s.Name())
	}
	return true, nil
}

// Publish writes the people to a temporary file and gives it its name when it is complete and on disk.
func (s *Sink) Publish(ctx context.Context, p activation.Publication, people iter.Seq2[activation.Change, error]) error {
	if p.Operations && s.format == CSV && slices.ContainsFunc(p.Columns, func(c string) bool { return strings.EqualFold(c, operationColumn) }) {
		return fault.New(fault.InvalidManifest, "%s: a field is sent as %q, which is the name of the column that tells updates from removals; choose another `as`", s.Name(), operationColumn)
	}
	root, err := os.OpenRoot(s.root)
	if err != nil {
		return s.fail("open the volume", err)
	}
	defer func() { _ = root.Close() }()
	target := s.target(p.ID)
	dir := filepath.Dir(target)
	if err := s.makeDir(root, dir); err != nil {
		return err
	}
	staged, err := s.stage(ctx, root, dir, filepath.Base(target), p, people)
	if err != nil {
		return err
	}
	crash.At(crash.FileStaged)
	if err := root.Rename(staged, target); err != nil {
		_ = root.Remove(staged)
		return s.fail("publish the file", err)
	}
	crash.At(crash.FilePublished)
	return s.sync(root, dir)
}

// makeDir makes the directories of the path, each durable in its parent.
func (s *Sink) makeDir(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	if err := s.makeDir(root, filepath.Dir(dir)); err != nil {
		return err
	}
	err := root.Mkdir(dir, 0o750)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return s.fail("make a directory", err)
	}
	return s.sync(root, filepath.Dir(dir))
}

func (s *Sink) sync(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return s.fail("open the directory", err)
	}
	return s.fail("flush the directory", errors.Join(d.Sync(), d.Close()))
}

// stage writes a complete temporary file and gives its path. What earlier attempts at the same target left is removed first.
func (s *Sink) stage(ctx context.Context, root *os.Root, dir, base string, p activation.Publication, people iter.Seq2[activation.Change, error]) (string, error) {
	prefix := temporary + base + "-"
	if err := s.sweep(root, dir, prefix); err != nil {
		return "", err
	}
	var random [8]byte
	_, _ = rand.Read(random[:]) // never fails
	path := filepath.Join(dir, prefix+hex.EncodeToString(random[:]))
	f, err := root.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return "", s.fail("write the file", err)
	}
	buffered := bufio.NewWriterSize(f, 1<<18)
	err = s.write(ctx, buffered, p, people)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		_ = root.Remove(path)
		return "", s.fail("write the file", err)
	}
	return path, nil
}

func (s *Sink) sweep(root *os.Root, dir, prefix string) error {
	d, err := root.Open(dir)
	if err != nil {
		return s.fail("open the directory", err)
	}
	names, err := d.Readdirnames(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return s.fail("read the directory", err)
	}
	for _, name := range names {
		if strings.HasPrefix(name, prefix) && len(name) == len(prefix)+16 {
			if err := root.Remove(filepath.Join(dir, name)); err != nil {
				return s.fail("remove an unfinished file", err)
			}
		}
	}
	return nil
}

func (s *Sink) write(ctx context.Context, w io.Writer, p activation.Publication, people iter.Seq2[activation.Change, error]) error {
	var e encoder = newNDJSON(w, p)
	if s.format == CSV {
		e = newCSV(w, p)
	}
	if err := e.begin(); err != nil {
		return err
	}
	for c, err := range people {
		if err == nil {
			err = ctx.Err()
		}
		if err == nil {
			err = e.add(c)
		}
		if err != nil {
			return err
		}
	}
	return e.end()
}

// fail classes an error of the file system.
func (s *Sink) fail(doing string, err error) error {
	if err == nil {
		return nil
	}
	var path *fs.PathError
	// os.Root has no named error for a link that leads out of it.
	if errors.As(err, &path) && strings.Contains(path.Err.Error(), "escapes") {
		return fault.New(fault.PathOutsideVolume, "%s: %s: a link leads out of the volume", s.Name(), doing)
	}
	return engine.Classify(s.Name()+": "+doing, err)
}
