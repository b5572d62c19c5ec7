package people

import (
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// editDistance counts insertions, deletions, replacements and swaps of neighbours.
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	d := make([][]int, len(x)+1)
	for i := range d {
		d[i] = make([]int, len(y)+1)
		d[i][0] = i
	}
	for j := range d[0] {
		d[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+count(x[i-1] != y[j-1]))
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d[i][j] = min(d[i][j], d[i-2][j-2]+1)
			}
		}
	}
	return d[len(x)][len(y)]
}

func TestOneMistakeIsOneMistake(t *testing.T) {
	r := draw.New(1, streamCase, 1)
	names := []string{"Elizabeth", "Smith", "Müller", "O'Brien", "김", "남궁", "영수", "Li", "José", "Garcia-Lopez"}
	changed := map[string]int{}
	const times = 20_000
	for range times {
		name := draw.Pick(r, names)
		got := misspelt(r, name)
		if editDistance(name, got) > 1 {
			t.Fatalf("misspelt %q as %q", name, got)
		}
		changed["misspelt"] += count(got != name)
		got = misreadOnce(r, name)
		if editDistance(name, got) > 2 || got[0] != name[0] {
			t.Fatalf("misread %q as %q", name, got)
		}
		got = misheardOnce(r, name)
		changed["misheard"] += count(got != name)
		if d := editDistance(name, got); d > 3 {
			t.Fatalf("misheard %q as %q", name, got)
		}
		born := date(now - r.Below(90*year))
		wrong := wrongDate(r, born)
		if _, err := time.Parse(time.DateOnly, wrong); err != nil || len(wrong) != 10 {
			t.Fatalf("%s became %s: %v", born, wrong, err)
		}
		changed["date"] += count(wrong != born)
		swapped := dayAndMonthSwapped(born)
		if _, err := time.Parse(time.DateOnly, swapped); err != nil || dayAndMonthSwapped(swapped) != born {
			t.Fatalf("%s swapped is %s: %v", born, swapped, err)
		}
		phone := wrongDigit(r, "(212) 555-0199", 0)
		if len(phone) != 14 || editDistance(onlyDigits(phone), "2125550199") != 1 {
			t.Fatalf("wrong digit: %s", phone)
		}
		email := wrongEmail(r, "john.smith@gmail.com")
		if strings.Count(email, "@") != 1 || editDistance(email, "john.smith@gmail.com") > 1 {
			t.Fatalf("wrong email: %s", email)
		}
	}
	within(t, "misspellings that change the name", changed["misspelt"], times, 75, 100)
	within(t, "mishearings that change the name", changed["misheard"], times, 90, 100)
	within(t, "wrong dates that differ", changed["date"], times, 95, 100)
}

// TestSharesOfMistakes damages complete records and compares them with what they were.
func TestSharesOfMistakes(t *testing.T) {
	m := newMaker(us, 3)
	clean := Record{Given: "Katherine", Middle: "Louise", Surname: "Anderson", BirthDate: "1971-04-09", Phone: "(212) 555-0199", Email: "k.anderson@gmail.com",
		Street: "Maple Street", HouseNumber: "12", City: "Chicago", Postcode: "60601"}
	source := source{mistaken: 30}
	const times = 40_000
	any, several, names, dates, contact, address := 0, 0, 0, 0, 0, 0
	for range times {
		rec := clean
		m.damage(&rec, &source)
		wrong := 0
		before, after := clean.values(), rec.values()
		for i := range before {
			wrong += count(before[i] != after[i])
		}
		any += count(wrong > 0)
		swapped := rec.Given == clean.Surname
		several += count(wrong > 1 && !swapped && rec.Middle != "")
		names += count(rec.Given != clean.Given || rec.Surname != clean.Surname)
		dates += count(rec.BirthDate != clean.BirthDate)
		contact += count(rec.Phone != clean.Phone || rec.Email != clean.Email)
		address += count(rec.Street != clean.Street || rec.City != clean.City || rec.HouseNumber == "" || rec.Postcode != clean.Postcode)
	}
	within(t, "records with a mistake", any, times, 28, 31)
	within(t, "records with several", several, any, 20, 35)
	within(t, "wrong names", names, any, 55, 70)
	within(t, "wrong dates", dates, any, 14, 23)
	within(t, "wrong phone or email", contact, any, 20, 30)
	within(t, "wrong address", address, any, 20, 30)
}

// TestWrongBirthDates counts, in a whole population, the birth dates that are not what most of the person's records say.
func TestWrongBirthDates(t *testing.T) {
	people := byPerson(generated(t, Options{Records: 60_000, Seed: 8, Country: "de"}))
	dates, wrong, defaults := 0, 0, 0
	marks, without := 0, 0
	for _, records := range people {
		given := usual(records, "given_name")
		for _, r := range records {
			if strings.ContainsAny(given, "äöüß") {
				marks++
				without += count(strings.ContainsAny(plain(r["given_name"]), "äöüß"))
			}
		}
		if len(records) < 4 {
			continue
		}
		born := usual(records, "birth_date")
		for _, r := range records {
			switch b := r["birth_date"]; b {
			case "":
			case "1900-01-01", "1970-01-01", "2000-01-01":
				defaults++
			default:
				dates++
				wrong += count(b != born)
			}
		}
	}
	within(t, "wrong birth dates", wrong, dates, 3, 8)
	within(t, "default birth dates", defaults, dates, 0.5, 4)
	within(t, "names with their umlauts", without, marks, 70, 92)
}

func TestRoman(t *testing.T) {
	for name, want := range map[string]string{"Müller": "mueller", "O'Brien": "obrien", "Lefèvre": "lefevre", "김": "gim", "영수": "yeongsu", "Weiß": "weiss", "Garcia-Lopez": "garcialopez"} {
		if got := roman(name); got != want {
			t.Errorf("%s is written %q, want %q", name, got, want)
		}
	}
}
