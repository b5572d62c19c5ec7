package ingest_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/sqlgen"
)

const benchRows = 1_000_000

// BenchmarkEvents ingests a million events of eight columns, with a key and a rule, into an empty lake.
func BenchmarkEvents(b *testing.B) {
	cfg := record.Config{
		Name: "crm", Kind: record.Event, Load: record.Append, Key: []string{"id"}, Timestamp: record.Timestamp{Column: "at"}, TimeZone: "UTC",
		Fields: []record.Field{
			{Column: "visitor", Semantic: "identifier", Name: "anonymousId"}, {Column: "mail", Semantic: "email"}, {Column: "what", Semantic: "eventName"},
			{Column: "sku", Semantic: "sku"}, {Column: "value", Name: "value", Type: sqlgen.Decimal}, {Column: "n", Name: "n", Type: sqlgen.Integer},
		},
		Contract: record.Contract{Rules: []record.Rule{{Name: "value", Expression: "row.value >= 0.0"}}, MaxQuarantinePercent: 5},
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	benchmark(b, cfg, "id,visitor,mail,what,at,sku,value,n", func(i int) string {
		return fmt.Sprintf("e%08d,v-%07d,user%06d@example.org,Product Viewed,%s,SKU-%05d,%d.%02d,%d",
			i, i%200_000, i%100_000, at.Add(time.Duration(i)*time.Second).Format(time.RFC3339), i%10_000, i%500, i%100, i%7)
	})
}

// BenchmarkProfiles ingests a million people of eight columns, each with a phone number of his own.
func BenchmarkProfiles(b *testing.B) {
	cfg := record.Config{
		Name: "crm", Kind: record.Profile, Load: record.Snapshot, Key: []string{"id"}, Timestamp: record.Timestamp{Column: "at"}, TimeZone: "UTC", Region: "KR",
		Fields: []record.Field{
			{Column: "first", Semantic: "givenName"}, {Column: "last", Semantic: "surname"}, {Column: "mail", Semantic: "email"},
			{Column: "tel", Semantic: "phone"}, {Column: "born", Semantic: "birthDate"}, {Column: "zip", Semantic: "postcode"},
		},
		Contract: record.Contract{MaxQuarantinePercent: 5},
	}
	benchmark(b, cfg, "id,first,last,mail,tel,born,zip,at", func(i int) string {
		return fmt.Sprintf("c%07d,Given%d,Surname%d,User%d@Example.org,010-%04d-%04d,%d-%02d-%02d,%05d,2026-03-31 12:00:00",
			i, i%5000, i%9000, i, i/10_000%10_000, i%10_000, 1940+i%60, 1+i%12, 1+i%28, i%100_000)
	})
}

func benchmark(b *testing.B, cfg record.Config, head string, line func(int) string) {
	w := newWorld(b)
	f, err := os.Create(filepath.Join(w.volume, "in.csv"))
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(f)
	_, _ = fmt.Fprintln(out, head)
	for i := range benchRows {
		_, _ = fmt.Fprintln(out, line(i))
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	before := cpuTime(b)
	b.ResetTimer()
	for b.Loop() {
		// Each turn begins with an empty lake.
		fresh := newWorld(b)
		fresh.volume = w.volume
		fresh.ok(cfg, fresh.files("in.csv"))
	}
	b.ReportMetric(benchRows*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	// On a busy machine this says more: two cores do a million rows a second at 2 µs each.
	b.ReportMetric(float64((cpuTime(b)-before).Nanoseconds())/1e3/float64(benchRows*b.N), "cpu-µs/row")
}

// cpuTime is what this process has used of all cores.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
