package people

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The tests read the written files as anybody would and count by the truth, not by what the generator remembers.

// row is a record by column, with the person whose it is.
type row map[string]string

func generated(t *testing.T, o Options) []row {
	t.Helper()
	o.Out = t.TempDir()
	if _, err := Generate(o); err != nil {
		t.Fatal(err)
	}
	owner := map[string]string{}
	for _, r := range rows(t, filepath.Join(o.Out, "truth.csv")) {
		owner[r["record_id"]] = r["person_id"]
	}
	all := rows(t, filepath.Join(o.Out, "people.csv"))
	for _, r := range all {
		r["person"] = owner[r["record_id"]]
		if r["person"] == "" {
			t.Fatalf("%s has no person", r["record_id"])
		}
	}
	if len(all) != o.Records || len(owner) != o.Records {
		t.Fatalf("%d records and %d in the truth, want %d", len(all), len(owner), o.Records)
	}
	return all
}

var someAmericans []row

// americans are generated once for several tests, none of which runs beside another.
func americans(t *testing.T) []row {
	if someAmericans == nil {
		someAmericans = generated(t, Options{Records: 60_000, Seed: 3, Country: "us"})
	}
	return someAmericans
}

func rows(t *testing.T, path string) []row {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := make([]row, 0, len(lines))
	for _, line := range lines[1:] {
		r := row{}
		for i, name := range lines[0] {
			r[name] = line[i]
		}
		all = append(all, r)
	}
	return all
}

// plain is a value without what differs by style.
func plain(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func byPerson(all []row) map[string][]row {
	people := map[string][]row{}
	for _, r := range all {
		people[r["person"]] = append(people[r["person"]], r)
	}
	return people
}

// usual is the most frequent value of a column among some records; by the order of values where two are equally frequent.
func usual(records []row, column string) string {
	count := map[string]int{}
	best := ""
	for _, r := range records {
		v := plain(r[column])
		if v == "" {
			continue
		}
		count[v]++
		if count[v] > count[best] || count[v] == count[best] && v < best {
			best = v
		}
	}
	return best
}

// within fails unless a share, in percent, lies in a range.
func within(t *testing.T, what string, part, whole int, low, high float64) {
	t.Helper()
	got := 100 * float64(part) / float64(whole)
	t.Logf("%s: %.2f%% (%d of %d)", what, got, part, whole)
	if got < low || got > high {
		t.Errorf("%s: %.2f%%, want %v to %v%%", what, got, low, high)
	}
}

func TestNamesAreAsFrequentAsInLife(t *testing.T) {
	people := byPerson(americans(t))
	surnames, given := map[string]int{}, map[string]int{}
	men, rare := 0, 0
	for _, records := range people {
		surnames[usual(records, "surname")]++
		if usual(records, "gender") == "m" && usual(records, "birth_date") < "1970" && usual(records, "birth_date") > "1950" {
			men++
			given[usual(records, "given_name")]++
		}
	}
	for _, n := range surnames {
		if n == 1 {
			rare++
		}
	}
	within(t, "people named Smith", surnames["smith"], len(people), 0.8, 1.6)
	within(t, "people named Johnson", surnames["johnson"], len(people), 0.7, 1.5)
	within(t, "men of the fifties and sixties named Michael", given["michael"], men, 2.2, 4.8)
	if surnames["smith"] < surnames["nelson"] || len(surnames) < 8000 || rare < len(surnames)/3 {
		t.Errorf("%d surnames, %d of them of one person: no long tail", len(surnames), rare)
	}
}

func TestKoreanSurnames(t *testing.T) {
	people := byPerson(generated(t, Options{Records: 40_000, Seed: 5, Country: "kr"}))
	surnames := map[string]int{}
	for _, records := range people {
		surnames[usual(records, "surname")]++
	}
	within(t, "김", surnames["김"], len(people), 19.5, 23)
	within(t, "이", surnames["이"], len(people), 13, 16.5)
	within(t, "박", surnames["박"], len(people), 7, 9.8)
}

func TestRecordsPerPerson(t *testing.T) {
	all := americans(t)
	people := byPerson(all)
	one, most, beside := 0, 0, 0
	for _, records := range people {
		if len(records) == 1 {
			one++
		}
		most = max(most, len(records))
	}
	for i := range all[1:] {
		if all[i]["person"] == all[i+1]["person"] {
			beside++
		}
	}
	within(t, "people with one record", one, len(people), 49, 57)
	within(t, "records per person, in percent", len(all), len(people), 190, 220)
	if most < 10 || most > 20 {
		t.Errorf("the most records of a person are %d, want 10 to 20", most)
	}
	if beside > 20 {
		t.Errorf("%d records stand next to one of the same person: the order tells the truth", beside)
	}
}

// missing are the percentages of doc.go.
var missing = map[string][5]float64{ // birth_date, gender, email, phone, street
	"crm": {15, 10, 25, 15, 8}, "shop": {40, 40, 5, 20, 5}, "loyalty": {8, 15, 20, 20, 20}, "newsletter": {40, 40, 5, 40, 40}, "callcentre": {30, 30, 40, 5, 15},
}

func TestSourcesLackFields(t *testing.T) {
	all := generated(t, Options{Records: 60_000, Seed: 4, Country: "uk"})
	records, empty := map[string]int{}, map[string][5]int{}
	for _, r := range all {
		s := r["source"]
		records[s]++
		e := empty[s]
		for i, column := range []string{"birth_date", "gender", "email", "phone", "street"} {
			v := r[column]
			if v == "" || v == "1900-01-01" || v == "1970-01-01" || v == "2000-01-01" || strings.HasSuffix(v, "@example.com") || strings.HasPrefix(v, "none@") ||
				strings.HasPrefix(v, "test@") || strings.HasPrefix(v, "no@") || v == "0000000000" || v == "000-000-0000" || v == "1234567890" || v == "9999999999" {
				e[i]++
			}
		}
		empty[s] = e
	}
	for s, want := range missing {
		for i, share := range want {
			slack := 3.5 // the oldest and the youngest have no email at all
			within(t, fmt.Sprintf("%s without field %d", s, i), empty[s][i], records[s], share-2, share+slack)
		}
	}
}

func TestFamiliesTwinsAndNamesakes(t *testing.T) {
	people := byPerson(americans(t))
	home, born, named, phones := groups{}, groups{}, groups{}, groups{}
	moved, women, men, womenRenamed, menRenamed, several := 0, 0, 0, 0, 0, 0
	for person, records := range people {
		for _, r := range records {
			surname, street, given, city := plain(r["surname"]), plain(r["street"]), plain(r["given_name"]), plain(r["city"])
			if street != "" && r["house_number"] != "" {
				home.add(person, surname, street, r["house_number"], r["postcode"])
				if b := r["birth_date"]; b != "" && b[4:] != "-01-01" {
					born.add(person, surname, street, r["house_number"], b)
				}
			}
			if city != "" && len(given) > 1 {
				named.add(person, given, surname, city)
			}
			if r["phone"] != "" {
				phones.add(person, onlyDigits(r["phone"]))
			}
		}
		if len(records) < 4 {
			continue
		}
		several++
		moved += count(seenTwice(records, "city"))
		renamed := count(seenTwice(records, "surname"))
		if usual(records, "gender") == "f" {
			women++
			womenRenamed += renamed
		} else {
			men++
			menRenamed += renamed
		}
	}
	within(t, "people with a relative at an address of theirs", home.sharing(), len(people), 18, 60)
	within(t, "twins at one address", born.sharing(), len(people), 0.1, 1.5)
	within(t, "people with a namesake in a city of theirs", named.sharing(), len(people), 0.2, 5)
	within(t, "people with four and more records who moved to another city", moved, several, 15, 60)
	within(t, "such women with two surnames", womenRenamed, women, 4, 20)
	within(t, "such men with two surnames", menRenamed, men, 0, 3)
	within(t, "people who share a phone", phones.sharing(), len(people), 5, 30)
}

// groups are the people who have something in common.
type groups map[string]map[string]bool

func (g groups) add(person string, common ...string) {
	key := strings.Join(common, "|")
	if g[key] == nil {
		g[key] = map[string]bool{}
	}
	g[key][person] = true
}

// sharing is the number of people who are not alone in a group.
func (g groups) sharing() int {
	people := map[string]bool{}
	for _, members := range g {
		if len(members) > 1 {
			for p := range members {
				people[p] = true
			}
		}
	}
	return len(people)
}

// seenTwice tells whether two values of a column occur twice each: one that occurs once may be a mistake.
func seenTwice(records []row, column string) bool {
	n := map[string]int{}
	for _, r := range records {
		if v := plain(r[column]); v != "" {
			n[v]++
		}
	}
	twice := 0
	for _, k := range n {
		twice += count(k > 1)
	}
	return twice > 1
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

func onlyDigits(s string) string {
	return strings.Map(func(c rune) rune {
		if c < '0' || c > '9' {
			return -1
		}
		return c
	}, s)
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, country := range Countries() {
		for _, census := range []bool{false, true} {
			first, second, other := written(t, 3000, 9, country, census), written(t, 3000, 9, country, census), written(t, 3000, 10, country, census)
			if !bytes.Equal(first, second) {
				t.Errorf("%s: two files of one seed differ", country)
			}
			if bytes.Equal(first, other) {
				t.Errorf("%s: two seeds give one file", country)
			}
			if hasEmail := bytes.ContainsRune(first, '@'); hasEmail == census {
				t.Errorf("%s, census %v: has emails: %v", country, census, hasEmail)
			}
		}
	}
}

func written(t *testing.T, records int, seed uint64, country string, census bool) []byte {
	t.Helper()
	dir := t.TempDir()
	if _, err := Generate(Options{Out: dir, Records: records, Seed: seed, Country: country, Census: census}); err != nil {
		t.Fatal(err)
	}
	people, err := os.ReadFile(filepath.Join(dir, "people.csv"))
	if err != nil {
		t.Fatal(err)
	}
	truth, err := os.ReadFile(filepath.Join(dir, "truth.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("%d files in the folder, want people.csv and truth.csv", len(entries))
	}
	return append(people, truth...)
}

func TestBadOptions(t *testing.T) {
	for _, o := range []Options{{Records: 10, Country: "xx"}, {Records: 0, Country: "us"}} {
		o.Out = t.TempDir()
		if _, err := Generate(o); err == nil {
			t.Errorf("%+v is accepted", o)
		}
	}
}
