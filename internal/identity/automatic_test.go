package identity

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// blocked are the values that a guard blocks, as kind=value.
func (w *world) blocked(guard string) []string {
	w.t.Helper()
	return w.rows("guard_events", "SELECT [identifier || '=' || value] FROM {t} WHERE guard = '"+guard+"'")
}

// colleagues are records of n people with different surnames, and given names that repeat after a few, who share an email.
func colleagues(prefix string, n, given int) (rows []string) {
	for i := range n {
		rows = append(rows, fmt.Sprintf("%s%d||office@x.io|%s|Given%d", prefix, i, surname(i), i%given))
	}
	return rows
}

// surname is a name of its own for each number, in letters.
func surname(i int) string {
	return "Sur" + strings.Map(func(d rune) rune { return d - '0' + 'a' }, fmt.Sprint(i))
}

func TestWhatAutomaticGuardsCount(t *testing.T) {
	named := text("@email", "surname", "givenName")
	byMeaning := text("@email", "familyName", "firstName")
	byMeaning[1].Semantic, byMeaning[2].Semantic = "surname", "givenName"
	twoSurnames := text("@email", "surname", "bornAs")
	twoSurnames[2].Semantic = "surname"
	surnames := func(above int) []Automatic { return []Automatic{{Per: "email", Distinct: "surname", Above: above}} }
	office := []string{"email=office@x.io"}
	for name, c := range map[string]struct {
		guards []Automatic
		fields []Field
		rows   []string
		want   []string
	}{
		"21 surnames are too many":             {nil, named, colleagues("", 21, 3), office},
		"20 are not":                           {nil, named, colleagues("", 20, 3), nil},
		"21 given names are":                   {nil, named, colleagues("", 21, 21), office},
		"attributes count by their semantic":   {nil, byMeaning, colleagues("", 21, 3), office},
		"and are declared by their semantic":   {surnames(5), byMeaning, colleagues("", 6, 3), office},
		"or by their name":                     {[]Automatic{{Per: "email", Distinct: "familyName", Above: 5}}, byMeaning, colleagues("", 6, 3), office},
		"a list takes the place of the usual":  {surnames(30), named, colleagues("", 25, 25), nil},
		"an empty list switches them off":      {[]Automatic{}, named, colleagues("", 25, 25), nil},
		"upper and lower case are one":         {surnames(2), named, []string{"1||a@x.io|Lee|", "2||a@x.io|LEE|", "3||a@x.io|lee |", "4||a@x.io|Kim|"}, nil},
		"a record can have several":            {surnames(1), twoSurnames, []string{"1||a@x.io|Lee|Park", "2||b@x.io|Lee|Lee"}, []string{"email=a@x.io"}},
		"a missing value counts for nothing":   {surnames(1), named, []string{"1||a@x.io||", "2||a@x.io| |", "3||a@x.io|Lee|"}, nil},
		"what is blocked already is so":        {surnames(1), named, []string{"1||noreply@x.io|Lee|", "2||noreply@x.io|Kim|"}, nil},
		"an identifier can be what is counted": {[]Automatic{{Per: "phone", Distinct: "email", Above: 1}}, text("@phone", "@email"), []string{"1||+491|a@x.io", "2||+491|b@x.io", "3||+492|a@x.io"}, []string{"phone=+491"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.Deterministic = [][]string{{"email"}}
			w.cfg.Guards.Automatic = c.guards
			w.source("crm", Profile, 1, c.fields, c.rows...)
			w.run()
			equal(t, "blocked", w.blocked("automatic"), append([]string{}, c.want...))
		})
	}
}

// Values are counted over all Profile sources and all fields of an identifier; events tell nothing about names.
func TestAutomaticGuardsCountAcrossSources(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.cfg.Guards.Automatic = []Automatic{{Per: "email", Distinct: "surname", Above: 2}, {Per: "email", Distinct: "city", Above: 2}}
	two := append(text("@email", "surname", "city"), Field{Name: "workEmail", Type: "string", Identifier: "email"}, Field{Name: "bornAs", Semantic: "surname", Type: "string"})
	w.source("crm", Profile, 1, two, "1||a@x.io|Lee|Ulm|office@x.io|Park", "2||b@x.io||Bonn|office@x.io|")
	w.source("erp", Profile, 1, text("@email", "surname", "city"), "1||office@x.io|Kim|Rom")
	w.source("web", Event, 1, text("@email", "surname", "city"), "1||a@x.io|X|X", "2||a@x.io|Y|Y", "3||office@x.io|Z|Z")
	w.run()
	equal(t, "guard events", w.rows("guard_events", "SELECT [guard, identifier, value, source, record_key, detail] FROM {t}"),
		[]string{"automatic|email|office@x.io|||in 4 rows, with 3 different values of surname and 3 different values of city"})
}

// What an automatic guard blocks connects nobody, identifies nobody and survives nowhere, as if it were declared as blocked; but a refusal with it
// counts for everybody who carries it, and a grant for nobody.
func TestAutomaticIsBlocked(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"customerId"}, {"email"}}
	w.cfg.Guards.Automatic = []Automatic{{Per: "email", Distinct: "surname", Above: 2}}
	w.source("crm", Profile, 1, text("@customerId", "@email", "surname"), "1||c1|office@x.io|Lee", "2||c2|office@x.io|Kim", "3||c3|office@x.io|Park")
	w.source("erp", Profile, 9, text("@customerId", "@email", "surname"), "1||c1|lee@x.io|Lee", "2||c4|kim@x.io|Kim", "3||c5|kim@x.io|Choi")
	w.source("web", Event, 9, text("@anonymousId", "@customerId", "@email"), "1|1|v1||office@x.io", "2|2|v2|c2|office@x.io")
	consent := append(text("@email"), Field{Name: "why", Semantic: "purpose", Type: "string"}, Field{Name: "status", Semantic: "consentStatus", Type: "string"})
	w.source("prefs", Consent, 9, consent, "1|-1|office@x.io|mail|Denied", "2|-1|lee@x.io|mail|Granted", "3|-1|office@x.io|post|Granted")
	w.run()
	office := w.groups()
	equal(t, "groups", office, []string{"crm/1 erp/1", "crm/2", "crm/3", "erp/2 erp/3"})
	equal(t, "emails of profiles", w.rows("profiles", "SELECT [customerId, email] FROM {t} WHERE customerId IS NOT NULL"), []string{"c1|lee@x.io", "c2|", "c3|", "c4|kim@x.io"})
	if got := w.who("email=office@x.io"); got != "" {
		t.Errorf("the address of the office stands for %s", got)
	}
	w.alone("anonymousId=v1", false)
	w.expect("anonymousId=v2", "crm/2")
	said := func() []string {
		return w.rows("consent", "SELECT [value, purpose, status, coalesce(profile_id, 'nobody')] FROM {t}")
	}
	want := []string{"lee@x.io|mail|Granted|" + w.of("crm/1"), "office@x.io|post|Granted|nobody"}
	for _, key := range []string{"crm/1", "crm/2", "crm/3"} {
		want = append(want, "office@x.io|mail|Denied|"+w.of(key))
	}
	slices.Sort(want)
	equal(t, "consent", said(), want)
	automatic := w.lastTables("members", "identifiers", "profiles")
	w.cfg.Guards = Guards{Automatic: []Automatic{}, BlockedValues: []Blocked{{Identifier: "email", Values: []string{"office@x.io"}}}}
	w.run()
	equal(t, "the same, declared", w.lastTables("members", "identifiers", "profiles"), automatic)
	equal(t, "consent, declared", said(), []string{"lee@x.io|mail|Granted|" + w.of("crm/1"), "office@x.io|mail|Denied|nobody", "office@x.io|post|Granted|nobody"})
}

// lastTables are the rows of relations of the last run.
func (w *world) lastTables(relations ...string) (out []string) {
	w.t.Helper()
	for _, r := range relations {
		out = append(out, w.rows(r, "SELECT [t::VARCHAR] FROM {t} t")...)
	}
	return out
}

// Two records with the same common name and address are probably one person, unless the address is everybody's.
func TestAutomaticGuardsHoldForProbableMatches(t *testing.T) {
	rows := []string{"a||Katharina|Lindqvist||k.office@example.com||", "b||Katharina|Lindqvist||k.office@example.com||"}
	for i := range 7 {
		name := surname(i)
		rows = append(rows, fmt.Sprintf("g%d||Katharina|%s|196%d-01-02|%s@example.com||", i, name, i, name), // neither name is rare
			fmt.Sprintf("s%d||%s|Lindqvist|197%d-01-03|l%s@example.com||", i, name, i, name))
	}
	for i := range 2 {
		rows = append(rows, fmt.Sprintf("o%d||Other|%s|198%d-01-04|k.office@example.com||", i, surname(i+90), i))
	}
	w := probabilisticWorld(t, rows...)
	w.cfg.Guards.Automatic = []Automatic{}
	w.run()
	if people := w.people(); people["a"] != people["b"] {
		t.Fatal("without the guard they are not one person, so that this shows nothing")
	}
	w.cfg.Guards.Automatic = []Automatic{{Per: "email", Distinct: "surname", Above: 1}}
	w.run()
	if people := w.people(); people["a"] == people["b"] {
		t.Error("an address that the guard has blocked counts for a probable match")
	}
	equal(t, "blocked", w.blocked("automatic"), []string{"email=k.office@example.com"})
}

// Random records in random order give the people that the same records give without the values which occur with too many others.
func TestRandomRecordsUnderAnAutomaticGuard(t *testing.T) {
	for seed := range uint64(4) {
		r := rand.New(rand.NewPCG(seed, 5))
		records := randomRecords(r, 120)
		cards := map[string][]string{} // by email
		for _, x := range records {
			if x[0] != "" && x[2] != "" && !slices.Contains(cards[x[0]], x[2]) {
				cards[x[0]] = append(cards[x[0]], x[2])
			}
		}
		rows, kept := make([]string, len(records)), slices.Clone(records)
		blocked := []string{}
		for i, x := range records {
			rows[i] = fmt.Sprintf("%03d||%s", i, strings.Join(x[:], "|"))
			if len(cards[x[0]]) > 2 {
				kept[i][0] = ""
				blocked = append(blocked, "email="+x[0])
			}
		}
		slices.Sort(blocked)
		blocked = slices.Compact(blocked)
		var want []string
		members := map[int32][]string{}
		for i, founder := range asProblem(kept).naive() {
			members[founder] = append(members[founder], fmt.Sprintf("crm/%03d", i))
		}
		for _, m := range members {
			want = append(want, strings.Join(m, " "))
		}
		slices.Sort(want)
		r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		w := newWorld(t)
		w.cfg.Deterministic = [][]string{{"card"}, {"email"}, {"phone", "name"}}
		w.cfg.Guards = Guards{
			Automatic: []Automatic{{Per: "email", Distinct: "card", Above: 2}}, Separate: []string{"card"}, Limits: []Limit{{Identifier: "email", PerProfile: 2}},
		}
		w.source("crm", Profile, 1, text("@email", "@phone", "@card", "name"), rows...)
		w.run()
		equal(t, fmt.Sprintf("blocked of seed %d", seed), w.blocked("automatic"), blocked)
		equal(t, fmt.Sprintf("people of seed %d", seed), w.groups(), want)
		for _, email := range w.rows("profiles", "SELECT [email] FROM {t} WHERE email IS NOT NULL") {
			if slices.Contains(blocked, "email="+email) {
				t.Errorf("seed %d: the blocked %s is in a profile", seed, email)
			}
		}
		if len(blocked) == 0 || len(blocked) == len(cards) {
			t.Errorf("seed %d shows nothing", seed)
		}
	}
}

// One email on 40,000 records of as many people makes neither one profile nor a run that does not end, with the guard or without.
func TestOneEmailOnManyRecords(t *testing.T) {
	const people = `SELECT i::VARCHAR AS _key, TIMESTAMPTZ '2026-01-01' AS _time, 'office@x.io' AS email, 'card' || i AS card,
	'surname' || i AS surname, 'given' || i % 50 AS givenName FROM range({n}) t(i)`
	for name, automatic := range map[string][]Automatic{"with the guard": nil, "without": {}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.Deterministic = [][]string{{"card"}, {"email"}}
			w.cfg.Guards = Guards{Automatic: automatic, MaxRecords: 50}
			w.generate("crm", Profile, text("@email", "@card", "surname", "givenName"), people, 40_000)
			began := time.Now()
			w.run()
			if took := time.Since(began); took > time.Minute {
				t.Errorf("the run took %s", took)
			}
			equal(t, "profiles", w.rows("members", "SELECT [count(DISTINCT profile_id)::VARCHAR] FROM {t}"), []string{"40000"})
			want := []string{"automatic|in 40000 rows, with 40000 different values of surname and 50 different values of givenName"}
			emails := "0"
			if automatic != nil {
				want, emails = []string{"maxProfileRecords|would put more than 50 records into one profile"}, "40000"
			}
			equal(t, "guard events", w.rows("guard_events", "SELECT [guard, detail] FROM {t}"), want)
			equal(t, "profiles with the email", w.rows("profiles", "SELECT [count(email)::VARCHAR] FROM {t}"), []string{emails})
		})
	}
}
