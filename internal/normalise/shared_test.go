package normalise

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared reads a CSV file of the folder of public test data beside the repository, each row as a map by header.
func shared(t *testing.T, name string) []map[string]string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", name)
	f, err := os.Open(path)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is missing: %v", path, err)
		}
		t.Skipf("%s is not here", path)
	}
	defer func() { _ = f.Close() }()
	records, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var rows []map[string]string
	for _, rec := range records[1:] {
		row := map[string]string{}
		for i, v := range rec {
			row[records[0][i]] = v
		}
		rows = append(rows, row)
	}
	return rows
}

// Addresses that the conformance suites call invalid are refused, and those that they call valid are taken, but for quoted
// local parts, which Email refuses on purpose, and display names, which it drops. What they call unusual or optional is not judged,
// nor is white space at the ends, which is trimmed before judging.
func TestEmailAgainstConformanceSuites(t *testing.T) {
	agree, judged := 0, 0
	for _, row := range shared(t, "normalise/emails.csv") {
		raw := row["raw"]
		if row["raw_is_json_escaped"] == "1" {
			if err := json.Unmarshal([]byte(`"`+raw+`"`), &raw); err != nil {
				if err := json.Unmarshal([]byte(raw), &raw); err != nil {
					t.Fatal(err)
				}
			}
		}
		if row["valid"] != "yes" && row["valid"] != "no" || strings.TrimSpace(raw) != raw {
			continue
		}
		judged++
		got, ok := Email(raw)
		if ok == (row["valid"] == "yes") {
			agree++
		} else {
			t.Logf("%s %s: %q = %q, %v; the suite says %s", row["source"], row["diagnosis"], raw, got, ok, row["valid"])
		}
	}
	t.Logf("emails: %d of %d agree", agree, judged)
	if judged != 107 || agree < judged-6 { // 3 quoted, 3 with a display name
		t.Errorf("%d of %d agree", agree, judged)
	}
}

// Numbers that the reference implementation calls possible come out as its E.164; those that it can't read or calls
// impossible are refused. Rows that depend on the version of the metadata are left out, as the data's notes say.
func TestPhoneAgainstReference(t *testing.T) {
	agree, judged := 0, 0
	for _, row := range shared(t, "normalise/phones.csv") {
		if row["stable"] != "1" {
			continue
		}
		judged++
		got, ok := Phone(row["raw"], row["default_region"])
		want := row["possible"] == "1"
		if ok == want && (!ok || got == row["e164"]) {
			agree++
		} else {
			t.Logf("%q in %q = %q, %v; the reference says %q possible %s %s", row["raw"], row["default_region"], got, ok, row["e164"], row["possible"], row["error"])
		}
	}
	t.Logf("phones: %d of %d agree", agree, judged)
	if judged != 201 || agree < judged {
		t.Errorf("%d of %d agree", agree, judged)
	}
}
