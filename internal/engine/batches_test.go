package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Every row comes once with its values, short and long ones and none, whatever thread it comes from.
func TestBatches(t *testing.T) {
	db := open(t, Options{Threads: 4})
	const n = 300_000
	must(t, db.Exec(t.Context(), `CREATE TABLE t AS SELECT i::VARCHAR AS i, 'x' || i AS short, repeat(i::VARCHAR, 20) AS long,
CASE WHEN i % 3 = 0 THEN NULL ELSE 'ü' || i END AS third FROM range(300000) r(i)`))
	var mu sync.Mutex
	seen := make([]bool, n)
	err := db.Batches(t.Context(), "SELECT i, short, long, third, NULL::VARCHAR, 'same' FROM t", func(b *Batch) error {
		mu.Lock()
		defer mu.Unlock()
		for row := range b.Len() {
			i, err := strconv.Atoi(b.Text(0, row))
			if err != nil {
				return err
			}
			s := strconv.Itoa(i)
			third := "ü" + s
			if i%3 == 0 {
				third = ""
			}
			for column, want := range []string{s, "x" + s, strings.Repeat(s, 20), third, "", "same"} {
				if got := b.Text(column, row); got != want {
					return fmt.Errorf("column %d of row %d is %q, want %q", column, i, got, want)
				}
			}
			if seen[i] {
				return fmt.Errorf("row %d came twice", i)
			}
			seen[i] = true
		}
		return nil
	})
	must(t, err)
	for i, ok := range seen {
		if !ok {
			t.Fatalf("row %d never came", i)
		}
	}
}

// Queries that read at once have each their own rows.
func TestBatchesOfQueriesAtOnce(t *testing.T) {
	db := open(t, Options{})
	var all sync.WaitGroup
	for q := range 8 {
		all.Go(func() {
			var mu sync.Mutex
			rows := 0
			err := db.Batches(t.Context(), "SELECT '"+sqlgen.Query(strconv.Itoa(q))+"' FROM range(50000)", func(b *Batch) error {
				mu.Lock()
				defer mu.Unlock()
				for row := range b.Len() {
					if got := b.Text(0, row); got != string(sqlgen.Query(strconv.Itoa(q))) {
						return fmt.Errorf("query %d got %q", q, got)
					}
				}
				rows += b.Len()
				return nil
			})
			if err != nil || rows != 50_000 {
				t.Errorf("query %d: %d rows, %v", q, rows, err)
			}
		})
	}
	all.Wait()
}

func TestBatchesFail(t *testing.T) {
	db := open(t, Options{})
	mine := errors.New("mine")
	if err := db.Batches(t.Context(), "SELECT 'a' FROM range(100000)", func(*Batch) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("an error of the taker: %v", err)
	}
	if err := db.Batches(t.Context(), "SELECT nothing", func(*Batch) error { return nil }); err == nil {
		t.Error("a broken query is no error")
	}
	if err := db.Exec(t.Context(), "SELECT "+handOver+"('a')"); fault.ClassOf(err) == "" {
		t.Errorf("rows that nobody takes: %v", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := db.Batches(stopped, "SELECT 'a' FROM range(100000)", func(*Batch) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a query that was stopped: %v", err)
	}
}
