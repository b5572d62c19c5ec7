package activation

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kith-dev/kith/internal/crash"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
)

// A journal is the log of one run: a line for each batch before it is sent and one for its outcome, each flushed to disk before
// anything else happens. A line is eight hexadecimal digits (CRC-32C of the rest), a space and a JSON object. A tail without
// a valid line is what a death in the middle of a write leaves, and is cut off. Journals stay until a ledger that holds
// what they say is committed.

// The kinds of entry.
const (
	entryOpened  = "opened"  // the run began (again)
	entryBatch   = "batch"   // these people are about to be sent
	entryOutcome = "outcome" // what became of a batch
	entryPublish = "publish" // the snapshot at the destination is about to be replaced
)

// The outcomes of a batch in a journal. What was rejected of a batch that was sent is listed beside it.
const (
	outcomeSent      = "Sent"
	outcomeFailed    = "Failed"    // certainly not taken
	outcomeUncertain = "Uncertain" // perhaps taken
	outcomeSplit     = "Split"     // refused, and sent again in parts
)

type entry struct {
	N    int64  `json:"n"` // rises over all journals of an activation
	Kind string `json:"kind"`
	// Origin makes idempotency keys differ between lakes; it is in the opened entry.
	Origin string `json:"origin,omitempty"`
	// Run and Batch are those under which the batch was sent first.
	Run         string    `json:"run,omitempty"`
	Batch       int64     `json:"batch,omitempty"`
	Key         string    `json:"key,omitempty"` // the idempotency key
	Publication string    `json:"publication,omitempty"`
	Operation   Operation `json:"operation,omitempty"`
	People      []person  `json:"people,omitempty"`
	// Of is the N of the batch that an outcome belongs to.
	Of       int64      `json:"of,omitempty"`
	Outcome  string     `json:"outcome,omitempty"`
	At       time.Time  `json:"at,omitzero"`
	Rejected []rejected `json:"rejected,omitempty"`
}

type person struct {
	Profile string `json:"profile"`
	Key     string `json:"key"`
	// Payload is the record that is sent, and for a removal the one that the receiver holds.
	Payload json.RawMessage `json:"payload"`
	Rank    *int64          `json:"rank,omitempty"`
	Reason  string          `json:"reason"`
	Detail  string          `json:"detail,omitempty"`
}

type rejected struct {
	Position int    `json:"position"`
	Status   int    `json:"status"`
	Reason   string `json:"reason,omitempty"`
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const journalSuffix = ".log"

// journals is the directory of an activation's journals, held by one run at a time.
type journals struct {
	dir  string
	lock *os.File
	last int64 // the highest N seen or given
}

// openJournals makes the directory and takes its lock, without which a worker that was given up for dead could go on sending
// beside its successor. LakeLocked when another process has it.
func openJournals(lakeDir, activation string) (*journals, error) {
	if activation != filepath.Base(activation) {
		return nil, fault.New(fault.InvalidManifest, "activation %q can't be the name of a directory", activation)
	}
	dir := filepath.Join(lakeDir, "journal", activation)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, engine.Classify("make the journal directory", err)
	}
	for _, d := range []string{lakeDir, filepath.Dir(dir)} {
		if err := syncDir(d); err != nil {
			return nil, err
		}
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, engine.Classify("open the journal's lock", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fault.New(fault.LakeLocked, "activation %s: another process is sending; wait for it to end", activation)
		}
		return nil, engine.Classify("lock the journal", err)
	}
	return &journals{dir: dir, lock: lock}, nil
}

func (j *journals) close() { _ = j.lock.Close() }

// HasJournals says whether a run of the activation that died left something that no ledger holds, without taking the lock.
func HasJournals(lakeDir, activation string) (bool, error) {
	runs, err := (&journals{dir: filepath.Join(lakeDir, "journal", activation)}).runs()
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return len(runs) > 0, err
}

// runs names the journals that are there, in order of name.
func (j *journals) runs() ([]string, error) {
	entries, err := os.ReadDir(j.dir)
	if err != nil {
		return nil, engine.Classify("read the journal directory", err)
	}
	var out []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), journalSuffix); ok {
			out = append(out, name)
		}
	}
	return out, nil
}

// remove deletes the journals of runs whose entries a committed ledger holds; one that is gone already is no error.
func (j *journals) remove(runs []string) error {
	for _, run := range runs {
		if err := os.Remove(j.path(run)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return engine.Classify("remove a journal", err)
		}
	}
	return syncDir(j.dir)
}

func (j *journals) path(run string) string { return filepath.Join(j.dir, run+journalSuffix) }

// scan gives each the entries of a journal from an offset on, and returns the offset behind the last valid one.
// LakeCorrupt when an invalid line has valid ones behind it: that is no torn tail.
func (j *journals) scan(run string, from int64, each func(*entry) error) (int64, error) {
	f, err := os.Open(j.path(run))
	if err != nil {
		return 0, engine.Classify("open a journal", err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return 0, engine.Classify("read a journal", err)
	}
	r := bufio.NewReaderSize(f, 1<<20)
	at, torn := from, false
	for {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return at, nil // what has no end of line was never finished
		}
		if err != nil {
			return at, engine.Classify("read a journal", err)
		}
		e, ok := parseLine(line)
		if !ok {
			torn = true
			continue
		}
		if torn {
			return at, fault.New(fault.LakeCorrupt, "journal %s has a damaged entry at byte %d that is not its last; restore the file, or remove it to send its people again", j.path(run), at)
		}
		at += int64(len(line))
		j.last = max(j.last, e.N)
		if err := each(e); err != nil {
			return at, err
		}
	}
}

func parseLine(line []byte) (*entry, bool) {
	if len(line) < 11 || line[8] != ' ' {
		return nil, false
	}
	content := line[9 : len(line)-1]
	if string(line[:8]) != fmt.Sprintf("%08x", crc32.Checksum(content, castagnoli)) {
		return nil, false
	}
	var e entry
	if json.Unmarshal(content, &e) != nil {
		return nil, false
	}
	return &e, true
}

// journal is the open log of the running run.
type journal struct {
	all    *journals
	f      *os.File
	start  int64 // where this process began to write
	buffer bytes.Buffer
}

// open opens the journal of a run to write behind its first size bytes; what is behind those is torn and cut off.
func (j *journals) open(run, origin string, size int64) (*journal, error) {
	f, err := os.OpenFile(j.path(run), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, engine.Classify("open the journal", err)
	}
	out := &journal{all: j, f: f, start: size}
	err = f.Truncate(size)
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err == nil {
		err = out.append(&entry{Kind: entryOpened, Origin: origin}, true)
	}
	if err == nil {
		err = syncDir(j.dir)
	}
	if err != nil {
		_ = f.Close()
		return nil, engine.Classify("open the journal", err)
	}
	crash.At(crash.JournalOpened)
	return out, nil
}

// append writes an entry, gives it its N and, if told to, flushes it and all before it to disk.
func (l *journal) append(e *entry, flush bool) error {
	l.all.last++
	e.N = l.all.last
	l.buffer.Reset()
	l.buffer.WriteString("00000000 ")
	enc := json.NewEncoder(&l.buffer)
	enc.SetEscapeHTML(false) // the payload's bytes are what was hashed
	if err := enc.Encode(e); err != nil {
		return fault.New(fault.Internal, "write to the journal: %w", err)
	}
	line := l.buffer.Bytes()
	copy(line, fmt.Appendf(nil, "%08x", crc32.Checksum(line[9:len(line)-1], castagnoli)))
	if _, err := l.f.Write(line); err != nil {
		return engine.Classify("write to the journal", err)
	}
	if !flush {
		return nil
	}
	return l.flush()
}

func (l *journal) flush() error { return engine.Classify("write to the journal", l.f.Sync()) }

func (l *journal) close() error { return engine.Classify("close the journal", l.f.Close()) }

// syncDir makes the names in a directory durable.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return engine.Classify("open a directory", err)
	}
	err = d.Sync()
	return engine.Classify("flush a directory", errors.Join(err, d.Close()))
}

// withRun adds a run to a list of journals unless it is there.
func withRun(runs []string, run string) []string {
	if slices.Contains(runs, run) {
		return runs
	}
	return append(runs, run)
}
