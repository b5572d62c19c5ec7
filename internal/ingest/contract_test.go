package ingest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/connectors/filesource"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

func sales() record.Config {
	return record.Config{
		Name: "crm", Kind: record.Transaction, Load: record.Append, Key: []string{"id"}, Timestamp: record.Timestamp{Column: "at"}, Currency: "KRW",
		Fields: []record.Field{{Column: "sum", Semantic: "amount"}, {Column: "cur", Semantic: "currency"}, {Column: "back", Semantic: "refundedAmount"}},
		Contract: record.Contract{
			Rules:                []record.Rule{{Name: "positive", Expression: "row.sum >= 0.0"}, {Name: "refund", Expression: "row.back <= row.sum"}},
			MaxQuarantinePercent: 100,
		},
	}
}

var saleLines = []string{"id,at,sum,cur,back",
	"1,2026-01-01,99999999999999.9999,KRW,", "2,2026-01-01,-5," + "KRW,", "3,2026-01-01,10,USD,", "4,2026-01-01,10,,20", ",2026-01-01,10,KRW,", "6," + secret + ",10,KRW,",
	"7,2026-01-01,abc,KRW,5", "8,2026-01-01,1,2,3,4", "9,2026-01-01,10,KRW,\"2\"x", "10,2026-01-01,0.1,KRW,0.1"}

func TestQuarantine(t *testing.T) {
	w := newWorld(t)
	w.write("s.csv", saleLines...)
	res := w.ok(sales(), w.files("*.csv"))
	w.expect("source", cols("_key", "amount", "refunded", "currency", "_invalid"),
		"10|0.1000|0.1000|KRW|-", "1|99999999999999.9999|-|KRW|-", `7|-|5.0000|KRW|{"amount":"abc"}`)
	w.expect("quarantine", cols("row", "rule", "raw", "file", "_run"),
		"10|csv|9,2026-01-01,10,KRW,\"2\"x|s.csv|crm-ingest-1",
		"3|positive|2,2026-01-01,-5,KRW,|s.csv|crm-ingest-1", "4|currency|3,2026-01-01,10,USD,|s.csv|crm-ingest-1", "5|refund|4,2026-01-01,10,,20|s.csv|crm-ingest-1",
		"6|key|,2026-01-01,10,KRW,|s.csv|crm-ingest-1", "7|timestamp|6,"+secret+",10,KRW,|s.csv|crm-ingest-1", "9|csv|8,2026-01-01,1,2,3,4|s.csv|crm-ingest-1")
	for _, reason := range w.table("quarantine", "reason") {
		if strings.Contains(reason, secret) || len(reason) < 10 {
			t.Errorf("the reason %q", reason)
		}
	}
	if c := res.Counts; c.Read != 10 || c.Written != 3 || c.Quarantined["csv"] != 2 || c.Quarantined["key"] != 1 || c.Invalid["amount"] != 1 {
		t.Errorf("%+v", c)
	}
	for name, want := range map[string]int64{"read": 10, "written": 3, "quarantined": 7, "quarantined/csv": 2, "quarantined/currency": 1, "invalid/amount": 1, "duplicates": 0} {
		if o := w.output(name); o.Rows != want {
			t.Errorf("output %s is %+v; want %d", name, o, want)
		}
	}
	// What the next run quarantines is added.
	w.write("t.csv", saleLines[0], "11,2026-01-01,-1,KRW,", "12,2026-01-01,1,KRW,")
	w.ok(sales(), w.files("*.csv"))
	if got := w.table("quarantine", "_run", "file"); len(got) != 8 || got[7] != "crm-ingest-2|t.csv" {
		t.Errorf("the quarantine is %q", got)
	}
}

// A file that is read anew takes its own rows in the quarantine along.
func TestQuarantineOfAChangedFile(t *testing.T) {
	w := newWorld(t)
	cfg := small(record.Upsert)
	w.write("a.csv", "id,at,v", ",2026-01-01,a", "1,2026-01-01,b")
	w.write("b.csv", "id,at,v", ",2026-01-01,c")
	w.ok(cfg, w.files("*.csv"))
	w.expect("quarantine", cols("file", "row"), "a.csv|2", "b.csv|2")
	w.write("a.csv", "id,at,v", "7,2026-01-01,a", "1,2026-01-01,b", ",,x")
	w.ok(cfg, w.files("*.csv"))
	w.expect("quarantine", cols("file", "row"), "a.csv|4", "b.csv|2")
	w.ok(cfg, w.files("*.csv"))
	w.expect("quarantine", cols("file", "row"), "a.csv|4", "b.csv|2")
}

func TestTooMuchQuarantine(t *testing.T) {
	w := newWorld(t)
	cfg := sales()
	cfg.Contract.MaxQuarantinePercent = 69.9
	w.write("s.csv", saleLines...)
	w.fails(cfg, w.files("*.csv"), fault.ContractViolated, "crm", "7 of 10 rows", "69.9", "csv 2", "positive 1", "s.csv row 3")
	cfg.Contract.MaxQuarantinePercent = 70
	w.ok(cfg, w.files("*.csv"))
	none := newWorld(t)
	none.write("s.csv", "id,at,sum,cur,back", "1,2026-01-01,1,KRW,")
	cfg.Contract.MaxQuarantinePercent = 0
	none.ok(cfg, none.files("*.csv"))
}

func TestRejectAndWarn(t *testing.T) {
	w := newWorld(t)
	cfg := sales()
	cfg.Contract.OnViolation = record.Reject
	w.write("s.csv", saleLines...)
	w.fails(cfg, w.files("*.csv"), fault.ContractViolated, "crm", "s.csv row 3", "positive", "Reject")
	cfg.Contract.OnViolation = record.Warn
	w.ok(cfg, w.files("*.csv"))
	w.expect("source", cols("_key", "amount"), "10|0.1000", "1|99999999999999.9999", "2|-5.0000", "4|10.0000", "7|-")
	if w.output("warned/positive").Rows != 1 || w.output("warned/refund").Rows != 1 || w.output("quarantined").Rows != 5 {
		t.Errorf("%+v", w.last.Outputs)
	}
}

func TestConsent(t *testing.T) {
	w := newWorld(t)
	w.write("c.csv", "mail,purpose,status,at", "A@Example.org,marketing-email,OPT_IN,2026-01-01", "b@example.org, marketing-email ,withdrawn,2026-01-02",
		"c@example.org,spam,yes,2026-01-02", "d@example.org,marketing-email,perhaps,2026-01-02", "e@example.org,marketing-email,no,")
	w.ok(record.Config{
		Name: "crm", Kind: record.Consent, Load: record.Append, Timestamp: record.Timestamp{Column: "at"}, Purposes: []string{"marketing-email"},
		Fields:   []record.Field{{Column: "mail", Semantic: "email"}, {Column: "purpose", Semantic: "purpose"}, {Column: "status", Semantic: "consentStatus"}},
		Contract: record.Contract{MaxQuarantinePercent: 100},
	}, w.files("c.csv"))
	w.expect("source", cols("email", "purpose", "status"), "a@example.org|marketing-email|Granted", "b@example.org|marketing-email|Withdrawn")
	w.expect("quarantine", cols("row", "rule"), "4|purpose", "5|consentStatus", "6|timestamp")
}

func TestNewColumns(t *testing.T) {
	for _, load := range []record.Load{record.Append, record.Upsert, record.Snapshot} {
		w := newWorld(t)
		cfg := small(load)
		w.write("a.csv", "id,at,v", "1,2026-01-01,a")
		w.ok(cfg, w.files("*.csv"))
		w.write("b.csv", "id,note,at,v", "2,"+secret+",2026-01-01,b")
		strict := cfg
		strict.Contract.OnSchemaChange = record.RejectChanges
		w.fails(strict, w.files("*.csv"), fault.SchemaChanged, "crm", "b.csv", `"note"`, "Extend")
		w.ok(cfg, w.files("*.csv"))
		w.expect("source", cols("_key", "v", "note"), "1|a|-", "2|b|"+secret)
		w.write("c.csv", "id,v,at", "3,c,2026-01-01")
		w.ok(strict, w.files("*.csv"))
		w.expect("source", cols("_key", "v", "note"), "1|a|-", "2|b|"+secret, "3|c|-")
	}
}

func TestColumnsOfJSONComeAndGo(t *testing.T) {
	w := newWorld(t)
	src := func() *filesource.Source {
		return w.source(filesource.Config{Path: "*.ndjson", Format: filesource.FormatNDJSON})
	}
	lines := []string{`{"id":1,"at":"2026-01-01T00:00:00Z"}`, `{"id":2,"at":"2026-01-01","v":7,"deep":{"a":[1]}}`}
	for i := range 3000 {
		lines = append(lines, fmt.Sprintf(`{"id":%d,"at":"2026-01-01","late%d":%d.50}`, i+3, i/1000, i))
	}
	w.write("a.ndjson", lines...)
	w.ok(small(record.Append), src())
	if got := w.table("source", "_key", "v", "deep", "late0", "late2"); len(got) != 3002 || got[0] != "1000|-|-|997.50|-" {
		t.Errorf("%d rows, the first %q", len(got), got[0])
	}
	cfg := small(record.Append)
	cfg.Fields[0] = record.Field{Column: "vv", Name: "w"}
	w.fails(cfg, src(), fault.ColumnMissing, "crm", `"vv"`, `did you mean "v"`)
	w.write("b.ndjson", `{"id":9001,"at":"2026-01-02"}`)
	w.ok(small(record.Append), src())
	if o := w.output("rows"); o.Rows != 3003 || o.Added != 1 {
		t.Errorf("%+v", o)
	}
}

// What is wrong with a source is said before anything is written.
func TestNothingIsCommittedOnErrors(t *testing.T) {
	w := newWorld(t)
	cfg := small(record.Append)
	w.write("a.csv", "id,at,v", "1,2026-01-01,a")
	w.ok(cfg, w.files("*.csv"))
	w.write("b.csv", "id,at,w", "1,2026-01-01,"+secret)
	w.fails(cfg, w.files("*.csv"), fault.ColumnMissing, "b.csv", `"v"`, "id, at, w")
	w.write("b.csv", "id,at,v,V", "1,2026-01-01,"+secret+",x")
	w.fails(cfg, w.files("*.csv"), fault.InvalidManifest, `"V"`)
	w.bytes("b.csv", []byte("id,at,v\n2,2026-01-01,\xff\xfe"+secret+"\n"))
	w.fails(cfg, w.files("*.csv"), fault.EncodingInvalid, "b.csv", "line 2")
	w.bytes("b.csv.gz", []byte("\x1f\x8b\x08\x00"))
	w.fails(cfg, w.files("*.gz"), fault.FileUnreadable, "b.csv.gz")
	w.fails(cfg, w.files("*.txt"), fault.FileNotFound, "*.txt")
	cfg.Deleted = "row.("
	w.fails(cfg, w.files("*.csv"), fault.InvalidExpression, "deleted: line 1")
	w.expect("source", cols("_key", "v"), "1|a")
}

// Amounts are exact from the file to the lake.
func TestAmountsAreExact(t *testing.T) {
	w := newWorld(t)
	lines := []string{"id,at,sum,cur,back"}
	for i := range 5000 {
		lines = append(lines, fmt.Sprintf("%d,2026-01-01,%d.%04d,KRW,", i, int64(i)*19_999_999_999, i*7919%10_000))
	}
	w.write("s.csv", lines...)
	w.ok(sales(), w.files("s.csv"))
	if err := w.lake.View(t.Context(), w.db, sqlgen.Name("exact"), w.last, lake.Table{Schema: "source", Name: "crm"}); err != nil {
		t.Fatal(err)
	}
	var wrong int64
	q := sqlgen.Query("SELECT count(*) FROM exact WHERE CAST(amount AS VARCHAR) <> format('{}.{:04d}', CAST(_key AS BIGINT) * 19999999999, CAST(_key AS BIGINT) * 7919 % 10000)")
	if err := w.db.Row(t.Context(), q, &wrong); err != nil || wrong != 0 {
		t.Errorf("%d amounts differ, %v", wrong, err)
	}
}
