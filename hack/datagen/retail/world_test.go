package retail

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	parquetfile "github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"
	"golang.org/x/text/encoding/korean"
)

// The tests read the generated files as anybody would, with other code than wrote them, and find the story in them.

// rec is one row by column name, with the key of its source.
type rec map[string]string

// world is everything on file, by source and key; a later file replaces a key's row. refused counts what no careful reader takes.
type world struct {
	rows    map[string]map[string]rec
	refused map[string]int
	noCard  int
}

func readWorld(t *testing.T, dir string) *world {
	t.Helper()
	w := &world{rows: map[string]map[string]rec{}, refused: map[string]int{}}
	for _, s := range []struct{ source, glob, key, moment, layout string }{
		{sourceCRM, "crm/*.csv", "고객번호", "수정일시", "2006-01-02 15:04"},
		{sourceLoyalty, "loyalty/*.ndjson.gz", "card_no", "updated_at", time.RFC3339},
		{sourceWeb, "web/*.csv", "event_id", "occurred_at", time.RFC3339},
		{sourceShop, "shop/*.csv", "line_id", "ordered_at", time.RFC3339},
		{sourceTill, "pos/*.parquet", "거래행번호", "거래일시", time.RFC3339},
		{sourceService, "service/*.csv", "case_id", "updated_at", time.RFC3339},
		{sourceConsents, "consent/*.csv", "consent_id", "recorded_at", time.RFC3339},
	} {
		w.rows[s.source] = map[string]rec{}
		paths, err := filepath.Glob(filepath.Join(dir, s.glob))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: no files: %v", s.glob, err)
		}
		slices.Sort(paths)
		for _, path := range paths {
			for _, r := range readFile(t, path, s.source) {
				at, err := time.Parse(s.layout, r[s.moment])
				if r == nil || r[s.key] == "" || err != nil || !acceptable(s.source, r) {
					w.refused[s.source]++
					continue
				}
				if s.source == sourceCRM {
					at = at.Add(-9 * time.Hour)
				}
				r["at"] = strconv.FormatInt(at.Unix(), 10)
				w.rows[s.source][r[s.key]] = r
			}
		}
	}
	for key, r := range w.rows[sourceTill] {
		if r["카드번호"] == "" {
			w.noCard++
			delete(w.rows[sourceTill], key)
		}
	}
	return w
}

// acceptable is the contract of examples/retail in other words.
func acceptable(source string, r rec) bool {
	switch source {
	case sourceShop:
		amount, ok := parseMoney(r["amount"])
		refunded, _ := parseMoney(r["refunded_amount"])
		return ok && r["currency"] == "KRW" && r["quantity"] != "0" && refunded <= amount
	case sourceTill:
		amount, _ := parseMoney(r["금액"])
		refunded, _ := parseMoney(r["환불액"])
		return refunded <= amount
	case sourceConsents:
		return slices.Contains([]string{mail, stores, analytics}, r["purpose"]) && slices.Contains([]string{granted, denied, withdrawn}, r["status"])
	}
	return true
}

// readFile gives the rows of a file, nil for a row that has no columns to speak of.
func readFile(t *testing.T, path, source string) []rec {
	t.Helper()
	if source == sourceTill {
		return readParquet(t, path)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if source == sourceLoyalty {
		return readDocuments(t, f)
	}
	var in *csv.Reader
	switch source {
	case sourceCRM:
		in = csv.NewReader(korean.EUCKR.NewDecoder().Reader(f))
	default:
		in = csv.NewReader(f)
	}
	if source == sourceConsents {
		in.Comma = ';'
	}
	in.FieldsPerRecord = -1
	lines, err := in.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var out []rec
	for _, line := range lines[1:] {
		if len(line) != len(lines[0]) || strings.ContainsRune(strings.Join(line, ""), utf8.RuneError) {
			out = append(out, nil)
			continue
		}
		r := rec{}
		for i, name := range lines[0] {
			r[name] = line[i]
		}
		out = append(out, r)
	}
	return out
}

func readDocuments(t *testing.T, f *os.File) []rec {
	t.Helper()
	gz, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var out []rec
	lines := bufio.NewScanner(gz)
	for lines.Scan() {
		var r rec
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			r = nil
		}
		out = append(out, r)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func readParquet(t *testing.T, path string) []rec {
	t.Helper()
	in, err := parquetfile.OpenParquetFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	reader, err := pqarrow.NewFileReader(in, pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	tbl, err := reader.ReadTable(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer tbl.Release()
	batches := array.NewTableReader(tbl, 0)
	defer batches.Release()
	var out []rec
	for batches.Next() {
		b := batches.RecordBatch()
		for row := range int(b.NumRows()) {
			r := rec{}
			for c, field := range b.Schema().Fields() {
				if b.Column(c).IsNull(row) {
					continue
				}
				r[field.Name] = b.Column(c).ValueStr(row)
				if ts, ok := b.Column(c).(*array.Timestamp); ok {
					r[field.Name] = ts.Value(row).ToTime(arrow.Microsecond).UTC().Format(time.RFC3339)
				}
			}
			out = append(out, r)
		}
	}
	return out
}

// parseMoney reads a decimal into ten-thousandths.
func parseMoney(s string) (int64, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole+(fraction + "0000")[:4], 10, 64)
	return n, err == nil && len(fraction) <= 4
}

func readTruth(t *testing.T, dir, name string) [][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, "truth", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows[1:]
}
