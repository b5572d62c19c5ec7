package ingest_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kith-dev/kith/internal/ingest/record"
)

// Rows that say the same as before stay with the run that brought them, whether the source is read as a whole or in parts.
func TestRowsThatSayTheSameStay(t *testing.T) {
	for _, load := range []record.Load{record.Snapshot, record.Upsert} {
		t.Run(string(load), func(t *testing.T) {
			w := newWorld(t)
			random := rand.New(rand.NewPCG(1, 2))
			brought := map[string]string{} // row to the run that brought it
			values := map[int]string{}
			for run := 1; run <= 6; run++ {
				for i := range 200 {
					if run == 1 || random.IntN(20) == 0 {
						values[i] = fmt.Sprint("v", random.IntN(1000))
					}
					if random.IntN(40) == 0 {
						values[i] = "" // null: as good as any other value, and not another row
					}
				}
				if run == 5 { // most are others: the table is written anew, and it can't be told
					for i := range 150 {
						values[i] = fmt.Sprint("w", i)
					}
				}
				lines := []string{"id,at,v"}
				var want []string
				now := map[string]string{}
				for i := range 200 {
					if load == record.Snapshot && random.IntN(30) == 0 {
						continue
					}
					lines = append(lines, fmt.Sprintf("%d,2026-01-01,%s", i, values[i]))
					row := fmt.Sprintf("%d|%s", i, values[i])
					if values[i] == "" {
						row += "-"
					}
					if now[row] = brought[row]; now[row] == "" || run == 5 {
						now[row] = fmt.Sprint("crm-ingest-", run)
					}
					want = append(want, row+"|"+now[row])
				}
				brought = now
				w.write("a.csv", lines...)
				w.ok(small(load), w.files("*.csv"))
				slices.Sort(want)
				w.expect("source", cols("_key", "v", "_run"), want...)
				if o := w.output("rows"); int(o.Rows) != len(want) {
					t.Errorf("run %d: %d rows, not %d", run, o.Rows, len(want))
				}
			}
		})
	}
}
