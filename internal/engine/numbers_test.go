package engine

import (
	"fmt"
	"testing"

	"github.com/kith-dev/kith/internal/sqlgen"
)

func TestNumbers(t *testing.T) {
	db := open(t, Options{})
	for _, rows := range []int{0, 1, 2047, 2048, 2049, 300_000} {
		at := func(row, column int) int64 { return int64(row)*int64(1-2*column) - int64(column) }
		if err := db.CreateNumbers(t.Context(), "numbers", []string{"a", "b"}, rows, at); err != nil {
			t.Fatal(err)
		}
		var n, distinct, wrong int
		q := sqlgen.Query("SELECT count(*), count(DISTINCT a), count(*) FILTER (WHERE a < 0 OR b <> -a - 1 OR typeof(a) <> 'BIGINT') FROM numbers")
		if err := db.Row(t.Context(), q, &n, &distinct, &wrong); err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(n, distinct, wrong), fmt.Sprint(rows, rows, 0); got != want {
			t.Errorf("%d rows: %s, want %s", rows, got, want)
		}
	}
	if err := db.Exec(t.Context(), "SELECT * FROM kith_numbers()"); err == nil {
		t.Error("numbers that nobody gives are read")
	}
}

func BenchmarkNumbers(b *testing.B) {
	db := open(b, Options{})
	for b.Loop() {
		if err := db.CreateNumbers(b.Context(), "numbers", []string{"a", "b", "c", "d", "e"}, 1_000_000, func(row, column int) int64 { return int64(row + column) }); err != nil {
			b.Fatal(err)
		}
	}
}
