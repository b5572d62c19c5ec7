// Package adversarial runs data that is hard to survive through kith, with every guard at its default, and looks at the lake afterwards: what is whose, that no
// record is lost, that no profile is above its limit, and that guards and figures tell what was done. Then a few records change, and it looks again.
package adversarial

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/test/kithtest"
)

func TestMain(m *testing.M) {
	code := m.Run()
	kithtest.Cleanup()
	os.Exit(code)
}

const (
	records = 3000
	// limit is how many records a profile may have where a rule says nothing else.
	limit = 50
	// candidates for each record are not to be more, with so few records: what docs/identity.md says.
	perRecord = 10
)

// expected of a case.
type expected struct {
	records int // where they are not as many as in the others
	// strangers: no profile may have records of two people, but for that share of the records.
	strangers bool
	mixed     float64
	whole     bool   // all records of a person are in one profile
	guard     string // that has to have decided something, with its identifier
	tooMany   bool   // combinations have blocks that nothing divides, and the run tells
	broken    int    // records that are no text, and belong into the quarantine
}

var cases = map[string]expected{
	"shared-email":      {strangers: true, whole: true, guard: "automatic email"},
	"kiosk":             {strangers: true, whole: true, guard: "sharedDevice anonymousId"},
	"same-name-city":    {strangers: true, mixed: 0.01, whole: true},
	"empty":             {strangers: true, whole: true},
	"huge":              {records: 40, strangers: true, whole: true},
	"household-phone":   {strangers: true, whole: true, guard: "ambiguous phone"},
	"twins":             {}, // where most are twins, they are one: docs/identity.md
	"twins-in-families": {mixed: 0.04, strangers: true, whole: true},
	"chain":             {guard: "maxProfileRecords anonymousId"},
	"identical":         {tooMany: true},
	"born-together":     {strangers: true, whole: true, tooMany: true},
	"shifted":           {},
	"odd":               {broken: records / 50},
}

func TestAdversarialData(t *testing.T) {
	kith := kithtest.Build(t)
	for _, name := range people.CaseNames() {
		want, ok := cases[name]
		if !ok {
			t.Errorf("nothing is expected of the case %s", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := records
			if want.records > 0 {
				n = want.records
			}
			d := newData(t, name, n)
			w := world{t: t, kith: kith, data: d, lake: filepath.Join(d.dir, "lake")}
			w.run("1", w.lake, filepath.Join(kithtest.Root(), "hack", "bench", "adversarial"))
			w.judge(want, w.members(w.lake))

			w.data.change()
			w.run("2", w.lake, filepath.Join(kithtest.Root(), "hack", "bench", "adversarial"))
			increment := w.members(w.lake)
			w.judge(want, increment)
			w.asFromNothing(increment)
		})
	}
}

// world is a case with its lake.
type world struct {
	t    *testing.T
	kith string
	data *data
	lake string
}

func (w world) run(day, lake, declarations string) {
	w.t.Helper()
	kithtest.Must(w.t, w.kith, "run", "-f", declarations, "--lake", lake, "--volume", "people-data="+w.data.dir, "--volume", "models="+w.data.dir,
		"--now", "2026-11-0"+day+"T00:00:00Z", "--memory", "2GB")
}

// members of a lake: the profile of each record.
func (w world) members(lake string) map[string]string {
	w.t.Helper()
	out := map[string]string{}
	for _, r := range kithtest.Query(w.t, w.kith, lake, "SELECT record_key, profile_id FROM people.members") {
		if out[r[0]] != "" {
			w.t.Errorf("record %s is in two profiles", r[0])
		}
		out[r[0]] = r[1]
	}
	return out
}

// judge what is whose, and what the run says that it did.
func (w world) judge(want expected, members map[string]string) {
	w.t.Helper()
	if n := len(w.data.rows); len(members) != n-want.broken {
		w.t.Errorf("%d of %d records are in profiles, %d are no text", len(members), n, want.broken)
	}
	profiles, persons := map[string][]string{}, map[string]map[string]bool{}
	for record, profile := range members {
		who, ok := w.data.truth[record]
		if !ok {
			w.t.Fatalf("record %s is none of the file", record)
		}
		profiles[profile] = append(profiles[profile], who)
		if persons[who] == nil {
			persons[who] = map[string]bool{}
		}
		persons[who][profile] = true
	}
	largest, mixed := 0, 0
	for _, all := range profiles {
		largest = max(largest, len(all))
		for _, who := range all {
			if who != all[0] {
				mixed += len(all)
				break
			}
		}
	}
	if largest > limit {
		w.t.Errorf("a profile has %d records, and %d are allowed", largest, limit)
	}
	if want.strangers && float64(mixed) > want.mixed*float64(len(members)) {
		w.t.Errorf("%d of %d records are in profiles of several people", mixed, len(members))
	}
	for who, in := range persons {
		// A person one of whose records has changed may be in pieces.
		if want.whole && len(in) > 1 && !w.data.changed[who] {
			w.t.Errorf("%s is in %d profiles", who, len(in))
			break
		}
	}
	w.told(want, largest, mixed)
}

// told is what guards, figures and counts say.
func (w world) told(want expected, largest, mixed int) {
	w.t.Helper()
	said := map[string]float64{}
	for _, r := range kithtest.Query(w.t, w.kith, w.lake, `SELECT 'guard ' || guard || ' ' || identifier, count(*) FROM people.guard_events GROUP BY ALL
		UNION ALL SELECT 'quality ' || figure || coalesce(' ' || detail, ''), value FROM people.quality WHERE run = (SELECT max(run) FROM people.quality)
		UNION ALL SELECT 'quarantined', count(*) FROM quarantine.people
		UNION ALL SELECT unnest(outputs::JSON[]) ->> 'name', (unnest(outputs::JSON[]) ->> 'rows')::DOUBLE FROM kith.runs WHERE task = 'Resolve' AND serial = (SELECT max(serial) FROM kith.runs WHERE task = 'Resolve')`) {
		n, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			w.t.Fatal(err)
		}
		said[r[0]] += n
	}
	w.t.Logf("largest %d, mixed %d, candidates %g, resolved %g", largest, mixed, said["candidates"], said["resolved"])
	if want.guard != "" && said["guard "+want.guard] == 0 {
		w.t.Errorf("the guard %q has decided nothing", want.guard)
	}
	if refused := said["quality refusedMerges maxProfileRecords"]; strings.HasPrefix(want.guard, "maxProfileRecords") && refused == 0 {
		w.t.Error("the figures tell of no refused merge")
	}
	if n := said["quality largestProfile"]; n != float64(largest) {
		w.t.Errorf("the figures have %g records in the largest profile, and there are %d", n, largest)
	}
	if n := said["quarantined"]; n != float64(want.broken) {
		w.t.Errorf("%g records are in the quarantine, want %d", n, want.broken)
	}
	if n, most := said["candidates"], float64(perRecord*len(w.data.rows)); n > most {
		w.t.Errorf("%g pairs are compared, more than %g", n, most)
	}
	tooMany := 0.0
	for name, n := range said {
		if strings.HasPrefix(name, "tooMany/") {
			tooMany += n
		}
	}
	if want.tooMany && said["records"] == said["resolved"] && tooMany == 0 {
		w.t.Error("no combination is said to have blocks that were left out")
	}
}

// asFromNothing compares with what is made of the same records in a lake of its own, by the same model.
func (w world) asFromNothing(increment map[string]string) {
	w.t.Helper()
	model := kithtest.Must(w.t, w.kith, "model", "export", "people", "--lake", w.lake)
	if err := os.WriteFile(filepath.Join(w.data.dir, "model.json"), []byte(model), 0o600); err != nil {
		w.t.Fatal(err)
	}
	pinned, lake := filepath.Join(w.data.dir, "pinned"), filepath.Join(w.data.dir, "from-nothing")
	kithtest.CopyTree(w.t, filepath.Join(kithtest.Root(), "hack", "bench", "adversarial"), pinned, func(_, text string) string {
		return strings.Replace(text, "probabilistic: {}", "probabilistic: {model: {file: {volume: {claimName: models}, path: model.json}}}", 1)
	})
	w.run("2", lake, pinned)
	all := w.members(lake)
	if len(all) != len(increment) {
		w.t.Fatalf("%d records are in profiles after an increment, and %d from nothing", len(increment), len(all))
	}
	there, back := map[string]string{}, map[string]string{}
	for record, a := range increment {
		b := all[record]
		if there[a] == "" && back[b] == "" {
			there[a], back[b] = b, a
		}
		if there[a] != b || back[b] != a {
			w.t.Fatalf("record %s is with others after an increment than from nothing", record)
		}
	}
}
