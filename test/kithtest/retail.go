package kithtest

import (
	"encoding/csv"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/kith-dev/kith/hack/receiver/receiver"
)

// Retail compares what Kith made of the example retailer with the truth that the generator wrote beside the data.
type Retail struct {
	T *testing.T
	// Kith is the binary that asks the lake in the folder Lake.
	Kith, Lake string
	// Data is the generator's folder, and Stores the list that the stores read.
	Data, Stores string
	// Receiver of mail.
	Receiver *receiver.Receiver
	// Later: it is later than the end of day one, so that people whose last look at Trail One drifts out of the window are out of it.
	Later bool
	// Elsewhere are sources that are not read from the generator's files, which have bad rows on purpose.
	Elsewhere []string
}

// Generate runs the generator of the retailer's data.
func Generate(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"run", "./hack/datagen"}, args...)...)
	cmd.Dir = Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("datagen: %v\n%s", err, out)
	}
}

// Day is what the generator knows of one day.
type Day struct {
	Known, Anonymous     int
	Segments             map[string]int
	Mail, Stores         map[string]int
	MailEnter, MailLeave int
	Quarantined          map[string]int
}

// Day of the truth: 1 or 2.
func (r *Retail) Day(day int) Day {
	r.T.Helper()
	b, err := os.ReadFile(filepath.Join(r.Data, "truth", "summary.json"))
	if err != nil {
		r.T.Fatal(err)
	}
	var s struct{ Days []Day }
	if err := json.Unmarshal(b, &s); err != nil {
		r.T.Fatal(err)
	}
	return s.Days[day-1]
}

// Count is the result of a query with one number.
func (r *Retail) Count(sql string) int {
	r.T.Helper()
	rows := Query(r.T, r.Kith, r.Lake, sql)
	n, err := strconv.Atoi(rows[0][0])
	if err != nil {
		r.T.Fatalf("%s: %v", sql, rows)
	}
	return n
}

// Compare what the lake and the receivers hold with the truth of a day.
func (r *Retail) Compare(day int) {
	r.T.Helper()
	truth := r.Day(day)
	if got := r.Count("SELECT count(*) FROM customers.profiles WHERE class = 'marketing-email' AND known"); got != truth.Known {
		r.T.Errorf("day %d: %d known people, in truth %d", day, got, truth.Known)
	}
	if got := r.Count("SELECT count(*) FROM customers.profiles WHERE class = 'marketing-email' AND NOT known"); got != truth.Anonymous {
		r.T.Errorf("day %d: %d anonymous visitors, in truth %d", day, got, truth.Anonymous)
	}
	r.compareIdentity(day)
	r.compareSegments(day)
	r.CompareMembers(day)
	r.compareLedger(day)
	r.compareStores(day)
	for _, source := range r.Elsewhere {
		truth.Quarantined[source] = 0
	}
	for source, want := range truth.Quarantined {
		if got := r.Count(`SELECT count(*) FROM quarantine."` + source + `"`); got != want {
			r.T.Errorf("day %d: %d quarantined rows of %s, in truth %d", day, got, source, want)
		}
	}
}

// truth has the rows of one of the generator's files that are about a day.
func (r *Retail) truth(file string, day int) []map[string]string {
	r.T.Helper()
	var out []map[string]string
	for _, row := range ReadCSV(r.T, filepath.Join(r.Data, "truth", file)) {
		if row["day"] == strconv.Itoa(day) {
			out = append(out, row)
		}
	}
	return out
}

// compareIdentity: two records share a profile exactly when they are of one person.
func (r *Retail) compareIdentity(day int) {
	r.T.Helper()
	truth := map[string]string{} // the person of each record
	for _, row := range ReadCSV(r.T, filepath.Join(r.Data, "truth", "people.csv")) {
		truth[row["source"]+"/"+row["record_key"]] = row["person"]
	}
	profileOf, personOf := map[string]string{}, map[string]string{}
	n := 0
	for _, row := range Query(r.T, r.Kith, r.Lake, "SELECT source, record_key, profile_id FROM customers.members") {
		person := truth[row[0]+"/"+row[1]]
		switch {
		case person == "":
			r.T.Fatalf("day %d: record %s/%s is in no truth", day, row[0], row[1])
		case profileOf[person] != "" && profileOf[person] != row[2]:
			r.T.Fatalf("day %d: %s has two profiles", day, person)
		case personOf[row[2]] != "" && personOf[row[2]] != person:
			r.T.Fatalf("day %d: %s and %s share a profile", day, person, personOf[row[2]])
		}
		profileOf[person], personOf[row[2]] = row[2], person
		n++
	}
	if n == 0 {
		r.T.Errorf("day %d: no members", day)
	}
}

func (r *Retail) compareSegments(day int) {
	r.T.Helper()
	want := map[string]int{}
	for _, row := range r.truth("segments.csv", day) {
		want[row["segment"]]++
	}
	if r.Later && day == 1 {
		want["viewed-trail-one"] -= r.drifting()
	}
	got := map[string]int{}
	for _, row := range Query(r.T, r.Kith, r.Lake, "SELECT segment, count(*) FROM customers.segment_members WHERE purpose = 'analytics' GROUP BY segment") {
		got[row[0]], _ = strconv.Atoi(row[1])
	}
	if !maps.Equal(got, want) {
		r.T.Errorf("day %d: segments %v, in truth %v", day, got, want)
	}
}

// drifting counts the people outside the audience who look at Trail One 14 days before day one ends, and not later.
func (r *Retail) drifting() int {
	r.T.Helper()
	return max(1, (25*r.Day(1).Known+10_000)/20_000) // as hack/datagen has it
}

// CompareMembers wants the receiver to hold the audience of the truth, person by person.
func (r *Retail) CompareMembers(day int) {
	r.T.Helper()
	want := map[string]string{}
	for _, row := range r.truth("early-access-email.csv", day) {
		if row["reason"] == "Eligible" {
			want[row["email_sha256"]] = row["first_name"]
		}
	}
	if got := r.members(); !maps.Equal(got, want) {
		r.T.Errorf("day %d: the receiver holds %d people and the truth %d, or they differ in name", day, len(got), len(want))
	}
}

// members are whom the receiver holds: first name by hashed address.
func (r *Retail) members() map[string]string {
	out := map[string]string{}
	for _, m := range r.Receiver.State().Members {
		name, _ := m["first_name"].(string)
		key, _ := m["email_sha256"].(string)
		out[key] = name
	}
	return out
}

// left is the reason of rows that a ledger has only until the run after.
const left = "LeftAudience"

// compareLedger: it has one row and one reason for everybody in the audience.
func (r *Retail) compareLedger(day int) {
	r.T.Helper()
	reasons := map[string]int{}
	for _, row := range r.truth("early-access-email.csv", day) {
		if row["reason"] != left {
			reasons[row["reason"]]++
		}
	}
	got := map[string]int{}
	people := 0
	for _, row := range Query(r.T, r.Kith, r.Lake, `SELECT reason, count(*), count(DISTINCT profile_id) FROM activation."early-access-email" GROUP BY reason`) {
		n, _ := strconv.Atoi(row[1])
		distinct, _ := strconv.Atoi(row[2])
		if n != distinct {
			r.T.Errorf("day %d: %s has %d rows of %d people", day, row[0], n, distinct)
		}
		people += n
		if row[0] != left {
			got[row[0]] = n
		}
	}
	if !maps.Equal(got, reasons) {
		r.T.Errorf("day %d: reasons of the ledger %v, in truth %v", day, got, reasons)
	}
	if got := r.Count(`SELECT count(DISTINCT profile_id) FROM activation."early-access-email"`); got != people {
		r.T.Errorf("day %d: %d rows of the ledger are of %d people", day, people, got)
	}
}

func (r *Retail) compareStores(day int) {
	r.T.Helper()
	want := r.truth("store-priority.csv", day)
	f, err := os.Open(r.Stores)
	if err != nil {
		r.T.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	got, err := csv.NewReader(f).ReadAll()
	if err != nil {
		r.T.Fatal(err)
	}
	if strings.Join(got[0], ",") != "loyalty_card,rank" || len(got)-1 != len(want) {
		r.T.Fatalf("day %d: the stores' list has %v and %d people, in truth %d", day, got[0], len(got)-1, len(want))
	}
	for i, row := range got[1:] {
		if row[0] != want[i]["loyalty_card"] || row[1] != want[i]["rank"] {
			r.T.Fatalf("day %d: place %d of the stores' list is rank %s, in truth %s, or another card", day, i+1, row[1], want[i]["rank"])
		}
	}
}
