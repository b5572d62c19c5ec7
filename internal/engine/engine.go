// Package engine runs SQL in an embedded DuckDB: one private in-memory database per run, with a memory limit, spilling
// to a scratch directory, and no access to anything outside the directories it was given. It is the only package that
// imports the driver.
//
// What does not live here: making SQL (sqlgen), tables that outlive a run (lake), and the meaning of any query.
package engine

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/duckdb/duckdb-go/v2"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Options say what a database may use.
type Options struct {
	// Scratch is the directory for what does not fit in memory; it is created. Several databases may share it.
	Scratch string
	// MemoryLimit bounds the engine's memory, as DuckDB writes it ("4GB"). Empty means 60 % of what the machine or its
	// cgroup allows, which leaves room for the Go heap beside it.
	MemoryLimit string
	// Threads is the number of worker threads; 0 means GOMAXPROCS.
	Threads int
	// Allowed are the directories, besides Scratch, that SQL may read and write.
	Allowed []string
}

// DB is an open database. It is safe for concurrent use; tables and views are shared by all its connections.
type DB struct {
	sql     *sql.DB
	scratch string
	lock    *os.File
}

// Column is a column of a relation.
type Column struct {
	Name string
	Type sqlgen.Type
}

// Open makes an empty in-memory database. Its tables spill to the scratch directory when they outgrow the limit.
func Open(ctx context.Context, o Options) (*DB, error) {
	scratch, lock, err := claimScratch(o.Scratch)
	if err != nil {
		return nil, Classify("prepare the scratch directory", err)
	}
	db := &DB{scratch: scratch, lock: lock}
	connector, err := duckdb.NewConnector("", nil)
	if err != nil {
		db.releaseScratch()
		return nil, Classify("start the engine", err)
	}
	db.sql = sql.OpenDB(connector)
	// Idle connections are cheap, and a run opens and closes many cursors.
	db.sql.SetMaxIdleConns(8)
	if err := registerNumbers(ctx, db); err != nil {
		return nil, closing(db, err)
	}
	if err := registerHandOver(ctx, db); err != nil {
		return nil, closing(db, err)
	}
	settings, err := settings(o, scratch)
	if err != nil {
		return nil, closing(db, err)
	}
	for _, q := range settings {
		if err := db.Exec(ctx, q); err != nil {
			return nil, closing(db, err)
		}
	}
	return db, nil
}

func closing(db *DB, err error) error {
	_ = db.Close()
	return err
}

// settings are applied in order; the last ones shut the door behind them, so that no SQL made from a user's
// declaration can read the pod's files, load code or change a limit.
func settings(o Options, scratch string) ([]sqlgen.Query, error) {
	limit := o.MemoryLimit
	if limit == "" {
		limit = defaultMemoryLimit()
	}
	threads := o.Threads
	if threads == 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	allowed, err := absolute(append([]string{scratch}, o.Allowed...))
	if err != nil {
		return nil, Classify("resolve the allowed directories", err)
	}
	set := func(template string, v any) sqlgen.Query { return sqlgen.Format(template, sqlgen.Args{"v": v}) }
	return []sqlgen.Query{
		"SET GLOBAL TimeZone = 'UTC'",
		"SET GLOBAL preserve_insertion_order = false",
		"SET GLOBAL autoinstall_known_extensions = false",
		"SET GLOBAL autoload_known_extensions = false",
		// The limit of the spill files stays at the engine's default, 90 % of the free space: a run that would fill the
		// disk fails by itself before the disk is full for everyone else.
		set("SET GLOBAL temp_directory = {v}", filepath.Join(scratch, "spill")),
		set("SET GLOBAL memory_limit = {v}", limit),
		set("SET GLOBAL threads = {v}", threads),
		set("SET GLOBAL allowed_directories = {v}", allowed),
		"SET GLOBAL enable_external_access = false",
		"SET GLOBAL lock_configuration = true",
	}, nil
}

// absolute resolves the directories, links included, because the engine compares paths as text.
func absolute(dirs []string) ([]string, error) {
	var out []string
	for _, d := range dirs {
		abs, err := filepath.Abs(d)
		if err != nil {
			return nil, err
		}
		out = append(out, strings.TrimSuffix(abs, "/")+"/")
		if real, err := filepath.EvalSymlinks(abs); err == nil && real != abs {
			out = append(out, strings.TrimSuffix(real, "/")+"/")
		}
	}
	return out, nil
}

// Close ends the database and deletes what it spilled.
func (db *DB) Close() error {
	err := db.sql.Close()
	db.releaseScratch()
	return Classify("close the engine", err)
}

// Scratch is a directory that SQL and Go code of this run may both use; it is deleted by Close.
func (db *DB) Scratch() string { return db.scratch }

// DefaultScratch is a directory of this user below the system's temporary one. Databases share it, so that each new one deletes what
// killed processes left there.
func DefaultScratch() string {
	return filepath.Join(os.TempDir(), "kith-scratch-"+strconv.Itoa(os.Getuid()))
}

const ownPrefix = "engine-"

// Claim makes a directory below DefaultScratch that is this process's own until release removes it. What a killed process leaves there is
// removed by whoever claims one next, or opens an engine.
func Claim() (dir string, release func(), err error) {
	db := &DB{}
	if db.scratch, db.lock, err = claimScratch(DefaultScratch()); err != nil {
		return "", nil, Classify("prepare the scratch directory", err)
	}
	return db.scratch, db.releaseScratch, nil
}

// claimScratch makes a directory of our own below the scratch directory and deletes those that killed processes left
// behind, which their lost locks give away.
func claimScratch(dir string) (string, *os.File, error) {
	if dir == "" {
		return "", nil, fault.New(fault.Internal, "the engine needs a scratch directory")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", nil, err
	}
	siblings, err := filepath.Glob(filepath.Join(dir, ownPrefix+"*.lock"))
	if err != nil {
		return "", nil, err
	}
	for _, lock := range siblings {
		if f, err := lockFile(lock); err == nil {
			_ = os.RemoveAll(strings.TrimSuffix(lock, ".lock"))
			_ = os.Remove(lock)
			_ = f.Close()
		}
	}
	f, err := os.CreateTemp(dir, ownPrefix+"*.lock")
	if err != nil {
		return "", nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return "", nil, err
	}
	own := strings.TrimSuffix(f.Name(), ".lock")
	if err := os.Mkdir(own, 0o700); err != nil {
		_ = f.Close()
		return "", nil, err
	}
	return own, f, nil
}

func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (db *DB) releaseScratch() {
	_ = os.RemoveAll(db.scratch)
	_ = os.Remove(db.lock.Name())
	_ = db.lock.Close()
}
