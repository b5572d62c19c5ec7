package activation

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
)

func writeJournal(t *testing.T, dir string, n int) (*journals, []int64) {
	t.Helper()
	j, err := openJournals(dir, "mail")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.close)
	l, err := j.open("r1", "origin", 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends []int64
	for i := range n {
		e := &entry{Kind: entryBatch, Run: "r1", Batch: int64(i + 1), Operation: Upsert, People: []person{{Profile: "p", Key: "k", Payload: json.RawMessage(`{"name":"<\u2028 한>"}`)}}}
		if err := l.append(e, true); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(j.path("r1"))
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, info.Size())
	}
	if err := l.close(); err != nil {
		t.Fatal(err)
	}
	return j, ends
}

func scanAll(t *testing.T, j *journals) (entries []*entry, size int64, err error) {
	t.Helper()
	size, err = j.scan("r1", 0, func(e *entry) error {
		entries = append(entries, e)
		return nil
	})
	return entries, size, err
}

// TestTornTail cuts a journal at every byte: what was written before the cut is read, and writing goes on behind it.
func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	j, ends := writeJournal(t, dir, 2)
	whole, err := os.ReadFile(j.path("r1"))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(j.path("r1"), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		entries, size, err := scanAll(t, j)
		if err != nil {
			t.Fatal(err)
		}
		batches := 0
		for _, e := range ends {
			if int64(cut) >= e {
				batches++
			}
		}
		got := 0
		for _, e := range entries {
			if e.Kind == entryBatch {
				got++
				if string(e.People[0].Payload) != `{"name":"<\u2028 한>"}` {
					t.Fatalf("payload %s", e.People[0].Payload)
				}
			}
		}
		if got != batches || size > int64(cut) {
			t.Fatalf("cut at %d: %d batches to byte %d, want %d", cut, got, size, batches)
		}
		l, err := j.open("r1", "origin", size)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.close()
		if again, _, err := scanAll(t, j); err != nil || len(again) != len(entries)+1 || again[len(entries)].N <= int64(len(entries)) {
			t.Fatalf("cut at %d and opened again: %d entries, %v", cut, len(again), err)
		}
	}
}

// TestDamage in the middle is no torn tail and is not passed over.
func TestDamage(t *testing.T) {
	j, ends := writeJournal(t, t.TempDir(), 2)
	b, err := os.ReadFile(j.path("r1"))
	if err != nil {
		t.Fatal(err)
	}
	b[ends[0]-5] ^= 1
	if err := os.WriteFile(j.path("r1"), b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := scanAll(t, j); !fault.Is(err, fault.LakeCorrupt) {
		t.Errorf("%v, want LakeCorrupt", err)
	}
}

func TestOneProcessSends(t *testing.T) {
	dir := t.TempDir()
	j, err := openJournals(dir, "mail")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openJournals(dir, "mail"); !fault.Is(err, fault.LakeLocked) {
		t.Errorf("a second process: %v", err)
	}
	j.close()
	again, err := openJournals(dir, "mail")
	if err != nil {
		t.Fatal(err)
	}
	again.close()
}

// TestIdempotencyKeys differ in everything that makes a batch another one.
func TestIdempotencyKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range []string{
		idempotencyKey("o", "a", "r", 1), idempotencyKey("o", "a", "r", 2), idempotencyKey("o", "a", "r2", 1),
		idempotencyKey("o", "b", "r", 1), idempotencyKey("o2", "a", "r", 1),
	} {
		if seen[k] {
			t.Errorf("key %s twice", k)
		}
		seen[k] = true
	}
	if !seen[idempotencyKey("o", "a", "r", 1)] {
		t.Error("a key is not the same again")
	}
}
