package identity

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/normalise"
)

// shared opens a public data file beside the repository. Where it is not there the test is skipped, except in CI, where it fails.
func shared(t *testing.T, path string) []map[string]string {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	f, err := os.Open(filepath.Join(filepath.Dir(here), "..", "..", "..", "shared", "data", path))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("test data is missing: %v", err)
		}
		t.Skipf("test data is missing: %v", err)
	}
	defer func() { _ = f.Close() }()
	all := must[[][]string](t)(csv.NewReader(f).ReadAll())
	var out []map[string]string
	for _, row := range all[1:] {
		m := map[string]string{}
		for i, name := range all[0] {
			m[name] = row[i]
		}
		out = append(out, m)
	}
	return out
}

var truthFields = text("@ssn", "@passport", "@license", "@nationalId", "@email", "@phone", "birthDate", "givenName", "surname")

// truthRow is a record of the truth set as ingest would keep it. Dates stay as they are written: there are many ways in one column.
func truthRow(m map[string]string) string {
	email, _ := normalise.Text("email", "", m["EMAIL_ADDRESS"])
	phone, _ := normalise.Text("phone", "US", m["PHONE_NUMBER"])
	return strings.Join([]string{
		m["RECORD_ID"], "", strings.ReplaceAll(m["SSN_NUMBER"], "-", ""), m["PASSPORT_NUMBER"], m["DRIVERS_LICENSE_NUMBER"], m["NATIONAL_ID_NUMBER"],
		email, phone, m["DATE_OF_BIRTH"], normalise.Name(m["PRIMARY_NAME_FIRST"]), normalise.Name(m["PRIMARY_NAME_LAST"]),
	}, "|")
}

// pairsIn are the pairs of records within groups.
func pairsIn(groups [][]string) map[[2]string]bool {
	out := map[[2]string]bool{}
	for _, g := range groups {
		for i := range g {
			for j := range i {
				out[[2]string{min(g[i], g[j]), max(g[i], g[j])}] = true
			}
		}
	}
	return out
}

// Three stages of loading, each with its own truth. With settings as anybody would choose them (documents, addresses that are not an
// office's, a phone with a date of birth) no two people are ever taken for one. What only names and streets show is not found.
func TestTruthSet(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"ssn"}, {"passport"}, {"license"}, {"nationalId"}, {"email"}, {"phone", "birthDate"}}
	w.cfg.Guards = Guards{Separate: []string{"ssn"}, BlockedValues: []Blocked{{Identifier: "email", Patterns: []string{"^info@"}}, {Identifier: "ssn", Patterns: []string{"^.{0,8}$"}}}}
	before := map[string]string{}
	for stage, file := range []string{"customers", "watchlist", "reference"} {
		var rows []string
		for _, m := range shared(t, "identity/senzing/"+file+".csv") {
			rows = append(rows, truthRow(m))
		}
		w.source(file, Profile, stage+1, truthFields, rows...)
		w.run()
		truth := map[string][]string{}
		for _, m := range shared(t, "identity/senzing/truthset-load"+string(rune('1'+stage))+"-key.csv") {
			id := m["CLUSTER_ID"]
			truth[id] = append(truth[id], strings.ToLower(m["DATA_SOURCE"])+"/"+m["RECORD_ID"])
		}
		var want, got [][]string
		for _, g := range truth {
			want = append(want, g)
		}
		profiles := w.profiles()
		for _, g := range profiles {
			got = append(got, strings.Fields(g))
		}
		wanted, found := pairsIn(want), pairsIn(got)
		hits := 0
		for p := range found {
			if wanted[p] {
				hits++
			} else {
				t.Errorf("stage %d: %v are taken for one person", stage+1, p)
			}
		}
		if least := []int{33, 37, 39}[stage]; hits < least {
			t.Errorf("stage %d: %d of %d pairs were found, fewer than %d", stage+1, hits, len(wanted), least)
		}
		// A profile that gained records only keeps its id.
		for id, records := range before {
			for _, record := range strings.Fields(records) {
				if owner := w.of(record); owner != id && profiles[id] != "" {
					t.Errorf("stage %d: %s went from %s to %s", stage+1, record, id, owner)
				}
			}
		}
		before = profiles
	}
}
