package accuracy

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/test/kithtest"
)

// A model is listed, shown as a table whose figures hold together, exported, and imported into another lake, where it makes the same people and is exported as the
// same bytes again.
func TestModelsTravel(t *testing.T) {
	d := sets["fake_1000"]
	kith, file, lake := d.resolved(t)
	model := func(lake string, args ...string) string {
		return kithtest.Must(t, kith, append([]string{"model", args[0], "people", "--lake", lake}, args[1:]...)...)
	}
	var list []struct {
		Version, Records, Levels int
		Reason                   string
		InUse                    bool
	}
	if err := json.Unmarshal([]byte(model(lake, "list", "-o", "json")), &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 1 || list[0].Version != 1 || list[0].Records != 1000 || list[0].Levels < 20 || list[0].Reason != "there was none" || !list[0].InUse {
		t.Errorf("%+v", list)
	}
	if text := model(lake, "list"); !strings.Contains(text, "1 (in use)") {
		t.Error(text)
	}
	checkTable(t, model(lake, "show", "-o", "json"))
	if text := model(lake, "show", "--version", "1"); !strings.Contains(text, "nearly equal") || !strings.Contains(text, "birthDate.value") {
		t.Error(text)
	}
	exported := model(lake, "export")
	if again, err := linkage.DecodeModel([]byte(exported)); err != nil || again.Records != 1000 {
		t.Fatalf("%v", err)
	}

	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "people.json"), []byte(exported), 0o600); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pinned := filepath.Join(dir, "pinned.yaml")
	importing := strings.Replace(string(text), "probabilistic: {}", "probabilistic: {model: {file: {volume: {claimName: models}, path: people.json}}}", 1)
	if err := os.WriteFile(pinned, []byte(importing), 0o600); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "lake")
	kithtest.Must(t, kith, "run", "-f", pinned, "--lake", other, "--volume", "data="+filepath.Dir(kithtest.Shared(t, "identity/fake_1000.csv")), "--volume", "models="+dir)
	if model(other, "export") != exported {
		t.Error("what was imported is exported as something else")
	}
	people := func(lake string) []string {
		var out []string
		for _, r := range kithtest.Query(t, kith, lake, "SELECT string_agg(record_key, ' ' ORDER BY record_key) FROM people.members GROUP BY profile_id ORDER BY 1") {
			out = append(out, r[0])
		}
		return out
	}
	if a, b := people(lake), people(other); len(a) < 200 || !slices.Equal(a, b) {
		t.Errorf("%d people, and %d by the imported model", len(a), len(b))
	}
	if text := kithtest.Must(t, kith, "plan", "-f", pinned, "--lake", other, "--volume", "models="+dir); !strings.Contains(text, "Nothing would change") {
		t.Errorf("what the imported model would change: %s", text)
	}
	id := kithtest.Query(t, kith, other, "SELECT min(profile_id) FROM people.members")[0][0]
	if text := kithtest.Must(t, kith, "explain", "profile", "people", id, "-f", pinned, "--lake", other); !strings.Contains(text, id+" is a person") {
		t.Error(text) // for which the file is not needed
	}
	for _, bad := range []struct {
		args []string
		says string
	}{
		{[]string{"show", "people", "--lake", lake, "--version", "7"}, "has no model of version 7"},
		{[]string{"list", "folk", "--lake", lake}, "no people of IdentityRule folk"},
		{[]string{"list", "people", "--lake", lake, "-o", "yaml"}, `unknown output "yaml"`},
	} {
		if r := kithtest.Command(t, kith, nil, append([]string{"model"}, bad.args...)...); r.Code == 0 || !strings.Contains(r.Err, bad.says) {
			t.Errorf("%v: exit %d, %s", bad.args, r.Code, r.Err)
		}
	}
}

// checkTable of a model: the levels of a comparison are all there are for one person, and what they count follows from how often they are seen.
func checkTable(t *testing.T, text string) {
	t.Helper()
	var shown struct{ Table []linkage.Line }
	if err := json.Unmarshal([]byte(text), &shown); err != nil {
		t.Fatal(err)
	}
	sums := map[string]float64{}
	for _, l := range shown.Table {
		sums[l.Comparison] += l.OnePerson
		if math.Abs(l.Bits-math.Log2(l.OnePerson/l.Strangers)) > 1e-9 || l.ByRarity != (l.Level == "equal") {
			t.Errorf("%+v", l)
		}
		if l.Level == "equal" && l.Bits < 1 || l.Level == "differs" && l.Bits > 0 {
			t.Errorf("%s: %s counts %.1f bits", l.Comparison, l.Level, l.Bits)
		}
	}
	if len(sums) != 5 {
		t.Errorf("%d comparisons", len(sums))
	}
	for c, sum := range sums {
		if math.Abs(sum-1) > 0.01 {
			t.Errorf("the levels of %s add up to %v", c, sum)
		}
	}
}
