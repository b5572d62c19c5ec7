// Package lake keeps tables that outlive a run: Apache Iceberg tables (format 2; rows are deleted by files of their positions) in a
// directory, laid out as Iceberg's hadoop catalog lays them out, so that any Iceberg reader finds them. A run replaces a table, or adds
// rows to it and deletes rows of it at about the cost of what it changes; Changes tells what differs between two versions. What belongs
// together is named by a revision, one row of the table kith.runs: a run writes its files, makes them snapshots that no branch shows,
// and then commits its revision row with a compare-and-swap. Readers go through a revision and see all of a run or nothing of it.
//
// What does not live here: SQL execution (engine) and what the tables mean (ingest, identity, segment, activation).
package lake

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/apache/iceberg-go/table"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

// Table names a table: a namespace of the catalog and a name in it.
type Table struct{ Schema, Name string }

// String is schema.name.
func (t Table) String() string { return t.Schema + "." + t.Name }

// Runs is the table of revisions. View and Columns give it as it is now, whatever the revision.
var Runs = Table{Schema: "kith", Name: "runs"}

// Column is a column of a table. Every column may be null.
type Column = engine.Column

// TableVersion is a table as a revision has it. SnapshotID 0 is a table without rows that nobody has written.
type TableVersion struct {
	Table      Table `json:"table"`
	SnapshotID int64 `json:"snapshotID"`
	Rows       int64 `json:"rows"`
}

// Input is a revision that another one was computed from.
type Input struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Run  string `json:"run"`
}

// Output is a count that a run reports.
type Output struct {
	Name    string `json:"name"`
	Rows    int64  `json:"rows"`
	Added   int64  `json:"added"`
	Removed int64  `json:"removed"`
}

// FindOutput of a name.
func FindOutput(outputs []Output, name string) (Output, bool) {
	for _, o := range outputs {
		if o.Name == name {
			return o, true
		}
	}
	return Output{}, false
}

// Revision is what one run made visible.
type Revision struct {
	Run         string // unique: <subject>-<task>-<serial>
	Task        string
	Kind        string
	Subject     string
	Serial      int64
	PlanHash    string
	Now         time.Time // the plan's clock
	CommittedAt time.Time // the machine's clock; later in each revision than in the one before
	Inputs      []Input
	Tables      []TableVersion
	Outputs     []Output
	State       string // the task's own JSON, such as the cursor of an ingest
}

// Version is the version of a table in the revision, and whether it has one. A nil revision has none.
func (r *Revision) Version(t Table) (TableVersion, bool) {
	if r == nil {
		return TableVersion{}, false
	}
	for _, v := range r.Tables {
		if v.Table == t {
			return v, true
		}
	}
	return TableVersion{}, false
}

// Lake is an open lake. It is safe for concurrent use, also by several processes.
type Lake struct {
	dir   string
	below string // the directory of the lake that this one lies over, empty for none
	grace time.Duration

	// What is cached never changes: a version of a table's metadata, a file of kith.runs, the list that a snapshot's manifest list makes of them.
	mu       sync.Mutex
	versions map[Table]version
	files    map[string][]Revision
	revs     revisions
}

// version is metadata as it was read from a file of that age and size.
type version struct {
	path string
	at   time.Time
	size int64
	meta table.Metadata
}

// revisions are the rows that a snapshot of kith.runs has.
type revisions struct {
	list  string // its manifest list
	rows  []Revision
	paths []string
}

// Open opens the lake in a directory, which is created when absent.
func Open(ctx context.Context, dir string) (*Lake, error) {
	if err := ctx.Err(); err != nil {
		return nil, engine.Classify("open the lake", err)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, engine.Classify("open the lake", err)
	}
	if strings.ContainsAny(dir, "*?[") {
		return nil, fault.New(fault.VolumeMissing, "the path of the lake, %s, has one of the characters * ? [, which the engine reads as a pattern: choose another directory", dir)
	}
	if err := makeDirs(dir); err != nil {
		return nil, engine.Classify("open the lake "+dir, err)
	}
	return &Lake{dir: dir, grace: grace, versions: map[Table]version{}, files: map[string][]Revision{}}, nil
}

// Dir is the absolute path of the lake; an engine that reads or writes it needs it among its allowed directories.
func (l *Lake) Dir() string { return l.dir }

// Lock takes the lake for this process, for programs without a controller that keeps runs apart. It does not wait: the
// class is LakeLocked when another process has it.
func (l *Lake) Lock(ctx context.Context) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, engine.Classify("lock the lake", err)
	}
	f, err := os.OpenFile(filepath.Join(l.dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, engine.Classify("lock the lake", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault.New(fault.LakeLocked, "another process works on the lake %s: wait until it has ended and try again", l.dir)
		}
		return nil, engine.Classify("lock the lake", err)
	}
	// The lock goes with the descriptor, so that a killed process leaves none behind.
	return func() { _ = f.Close() }, nil
}
