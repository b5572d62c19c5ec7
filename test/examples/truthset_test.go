package examples

import (
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/linkage/quality"
	"github.com/kith-dev/kith/test/kithtest"
)

// leastF1 of pairs and by B-cubed after each of the three stages of the truth set.
var leastF1 = map[string][2]float64{"1": {0.98, 0.99}, "2": {0.95, 0.98}, "3": {0.95, 0.98}}

// TestTruthset loads the three stages of the identity truth set and compares each with its published answers, which the run never sees.
func TestTruthset(t *testing.T) {
	shared := kithtest.Shared(t, "identity/senzing")
	kith, dir := kithtest.Build(t), t.TempDir()
	data, lake := filepath.Join(dir, "data"), filepath.Join(dir, "lake")
	example := filepath.Join(kithtest.Root(), "examples", "truthset")
	before := map[string]string{}
	for _, stage := range []string{"1", "2", "3"} {
		if out, err := exec.Command("sh", filepath.Join(example, "stage.sh"), shared, data, stage).CombinedOutput(); err != nil {
			t.Fatalf("stage.sh: %v\n%s", err, out)
		}
		kithtest.Must(t, kith, "run", "-f", example, "--lake", lake, "--volume", "truthset-data="+data, "--now", "2026-11-0"+stage+"T00:00:00Z")
		members := map[string]string{}
		for _, r := range kithtest.Query(t, kith, lake, "SELECT source, record_key, profile_id FROM people.members") {
			members[strings.ToUpper(r[0])+"/"+r[1]] = r[2]
		}
		q := qualityOf(t, members, filepath.Join(shared, "truthset-load"+stage+"-key.csv"))
		t.Logf("stage %s: %+v", stage, q)
		if least := leastF1[stage]; q.Pairs.F1 < least[0] || q.BCubed.F1 < least[1] {
			t.Errorf("stage %s: F1 is %.4f of pairs and %.4f by B-cubed, and was to be %.3f and %.3f", stage, q.Pairs.F1, q.BCubed.F1, least[0], least[1])
		}
		explained(t, kith, lake, stage, before, members)
		before = members
	}
	// A John Smith without a date of birth is neither the father nor the son of that name and address, who are two people.
	for _, pair := range [][2]string{{"customers/1039", "watchlist/1041"}, {"customers/1040", "watchlist/1042"}} {
		out := kithtest.Must(t, kith, "explain", "pair", "people", pair[0], pair[1], "-f", example, "--lake", lake)
		if !strings.Contains(out, "one of them is as much like a third profile") {
			t.Errorf("%v are not explained:\n%s", pair, out)
		}
	}
}

// qualityOf members, by record, against a key file of the truth set, which has to name the same records.
func qualityOf(t *testing.T, members map[string]string, key string) quality.Quality {
	t.Helper()
	f, err := os.Open(key)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string) int { return slices.Index(rows[0], name) }
	source, record, cluster := column("DATA_SOURCE"), column("RECORD_ID"), column("CLUSTER_ID")
	var found, people []string
	for _, r := range rows[1:] {
		id := members[r[source]+"/"+r[record]]
		if id == "" {
			t.Fatalf("record %s/%s is in no profile", r[source], r[record])
		}
		found, people = append(found, id), append(people, r[cluster])
	}
	if len(found) != len(members) {
		t.Fatalf("%d records are in profiles, and %d in %s", len(members), len(found), key)
	}
	return quality.Of(found, people)
}

// explained checks that lineage accounts for everything that happened to profile ids since the stage before: where each record's id is another, where an id is
// new, and where one has ended. All but a new id have a cause.
func explained(t *testing.T, kith, lake, stage string, before, after map[string]string) {
	t.Helper()
	moved, began, heir := map[string]bool{}, map[string]bool{}, map[string]string{}
	for _, r := range kithtest.Query(t, kith, lake, "SELECT event, from_id, to_id, cause FROM people.lineage") {
		event, from, to, cause := r[0], r[1], r[2], r[3]
		if cause == "" && event != "new" {
			t.Errorf("stage %s: a %s without a cause", stage, event)
		}
		switch event {
		case "new":
			began[to] = true
		case "split":
			began[to] = true
			moved[from+">"+to] = true
		case "move":
			moved[from+">"+to] = true
		case "merge":
			heir[from] = to
			moved[from+">"+to] = true
		}
	}
	ids, were := map[string]bool{}, map[string]bool{}
	for _, id := range after {
		ids[id] = true
	}
	for _, id := range before {
		were[id] = true
	}
	for record, id := range after {
		if was := before[record]; was != "" && was != id && !moved[was+">"+id] {
			t.Errorf("stage %s: record %s moved to another profile and lineage does not say why", stage, record)
		}
	}
	for id := range ids {
		if !were[id] && !began[id] {
			t.Errorf("stage %s: a profile has a new id and lineage does not say since when", stage)
		}
	}
	for id := range were {
		for seen := 0; !ids[id] && seen <= len(heir); seen++ {
			id = heir[id]
		}
		if !ids[id] {
			t.Errorf("stage %s: a profile ended and does not resolve to one that is there", stage)
		}
	}
}

// TestCDNOW compares two segments with counts that awk makes from the raw file.
func TestCDNOW(t *testing.T) {
	raw := kithtest.Shared(t, "clv/CDNOW_sample.txt")
	kith, dir := kithtest.Build(t), t.TempDir()
	data, lake := filepath.Join(dir, "data"), filepath.Join(dir, "lake")
	b, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(data, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "CDNOW_sample.txt"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	example := filepath.Join(kithtest.Root(), "examples", "cdnow")
	kithtest.Must(t, kith, "run", "-f", example, "--lake", lake, "--volume", "cdnow-data="+data, "--now", "1998-07-01T00:00:00Z")
	var got []string
	for _, r := range kithtest.Query(t, kith, lake, "SELECT segment, count(*) FROM customers.segment_members WHERE purpose = 'analytics' GROUP BY 1 ORDER BY 1") {
		got = append(got, strings.Join(r, ","))
	}
	want, err := exec.Command("sh", filepath.Join(example, "check.sh"), raw).Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, "\n") != strings.TrimSpace(string(want)) {
		t.Errorf("segments:\n%s\nawk counts:\n%s", strings.Join(got, "\n"), want)
	}
}
