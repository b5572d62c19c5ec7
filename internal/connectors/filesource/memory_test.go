package filesource_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/connectors/filesource"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// A batch that was used up goes, however large its rows are: 200 rows of a megabyte each are never held together.
func TestBatchesAreNotHeldByLaterOnes(t *testing.T) {
	const rows, size = 200, 1_000_000
	src, err := filesource.New(csvFiles(volume(t, map[string]string{"f.csv": "a,b\n" + strings.Repeat("1,"+strings.Repeat("x", size)+"\n", rows)}), "f.csv"))
	if err != nil {
		t.Fatal(err)
	}
	reading, err := src.Plan(t.Context(), record.Request{Load: record.Snapshot})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reading.Close() }()
	held := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := held()
	read := 0
	var b *record.Batch
	for read < rows-10 {
		if b, err = reading.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		read += len(b.Rows)
	}
	if now := held(); now > before+50*size {
		t.Errorf("after %d rows of 1 MB %d MB are held beside a batch of %d rows", read, (now-before)/1_000_000, len(b.Rows))
	}
	runtime.KeepAlive(b)
}
