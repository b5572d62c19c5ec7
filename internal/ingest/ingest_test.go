package ingest_test

import (
	"testing"

	"github.com/kith-dev/kith/internal/ingest/record"
)

const header = "id,mail,tel,spent,y,m,d,updated,note"

func TestRowsBecomeTypedAndNormalised(t *testing.T) {
	w := newWorld(t)
	w.write("a.csv", header,
		`1, Ada@Example.ORG ,010-1234-5678,"₩1,234.5",1990,05,06,2026-03-31 09:00,"two
lines, ""quoted"""`,
		`2,nobody,,,1990,,06,,`,
		`3,x@example.org,12,abc,1990,02,30,yesterday,x`)
	w.ok(profiles(record.Snapshot), w.files("*.csv"))
	w.expect("source", cols("_key", "email", "phone", "spent", "birthDate", "_time", "_run", "_ingested_at", "_invalid", "y", "note"),
		"1|ada@example.org|+821012345678|1234.5000|1990-05-06|2026-03-31 00:00:00+00|crm-ingest-1|2026-04-01 13:00:00+00|-|1990|two\nlines, \"quoted\"",
		`2|-|-|-|-|-|crm-ingest-1|2026-04-01 13:00:00+00|{"email":"nobody"}|1990|-`,
		`3|x@example.org|-|-|-|-|crm-ingest-1|2026-04-01 13:00:00+00|{"_time":"yesterday","birthDate":"1990-02-30","phone":"12","spent":"abc"}|1990|x`)
	if o := w.output("rows"); o.Rows != 3 || o.Added != 3 || o.Removed != 0 {
		t.Errorf("output rows is %+v", o)
	}
	if o := w.output("invalid/email"); o.Rows != 1 {
		t.Errorf("output invalid/email is %+v", o)
	}
}
