package lake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/apache/iceberg-go"
	iceio "github.com/apache/iceberg-go/io"
	"github.com/apache/iceberg-go/table"
	"github.com/google/uuid"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

// The catalog is Iceberg's hadoop layout: <lake>/<namespace>/<table>/metadata/vN.metadata.json, the highest N is the
// table. A commit writes the next version under another name and links it to its own, which only one of several writers
// can do. iceberg-go has a catalog of this layout; this package keeps to its files and has its own commit, because that one
// does not flush to disk, does not retry a lost race, and can only build on a table's head, which may be the work of a run that died.

var versionName = regexp.MustCompile(`^v([0-9]+)(\.gz)?\.metadata\.json$`)

// errConflict says that another writer made the version first.
var errConflict = errors.New("another writer was first")

// errUncertain says that a commit failed in a way that leaves open whether it is there.
var errUncertain = errors.New("it is not certain whether the commit is in the lake")

// state is one version of a table's metadata.
type state struct {
	table   Table
	dir     string // where the table is now
	below   string // where it is in the lake that this one lies over, empty for none
	version int
	path    string // of the metadata file
	meta    table.Metadata
	written []string // files made for the next version, to be removed when it is not to be
}

func (l *Lake) tableDir(t Table) string { return filepath.Join(l.dir, t.Schema, t.Name) }

// load reads the newest version of a table; nil when there is no such table.
func (l *Lake) load(t Table) (*state, error) {
	// A version that is no longer the newest may be swept away between being found and being read.
	for range 5 {
		if s, err := l.tryLoad(t); !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	return l.tryLoad(t)
}

func (l *Lake) tryLoad(t Table) (*state, error) {
	s := &state{table: t, dir: l.tableDir(t), below: l.tableBelow(t)}
	err := s.findVersion(s.metadataDir())
	if err == nil && s.version == 0 && s.below != "" {
		err = s.findVersion(filepath.Join(s.below, "metadata"))
	}
	if err != nil || s.version == 0 {
		return nil, err
	}
	if s.meta, err = l.parse(t, s.path); err != nil {
		return nil, err
	}
	return s, nil
}

// findVersion looks for the newest version in a folder of metadata.
func (s *state) findVersion(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return engine.Classify("read table "+s.table.String(), err)
	}
	for _, e := range entries {
		m := versionName.FindStringSubmatch(e.Name())
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(m[1])
		if err != nil || n <= s.version {
			continue
		}
		if m[2] != "" {
			return fault.New(fault.LakeCorrupt, "table %s has compressed metadata (%s), which another program wrote and this one does not read", s.table, e.Name())
		}
		s.version, s.path = n, filepath.Join(dir, e.Name())
	}
	return nil
}

// parse reads a metadata file, if it is not the one that was read last.
func (l *Lake) parse(t Table, path string) (table.Metadata, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, engine.Classify("read table "+t.String(), err)
	}
	l.mu.Lock()
	v := l.versions[t]
	l.mu.Unlock()
	if v.path == path && v.at.Equal(info.ModTime()) && v.size == info.Size() {
		return v.meta, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, engine.Classify("read table "+t.String(), err)
	}
	meta, err := table.ParseMetadataBytes(b)
	if err != nil {
		return nil, fault.New(fault.LakeCorrupt, "table %s: the metadata in %s can't be read: %w", t, path, err)
	}
	l.mu.Lock()
	l.versions[t] = version{path: path, at: info.ModTime(), size: info.Size(), meta: meta}
	l.mu.Unlock()
	return meta, nil
}

func (s *state) metadataDir() string { return filepath.Join(s.dir, "metadata") }

// location is the root of the table as the metadata spells it.
func (s *state) location() string { return strings.TrimRight(s.meta.Location(), "/") }

// local is where a path of the metadata is on this machine. Metadata holds absolute paths; a lake that was moved or is
// mounted elsewhere keeps them, so what is below the recorded location is looked for below the real one.
func (s *state) local(path string) string {
	if rest, ok := strings.CutPrefix(plain(path), plain(s.location())+"/"); ok {
		return s.ownOrBelow(rest)
	}
	return plain(path)
}

// plain is a path without the scheme that other writers put in front: file:///x, file:/x.
func plain(path string) string {
	if rest, ok := strings.CutPrefix(path, "file:"); ok {
		return "/" + strings.TrimLeft(rest, "/")
	}
	return path
}

// newPath gives a new file of the table: as the metadata is to spell it, and where it is.
func (s *state) newPath(folder, name string) (recorded, local string) {
	return s.location() + "/" + folder + "/" + name, filepath.Join(s.dir, folder, name)
}

// Open reads a file of the table for iceberg-go.
func (s *state) Open(path string) (iceio.File, error) { return os.Open(s.local(path)) }

// Remove is never called: what is to be deleted is decided by Maintain alone.
func (s *state) Remove(path string) error {
	return fmt.Errorf("%s: deleting through the reader is not allowed", path)
}

// create makes a table with its first version, and is content when another writer has just done so.
func (l *Lake) create(t Table, cols []Column) error {
	dir := l.tableDir(t)
	schema := iceberg.NewSchema(0, newFields(cols, 0)...)
	meta, err := table.NewMetadata(schema, iceberg.UnpartitionedSpec, table.UnsortedSortOrder, dir, iceberg.Properties{
		propManaged:                       "true",
		"format-version":                  "2",
		"write.delete.mode":               "copy-on-write", // delete files by others may be of a kind that readers here do not take
		"write.update.mode":               "copy-on-write",
		"write.merge.mode":                "copy-on-write",
		"write.parquet.compression-codec": "zstd",
	})
	if err != nil {
		return fault.New(fault.Internal, "create table %s: %w", t, err)
	}
	if err := makeDirs(filepath.Join(dir, "metadata")); err != nil {
		return engine.Classify("create table "+t.String(), err)
	}
	s := &state{table: t, dir: dir, meta: meta}
	if err := s.publish(meta); err != nil && !errors.Is(err, errConflict) {
		return engine.Classify("create table "+t.String(), err)
	}
	return nil
}

// publish makes meta the version after s.
func (s *state) publish(meta table.Metadata) error {
	tmp := filepath.Join(s.metadataDir(), uuid.NewString()+".tmp")
	if err := writeNew(tmp, func(w io.Writer) error { return json.NewEncoder(w).Encode(meta) }); err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp) }()
	// What the metadata names must be on disk before it is.
	if err := syncPath(s.metadataDir()); err != nil {
		return err
	}
	// A writer that slept until its base was swept away must not fill a gap among old versions.
	if _, err := os.Stat(s.path); s.version > 0 && err != nil {
		return errConflict
	}
	path := filepath.Join(s.metadataDir(), fmt.Sprintf("v%d.metadata.json", s.version+1))
	if err := os.Link(tmp, path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return errConflict
		}
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			return err
		}
		return errors.Join(err, errUncertain)
	}
	if err := syncPath(s.metadataDir()); err != nil {
		return errors.Join(err, errUncertain)
	}
	s.hint()
	return nil
}

// hint tells other readers the newest version. It is a hint only: they look for a higher one, and so may it fail.
func (s *state) hint() {
	hint := filepath.Join(s.metadataDir(), "version-hint.text")
	tmp := hint + "." + uuid.NewString() + ".tmp"
	if err := os.WriteFile(tmp, []byte(strconv.Itoa(s.version+1)), 0o644); err != nil || os.Rename(tmp, hint) != nil {
		_ = os.Remove(tmp)
	}
	// A checksum that Spark left beside the old hint no longer fits.
	_ = os.Remove(filepath.Join(s.metadataDir(), ".version-hint.text.crc"))
}

const (
	commitAttempts = 200
	longestPause   = 100 * time.Millisecond
)

// update commits what build makes of the newest version of a table, and starts over when another writer was faster. build may run
// many times; no update from it means there is nothing to do. The state it returns is the one that holds afterwards.
func (l *Lake) update(ctx context.Context, t Table, build func(*state) ([]table.Update, error)) (*state, error) {
	for attempt := range commitAttempts {
		s, err := l.load(t)
		if err != nil {
			return nil, err
		}
		if s == nil {
			return nil, fault.New(fault.LakeCorrupt, "table %s is gone from the lake", t)
		}
		if s.below != "" {
			if err := makeDirs(s.metadataDir()); err != nil {
				return nil, engine.Classify("commit to table "+t.String(), err)
			}
		}
		next, err := s.commit(build)
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, errUncertain) {
			discard(s.written)
		}
		if !errors.Is(err, errConflict) {
			return nil, engine.Classify("commit to table "+t.String(), err)
		}
		pause := rand.N(min(longestPause, time.Duration(attempt+1)*5*time.Millisecond))
		select {
		case <-ctx.Done():
			return nil, engine.Classify("commit to table "+t.String(), ctx.Err())
		case <-time.After(pause):
		}
	}
	return nil, fault.New(fault.LakeLocked, "table %s: other writers were faster %d times in a row; try again later", t, commitAttempts)
}

// commit makes the version that build asks for, or gives s itself when it asks for none.
func (s *state) commit(build func(*state) ([]table.Update, error)) (*state, error) {
	updates, err := build(s)
	if err != nil || len(updates) == 0 {
		return s, err
	}
	meta, err := table.UpdateTableMetadata(s.meta, updates, s.location()+"/metadata/"+filepath.Base(s.path))
	if err != nil {
		return nil, fault.New(fault.Internal, "table %s: %w", s.table, err)
	}
	if err := s.publish(meta); err != nil {
		return nil, err
	}
	return &state{table: s.table, dir: s.dir, below: s.below, version: s.version + 1, meta: meta}, nil
}
