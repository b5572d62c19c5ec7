package examples

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/test/kithtest"
)

// summary is what the generator knows of one day.
type summary struct {
	Days []struct {
		Known, Anonymous     int
		Segments             map[string]int
		Mail, Stores         map[string]int
		MailEnter, MailLeave int
		Quarantined          map[string]int
	}
}

func (w *tenant) summary() summary {
	w.t.Helper()
	b, err := os.ReadFile(w.data("truth", "summary.json"))
	if err != nil {
		w.t.Fatal(err)
	}
	var s summary
	if err := json.Unmarshal(b, &s); err != nil {
		w.t.Fatal(err)
	}
	return s
}

// TestStory runs the story of the README at its full size, and every figure and person of it is compared with the generator's truth.
func TestStory(t *testing.T) {
	w := newTenant(t, 20000, 9000)
	if o := w.run(dayOne); !o.Changed {
		t.Fatal("the first run changed nothing")
	}
	w.compare(1)
	for reason, want := range map[string]int{"Eligible": 720, "Excluded": 40} {
		if got := w.count(`SELECT count(*) FROM activation."early-access-email" WHERE reason = '` + reason + `'`); got != want {
			t.Errorf("%s: %d people, the story has %d", reason, got, want)
		}
	}
	if got := w.count(`SELECT count(*) FROM activation."early-access-email" WHERE reason LIKE 'Consent%'`); got != 240 {
		t.Errorf("no consent: %d people, the story has 240", got)
	}

	before := w.receiver.State()
	if o := w.run(dayOne); o.Changed {
		t.Errorf("the second run changed something: %+v", o.Steps)
	}
	if after := w.receiver.State(); after.Requests != before.Requests {
		t.Errorf("the second run sent %d requests", after.Requests-before.Requests)
	}

	w.generate(2)
	w.run(dayTwo)
	w.compare(2)
	after := w.receiver.State()
	entered, left := after.Upserted-before.Upserted, after.Removed-before.Removed
	if entered != 42 || left != 41 || len(after.Members) != 721 {
		t.Errorf("day two: %d entered, %d left, %d remain; the story has 42, 41 and 721", entered, left, len(after.Members))
	}
	if got := w.count(`SELECT count(*) FROM activation."early-access-email" WHERE outcome = 'Removed' AND reason = 'ConsentWithdrawn'`); got != 35 {
		t.Errorf("%d left because they withdrew consent, the story has 35", got)
	}
	if got := w.count(`SELECT count(*) FROM activation."early-access-email" WHERE outcome = 'Removed' AND reason = 'LeftAudience'`); got != 6 {
		t.Errorf("%d left because they returned what they bought, the story has 6", got)
	}
}

// compare what the lake and the receivers hold with the truth of a day.
func (w *tenant) compare(day int) {
	w.t.Helper()
	s := w.summary().Days[day-1]
	if got := w.count("SELECT count(*) FROM customers.profiles WHERE class = 'marketing-email' AND known"); got != s.Known {
		w.t.Errorf("day %d: %d known people, in truth %d", day, got, s.Known)
	}
	if got := w.count("SELECT count(*) FROM customers.profiles WHERE class = 'marketing-email' AND NOT known"); got != s.Anonymous {
		w.t.Errorf("day %d: %d anonymous visitors, in truth %d", day, got, s.Anonymous)
	}
	w.compareIdentity(day)
	w.compareSegments(day)
	w.compareMail(day)
	w.compareStores(day)
	for source, want := range s.Quarantined {
		if got := w.count(`SELECT count(*) FROM quarantine."` + source + `"`); got != want {
			w.t.Errorf("day %d: %d quarantined rows of %s, in truth %d", day, got, source, want)
		}
	}
}

// people is the person of each record, by "source/key".
func (w *tenant) people() map[string]string {
	out := map[string]string{}
	for _, r := range kithtest.ReadCSV(w.t, w.data("truth", "people.csv")) {
		out[r["source"]+"/"+r["record_key"]] = r["person"]
	}
	return out
}

// compareIdentity: two records share a profile exactly when they are of one person.
func (w *tenant) compareIdentity(day int) {
	w.t.Helper()
	truth := w.people()
	profileOf, personOf := map[string]string{}, map[string]string{}
	n := 0
	for _, r := range w.query("SELECT source, record_key, profile_id FROM customers.members") {
		person := truth[r[0]+"/"+r[1]]
		switch {
		case person == "":
			w.t.Fatalf("day %d: record %s/%s is in no truth", day, r[0], r[1])
		case profileOf[person] != "" && profileOf[person] != r[2]:
			w.t.Fatalf("day %d: %s has two profiles", day, person)
		case personOf[r[2]] != "" && personOf[r[2]] != person:
			w.t.Fatalf("day %d: %s and %s share a profile", day, person, personOf[r[2]])
		}
		profileOf[person], personOf[r[2]] = r[2], person
		n++
	}
	if n == 0 {
		w.t.Errorf("day %d: no members", day)
	}
}

func (w *tenant) compareSegments(day int) {
	w.t.Helper()
	want := map[string]int{}
	for _, r := range kithtest.ReadCSV(w.t, w.data("truth", "segments.csv")) {
		if r["day"] == strconv.Itoa(day) {
			want[r["segment"]]++
		}
	}
	got := map[string]int{}
	for _, r := range w.query("SELECT segment, count(*) FROM customers.segment_members WHERE purpose = 'analytics' GROUP BY segment") {
		got[r[0]], _ = strconv.Atoi(r[1])
	}
	if !maps.Equal(got, want) {
		w.t.Errorf("day %d: segments %v, in truth %v", day, got, want)
	}
}

// compareMail: the receiver holds the audience of the truth, person by person, and the ledger has one row and one reason for everybody.
func (w *tenant) compareMail(day int) {
	w.t.Helper()
	want, reasons := map[string]string{}, map[string]int{}
	for _, r := range kithtest.ReadCSV(w.t, w.data("truth", "early-access-email.csv")) {
		if r["day"] != strconv.Itoa(day) {
			continue
		}
		reasons[r["reason"]]++
		if r["reason"] == "Eligible" {
			want[r["email_sha256"]] = r["first_name"]
		}
	}
	if got := w.members(); !maps.Equal(got, want) {
		w.t.Errorf("day %d: the receiver holds %d people and the truth %d, or they differ in name", day, len(got), len(want))
	}
	got := map[string]int{}
	people := 0
	for _, r := range w.query(`SELECT reason, count(*), count(DISTINCT profile_id) FROM activation."early-access-email" GROUP BY reason`) {
		n, _ := strconv.Atoi(r[1])
		distinct, _ := strconv.Atoi(r[2])
		if n != distinct {
			w.t.Errorf("day %d: %s has %d rows of %d people", day, r[0], n, distinct)
		}
		got[r[0]] = n
		people += n
	}
	if !maps.Equal(got, reasons) {
		w.t.Errorf("day %d: reasons of the ledger %v, in truth %v", day, got, reasons)
	}
	if got := w.count(`SELECT count(DISTINCT profile_id) FROM activation."early-access-email"`); got != people {
		w.t.Errorf("day %d: %d rows of the ledger are of %d people", day, people, got)
	}
}

func (w *tenant) compareStores(day int) {
	w.t.Helper()
	var want [][]string
	for _, r := range kithtest.ReadCSV(w.t, w.data("truth", "store-priority.csv")) {
		if r["day"] == strconv.Itoa(day) {
			want = append(want, []string{r["loyalty_card"], r["rank"]})
		}
	}
	f, err := os.Open(filepath.Join(w.dir, "out", "priority", "store-priority.csv"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	got, err := csv.NewReader(f).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	if strings.Join(got[0], ",") != "loyalty_card,rank" || len(got)-1 != len(want) {
		w.t.Fatalf("day %d: the stores' list has %v and %d people, in truth %d", day, got[0], len(got)-1, len(want))
	}
	for i, r := range got[1:] {
		if r[0] != want[i][0] || r[1] != want[i][1] {
			w.t.Fatalf("day %d: place %d of the stores' list is rank %s, in truth %s, or another card", day, i+1, r[1], want[i][1])
		}
	}
}
