package identity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/linkage/quality"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// qualityOf the last run: what its outputs say, after a check that the relation says the same.
func (w *world) qualityOf() figures.All {
	w.t.Helper()
	run := w.last["Resolvepeople"]
	var out figures.All
	want := []string{}
	for _, o := range run.Outputs {
		if f, ok := figures.FromOutput(o.Name, o.Rows); ok {
			out = append(out, f)
			want = append(want, fmt.Sprintf("%s|%s|%s", f.Name, f.Detail, strconv.FormatFloat(f.Value, 'f', 6, 64)))
		}
	}
	got := w.rows("quality", sqlQualityOf(run.Run))
	if len(want) == 0 || len(got) != len(want) {
		w.t.Fatalf("outputs\n%s\nrelation\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	for _, row := range want {
		if !strings.Contains("\n"+strings.Join(got, "\n")+"\n", "\n"+row+"\n") {
			w.t.Errorf("the relation lacks %s:\n%s", row, strings.Join(got, "\n"))
		}
	}
	return out
}

func sqlQualityOf(run string) string {
	return "SELECT [figure, detail, printf('%.6f', value)] FROM {t} WHERE run = '" + run + "'"
}

// labels replaces the source of labels: a row is a source, a key and a person.
func (w *world) labels(rows ...string) {
	w.t.Helper()
	fields := text("recordSource", "recordKey", "personId")
	for i := range fields {
		fields[i].Semantic = fields[i].Name
	}
	var keyed []string
	for i, row := range rows {
		keyed = append(keyed, fmt.Sprintf("l%03d||%s", i, row))
	}
	w.source("truth", Label, 1, fields, keyed...)
	last := len(w.cfg.Sources) - 1
	labels := w.cfg.Sources[last]
	w.cfg.Sources, w.cfg.Labels = w.cfg.Sources[:last], &labels
}

func has(all figures.All, name figures.Name) bool {
	_, ok := all.Of(name)
	return ok
}

func near(t testing.TB, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-6 {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// Random people who change from run to run: every figure is what counting in the relations, and in the truth, gives.
func TestFiguresAreWhatCountingGives(t *testing.T) {
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 11))
		w := newWorld(t)
		w.cfg.Deterministic = [][]string{{"card"}, {"email"}, {"phone", "name"}}
		w.cfg.Guards = Guards{Separate: []string{"card"}, Limits: []Limit{{Identifier: "email", PerProfile: 2}}}
		records := randomRecords(r, 120)
		before := map[string]string{}
		jittered := false
		for run := range 3 {
			var rows, labels []string
			truth := map[string]int{}
			for i, x := range records {
				key := fmt.Sprintf("%03d", i)
				if run == 0 || r.IntN(12) > 0 { // some are away for a while
					rows = append(rows, key+"||"+strings.Join(x[:], "|"))
				}
				if r.IntN(2) == 0 {
					truth[key] = r.IntN(40)
					labels = append(labels, fmt.Sprintf("crm|%s|p%d", key, truth[key]))
				}
			}
			w.source("crm", Profile, 1, text("@email", "@phone", "@card", "name"), rows...)
			w.labels(append(labels, "crm|nobody|p1", "shop|001|p1")...)
			w.run()
			got := w.qualityOf()
			now := w.people()
			jittered = w.checkChanges(got, before, now) || jittered
			w.checkSizes(got, now)
			w.checkAgreement(got, now, truth, 2)
			before = now
			for range 6 { // some change what they are known by
				records[r.IntN(len(records))] = randomRecords(r, 1)[0]
			}
		}
		if !jittered {
			t.Errorf("seed %d shows no jitter", seed)
		}
	}
}

// checkChanges against what became of each record, by ids and the lineage of the last run, and says whether there was jitter.
func (w *world) checkChanges(got figures.All, before, now map[string]string) bool {
	w.t.Helper()
	events, heir := map[string]int{}, map[string]string{}
	for _, e := range w.events() {
		parts := strings.Split(e, "|")
		events[parts[0]]++
		if parts[0] == "merge" {
			heir[parts[1]] = parts[2]
		}
	}
	stayed, other := 0, 0
	for record, id := range now {
		was, ok := before[record]
		if !ok {
			continue
		}
		stayed++
		if id != was && heir[was] != id {
			other++
		}
	}
	near(w.t, "merges", float64(got.Count(figures.Merges)), float64(events["merge"]))
	near(w.t, "splits", float64(got.Count(figures.Splits)), float64(events["split"]))
	jitter, ok := got.Of(figures.Jitter)
	if ok != (stayed > 0) {
		w.t.Errorf("jitter given: %v, with %d records that stayed", ok, stayed)
	}
	if stayed > 0 {
		near(w.t, "jitter", jitter, float64(other)/float64(stayed))
	}
	return other > 0
}

func (w *world) checkSizes(got figures.All, now map[string]string) {
	w.t.Helper()
	sizes := map[string]int{}
	for _, id := range now {
		sizes[id]++
	}
	largest, large := 0, 0
	for _, n := range sizes {
		largest = max(largest, n)
		if n > 10 {
			large += n
		}
	}
	near(w.t, "records", float64(got.Count(figures.Records)), float64(len(now)))
	near(w.t, "profiles", float64(got.Count(figures.Profiles)), float64(len(sizes)))
	near(w.t, "the largest profile", float64(got.Count(figures.LargestProfile)), float64(largest))
	share, _ := got.Of(figures.LargeProfiles)
	near(w.t, "the share in large profiles", share, float64(large)/float64(len(now)))
	for _, guard := range []string{"separate", "limit", "maxProfileRecords"} {
		events := w.rows("guard_events", "SELECT [value] FROM {t} WHERE guard = '"+guard+"'")
		for _, f := range got {
			if f.Name == figures.RefusedMerges && f.Detail == guard {
				near(w.t, "refused by "+guard, f.Value, float64(len(events)))
			}
		}
	}
}

// checkAgreement with the truth about some records.
func (w *world) checkAgreement(got figures.All, now map[string]string, truth map[string]int, ofNoRecord int) {
	w.t.Helper()
	var clusters []string
	var people []int
	for key, person := range truth {
		if id, ok := now[key]; ok {
			clusters, people = append(clusters, id), append(people, person)
		} else {
			ofNoRecord++
		}
	}
	q := quality.Of(clusters, people)
	near(w.t, "labelled records", float64(got.Count(figures.LabelledRecords)), float64(len(clusters)))
	near(w.t, "labels of no record", float64(got.Count(figures.LabelsOfNoRecord)), float64(ofNoRecord))
	for name, want := range map[figures.Name]float64{
		figures.PairPrecision: q.Pairs.Precision, figures.PairRecall: q.Pairs.Recall, figures.PairF1: q.Pairs.F1,
		figures.BCubedPrecision: q.BCubed.Precision, figures.BCubedRecall: q.BCubed.Recall, figures.BCubedF1: q.BCubed.F1,
	} {
		value, ok := got.Of(name)
		if !ok {
			w.t.Errorf("there is no %s", name)
		}
		near(w.t, string(name), value, want)
	}
}

// A value with which records show more than five surnames counts once, by its kind, unless it connects nobody anyway.
func TestSharedValues(t *testing.T) {
	w := newWorld(t)
	fields := meaning(text("@email", "@phone", "surname"))
	var rows []string
	for i, name := range []string{"Kim", "Lee", "Park", "Han", "Choi", "Jung"} {
		rows = append(rows, fmt.Sprintf("o%d||office@x.io||%s", i, name), fmt.Sprintf("n%d||noreply@x.io||%s", i, name)) // six: shared, and blocked
	}
	for i, name := range []string{"Kim", "KIM ", "Lee", "Park", "Han", ""} {
		rows = append(rows, fmt.Sprintf("h%d||home@x.io|2|%s", i, name)) // four, however written
	}
	w.source("crm", Profile, 1, fields, append(rows, "p1|||7|Kim", "p2|||7|Lee", "p3|||7|Park")...)
	w.source("shop", Profile, 2, fields, "1|||7|Han", "2|||7|Choi", "3|||7|Jung", "4||home@x.io||park", "5||home@x.io||Choi") // of both sources six, and five
	w.cfg.Deterministic = [][]string{{"email"}}
	w.run()
	count := func() map[string]float64 {
		out := map[string]float64{}
		for _, f := range w.qualityOf() {
			if f.Name == figures.SharedValues {
				out[f.Detail] = f.Value
			}
		}
		return out
	}
	if got := count(); len(got) != 2 || got["email"] != 1 || got["phone"] != 1 {
		t.Errorf("%v", got)
	}
	w.cfg.Guards.Automatic = []Automatic{{Per: "email", Distinct: "surname", Above: 5}}
	w.run()
	if got := count(); got["email"] != 0 || got["phone"] != 1 {
		t.Errorf("with a guard that takes the office out: %v", got)
	}
}

// Labels measure and do nothing else: people, ids and everything that is written of them are the same with and without.
func TestLabelsInfluenceNothing(t *testing.T) {
	all := func(w *world) (out []string) {
		for _, relation := range []string{"members", "identifiers", "edges", "lineage", "guard_events", "profiles", "provenance"} {
			out = append(out, w.rows(relation, "SELECT [t::VARCHAR] FROM {t} t")...)
		}
		return out
	}
	build := func() *world {
		w := probabilisticWorld(t, "a||Katharina|Lindqvist|1961-04-03|k.lindqvist@example.com||", "b||Katharina|Lindqvst|1961-04-03||+4915112345678|")
		w.cfg.Deterministic = [][]string{{"email"}}
		return w
	}
	without, with := build(), build()
	with.labels("crm|a|one", "crm|b|two", "crm|x001|three", "crm|x002|three")
	without.run()
	with.run()
	equal(t, "what a run writes", all(with), all(without))
	q := with.qualityOf()
	if p, _ := q.Of(figures.PairPrecision); p != 0 {
		t.Errorf("a and b are one person here and two by their labels: precision %v", p)
	}
	if _, ok := without.qualityOf().Of(figures.LabelledRecords); ok {
		t.Error("without labels there are figures about them")
	}
}

// The latest of several labels of a record counts; labels that fit no record give no precision, and a source without the columns says so.
func TestLabelsAsTheyCome(t *testing.T) {
	w := newWorld(t)
	w.source("crm", Profile, 1, text("@email"), "1||a@x.io", "2||a@x.io")
	w.cfg.Deterministic = [][]string{{"email"}}
	fields := text("recordSource", "recordKey", "personId")
	for i := range fields {
		fields[i].Semantic = fields[i].Name
	}
	take := func() {
		last := len(w.cfg.Sources) - 1
		labels := w.cfg.Sources[last]
		w.cfg.Sources, w.cfg.Labels = w.cfg.Sources[:last], &labels
	}
	w.source("truth", Label, 1, fields, "1|1|crm|1|old", "2|2|crm|1|new", "3||crm|2|new")
	take()
	w.run()
	if got := w.qualityOf(); got.Count(figures.LabelledRecords) != 2 || got.Text(figures.PairPrecision) != "1.0000" {
		t.Errorf("%v", got)
	}
	w.labels("CRM|1|new")
	w.run()
	got := w.qualityOf()
	if _, ok := got.Of(figures.BCubedF1); ok || got.Count(figures.LabelsOfNoRecord) != 1 || got.Count(figures.LabelledRecords) != 0 {
		t.Errorf("%v", got)
	}
	// What is declared and was not read yet is as good as no labels; other columns do not matter.
	w.source("truth", Label, 1, append(fields[:2:2], text("note")...), "1||crm|1|")
	take()
	w.cfg.Labels.Fields = append(fields[:3:3], text("comment")...)
	w.run()
	if got := w.qualityOf(); got.Count(figures.LabelledRecords) != 0 || !has(got, figures.LabelledRecords) || has(got, figures.PairF1) {
		t.Errorf("%v", got)
	}
	w.labels("crm|1|new", "crm|2|new")
	w.cfg.Labels.Fields = append(w.cfg.Labels.Fields, text("comment")...)
	w.run()
	if got := w.qualityOf(); got.Count(figures.LabelledRecords) != 2 {
		t.Errorf("%v", got)
	}
	w.source("truth", Label, 1, fields[:2], "1||crm|1")
	take()
	if _, err := w.try(); !fault.Is(err, fault.InvalidManifest) || !strings.Contains(err.Error(), "personId") {
		t.Errorf("%v", err)
	}
}

// Figures are kept for the last runs, and for no more than are asked for.
func TestFiguresAreKept(t *testing.T) {
	w := newWorld(t)
	w.source("crm", Profile, 1, text("@email"), "1||a@x.io")
	w.cfg.Deterministic = [][]string{{"email"}}
	for range 3 {
		w.run()
	}
	equal(t, "runs", w.rows("quality", "SELECT DISTINCT [run] FROM {t}"), []string{"people-resolve-1", "people-resolve-2", "people-resolve-3"})
	view := sqlgen.Name("test_figures")
	if err := w.lake.View(t.Context(), w.db, view, w.last["Resolvepeople"], lake.Table{Schema: "people", Name: "quality"}); err != nil {
		t.Fatal(err)
	}
	var runs string
	q := sqlgen.Format("SELECT string_agg(DISTINCT run, ' ' ORDER BY run) FROM ({q})", sqlgen.Args{"q": lastFigures(view, 2)})
	if err := w.db.Row(t.Context(), q, &runs); err != nil || runs != "people-resolve-2 people-resolve-3" {
		t.Errorf("%q, %v", runs, err)
	}
}

// Twelve records of one profile and four of their own: three quarters are in a profile of more than ten; in one of ten, nobody is.
func TestLargeProfiles(t *testing.T) {
	for together, want := range map[int]string{12: "0.7500", 10: "0.0000"} {
		w := newWorld(t)
		var rows []string
		for i := range together {
			rows = append(rows, fmt.Sprintf("%02d||a@x.io", i))
		}
		w.source("crm", Profile, 1, text("@email"), append(rows, "x||b@x.io", "y||c@x.io", "z||", "zz||")...)
		w.cfg.Deterministic = [][]string{{"email"}}
		w.run()
		if got := w.qualityOf(); got.Text(figures.LargeProfiles) != want || got.Count(figures.LargestProfile) != int64(together) || got.Count(figures.Profiles) != 5 {
			t.Errorf("%d together: %v", together, got)
		}
	}
}
