package examples

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kith-dev/kith/test/kithtest"
)

// TestTruthset loads the three stages of the identity truth set and compares each with its published answers.
func TestTruthset(t *testing.T) {
	shared := kithtest.Shared(t, "identity/senzing")
	kith, dir := kithtest.Build(t), t.TempDir()
	data, lake := filepath.Join(dir, "data"), filepath.Join(dir, "lake")
	example := filepath.Join(kithtest.Root(), "examples", "truthset")
	profiles := map[string]string{}
	for _, stage := range []string{"1", "2", "3"} {
		if out, err := exec.Command("sh", filepath.Join(example, "stage.sh"), shared, data, stage).CombinedOutput(); err != nil {
			t.Fatalf("stage.sh: %v\n%s", err, out)
		}
		kithtest.Must(t, kith, "run", "-f", example, "--lake", lake, "--volume", "truthset-data="+data, "--now", "2026-11-0"+stage+"T00:00:00Z")
		members := kithtest.Must(t, kith, "query", "--lake", lake, "-o", "csv", "SELECT source, record_key, profile_id FROM people.members")
		cmd := exec.Command("go", "run", "./hack/pairwise", "-key", filepath.Join(shared, "truthset-load"+stage+"-key.csv"), "-max-false", "0")
		cmd.Dir, cmd.Stdin = kithtest.Root(), strings.NewReader(members)
		out, err := cmd.CombinedOutput()
		t.Logf("stage %s: %s", stage, strings.TrimSpace(string(out)))
		if err != nil {
			t.Errorf("stage %s: %v", stage, err)
		}
		profiles = stable(t, kith, lake, stage, profiles)
	}
}

// stable checks that a record whose profile id is another than in the stage before has a line in lineage that says why, and gives the
// profiles of this stage.
func stable(t *testing.T, kith, lake, stage string, before map[string]string) map[string]string {
	t.Helper()
	explained := map[string]bool{}
	for _, r := range kithtest.Query(t, kith, lake, "SELECT from_id, to_id, cause FROM people.lineage WHERE event IN ('merge', 'split', 'move')") {
		if r[2] == "" {
			t.Errorf("stage %s: a change of profile id without a cause", stage)
		}
		explained[r[0]+">"+r[1]] = true
	}
	after := map[string]string{}
	for _, r := range kithtest.Query(t, kith, lake, "SELECT source, record_key, profile_id FROM people.members") {
		key := r[0] + "/" + r[1]
		after[key] = r[2]
		if was := before[key]; was != "" && was != r[2] && !explained[was+">"+r[2]] {
			t.Errorf("stage %s: record %s moved to another profile and lineage does not say why", stage, key)
		}
	}
	sizes := map[string]int{}
	for _, id := range after {
		sizes[id]++
	}
	merged := kithtest.Query(t, kith, lake, "SELECT count(*) FROM people.edges")
	if len(sizes) < len(after) && merged[0][0] == "0" {
		t.Errorf("stage %s: records were merged and no edge says by what", stage)
	}
	return after
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
