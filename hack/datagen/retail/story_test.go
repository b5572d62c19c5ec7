package retail

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func options(t *testing.T, people, anonymous, day int) Options {
	t.Helper()
	now, err := time.Parse(time.DateOnly, DefaultNow)
	if err != nil {
		t.Fatal(err)
	}
	return Options{Out: t.TempDir(), People: people, Anonymous: anonymous, Seed: 1, Day: day, Now: now}
}

func generate(t *testing.T, o Options) Summary {
	t.Helper()
	s, err := Generate(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// facts is what the records of one person say.
type facts struct {
	profit    int64
	kept      int
	viewed    bool
	complaint bool
	consents  map[string]rec // identifier and purpose -> the latest statement
	card      string
	firstName string
	named     int64 // when the record with that name was changed
	email     string
}

// gather the facts of each person as of now.
func gather(t *testing.T, w *world, owner map[string]string, now int64) map[string]*facts {
	t.Helper()
	all := map[string]*facts{}
	each := func(source string, see func(f *facts, r rec, at int64)) {
		for _, key := range slices.Sorted(maps.Keys(w.rows[source])) {
			r := w.rows[source][key]
			person := owner[source+"/"+key]
			if all[person] == nil {
				all[person] = &facts{consents: map[string]rec{}}
			}
			at, err := strconv.ParseInt(r["at"], 10, 64)
			if err != nil || at >= now {
				t.Fatalf("%s %s is of %d, now is %d: %v", source, key, at, now, err)
			}
			see(all[person], r, at)
		}
	}
	name := func(f *facts, given string, at int64) {
		if at > f.named {
			f.firstName, f.named = given, at
		}
	}
	each(sourceCRM, func(f *facts, r rec, at int64) {
		name(f, r["이름"], at)
		if e := normalEmail(r["이메일"]); e != "" && !strings.HasPrefix(e, "old.") {
			f.email = e
		}
	})
	each(sourceLoyalty, func(f *facts, r rec, at int64) {
		name(f, r["given_name"], at)
		f.card = r["card_no"]
		if f.email == "" {
			f.email = normalEmail(r["email"])
		}
	})
	each(sourceWeb, func(f *facts, r rec, at int64) {
		f.viewed = f.viewed || r["event"] == "Product Viewed" && strings.HasPrefix(r["sku"], "TRAIL-ONE-") && at > now-14*24*3600
	})
	sale := func(amount, cost, refunded string) func(*facts, rec, int64) {
		return func(f *facts, r rec, at int64) {
			var v [3]int64
			for i, column := range []string{amount, cost, refunded} {
				var ok bool
				if v[i], ok = parseMoney(r[column]); !ok {
					t.Fatalf("%q is no money", r[column])
				}
			}
			if at > now-365*24*3600 {
				f.profit += v[0] - v[1] - v[2]
			}
			if v[2] < v[0] {
				f.kept++
			}
		}
	}
	each(sourceShop, sale("amount", "cost", "refunded_amount"))
	each(sourceTill, sale("금액", "원가", "환불액"))
	each(sourceService, func(f *facts, r rec, _ int64) {
		f.complaint = f.complaint || r["type"] == "complaint" && r["status"] == "OPEN"
	})
	each(sourceConsents, func(f *facts, r rec, _ int64) {
		id := strings.Join([]string{normalEmail(r["email"]), normalPhone(r["phone"]), r["loyalty_card"], r["purpose"]}, "|")
		if had := f.consents[id]; had == nil || had["recorded_at"] < r["recorded_at"] {
			f.consents[id] = r
		}
	})
	return all
}

// mayBeMailed is the decision for one purpose: any no wins, a yes holds for two years.
func (f *facts) decision(purpose string, now int64) string {
	found := map[string]bool{}
	for _, r := range f.consents {
		if r["purpose"] != purpose {
			continue
		}
		at, _ := strconv.ParseInt(r["at"], 10, 64)
		if r["status"] == granted && at < now-17520*3600 {
			found["ConsentExpired"] = true
			continue
		}
		found[r["status"]] = true
	}
	for _, c := range []struct{ status, reason string }{{withdrawn, "ConsentWithdrawn"}, {denied, "ConsentDenied"}, {"ConsentExpired", "ConsentExpired"}, {granted, "Eligible"}} {
		if found[c.status] {
			return c.reason
		}
	}
	return "ConsentUnknown"
}

// recount tells the story of one day from the files alone and compares it with the truth beside them.
func recount(t *testing.T, o Options, s DaySummary) {
	t.Helper()
	w := readWorld(t, o.Out)
	owner := checkPeople(t, o.Out, w, s.Known, s.Anonymous)
	now := o.Now.AddDate(0, 0, s.Day-1).Unix()
	all := gather(t, w, owner, now)

	var known []string
	for person := range all {
		if strings.HasPrefix(person, "P") {
			known = append(known, person)
		}
	}
	slices.SortFunc(known, func(a, b string) int { return cmp.Compare(all[a].profit, all[b].profit) })
	segments := map[string]map[string]bool{}
	in := func(segment, person string, is bool) {
		if is {
			if segments[segment] == nil {
				segments[segment] = map[string]bool{}
			}
			segments[segment][person] = true
		}
	}
	for position, person := range known {
		f := all[person]
		top := float64(position)/float64(len(known)-1) >= 0.9
		in("top-profit", person, top)
		in("viewed-trail-one", person, f.viewed)
		in("early-access", person, top && f.viewed)
		in("open-complaint", person, f.complaint)
		in("one-time-buyers", person, f.kept == 1)
	}
	checkSegments(t, o, s, segments)
	checkMail(t, o, s, all, segments, now)
	checkStores(t, o, s, all, segments, now)
}

func checkSegments(t *testing.T, o Options, s DaySummary, segments map[string]map[string]bool) {
	t.Helper()
	told := map[string]int{}
	for _, r := range readTruth(t, o.Out, "segments.csv") {
		if r[2] != strconv.Itoa(s.Day) {
			continue
		}
		told[r[0]]++
		if !segments[r[0]][r[1]] {
			t.Errorf("day %d: the files do not put %s into %s", s.Day, r[1], r[0])
		}
	}
	for name, members := range segments {
		if len(members) != told[name] || len(members) != s.Segments[name] {
			t.Errorf("day %d: %s has %d members on file, %d in segments.csv, %d in the summary", s.Day, name, len(members), told[name], s.Segments[name])
		}
	}
}

func checkMail(t *testing.T, o Options, s DaySummary, all map[string]*facts, segments map[string]map[string]bool, now int64) {
	t.Helper()
	counts := map[string]int{}
	for _, r := range readTruth(t, o.Out, "early-access-email.csv") {
		if r[3] != strconv.Itoa(s.Day) {
			continue
		}
		f := all[r[0]]
		reason := f.decision(mail, now)
		switch {
		case !segments["early-access"][r[0]]:
			reason = "LeftAudience"
		case f.complaint:
			reason = "Excluded"
		}
		sum := sha256.Sum256([]byte(f.email))
		if r[4] != reason || r[1] != hex.EncodeToString(sum[:]) || r[2] != f.firstName {
			t.Errorf("day %d: early-access-email has %v; on file %s is called %q, with reason %s", s.Day, r, r[0], f.firstName, reason)
		}
		counts[reason]++
	}
	if !maps.Equal(counts, s.Mail) {
		t.Errorf("day %d: early-access-email: %v, summary %v", s.Day, counts, s.Mail)
	}
}

func checkStores(t *testing.T, o Options, s DaySummary, all map[string]*facts, segments map[string]map[string]bool, now int64) {
	t.Helper()
	members := slices.SortedFunc(maps.Keys(segments["early-access"]), func(a, b string) int { return cmp.Compare(all[b].profit, all[a].profit) })
	var want []string
	for i, person := range members {
		f := all[person]
		if i > 0 && all[members[i-1]].profit == f.profit {
			t.Errorf("day %d: %s and %s have the same profit", s.Day, members[i-1], person)
		}
		if reason := f.decision(stores, now); !f.complaint && f.card != "" && (reason == "Eligible" || reason == "ConsentUnknown") {
			want = append(want, fmt.Sprint(f.card, " ", i+1))
		}
	}
	var got []string
	for _, r := range readTruth(t, o.Out, "store-priority.csv") {
		if r[2] == strconv.Itoa(s.Day) {
			got = append(got, r[0]+" "+r[1])
		}
	}
	if !slices.Equal(got, want) || len(got) != s.Stores["Eligible"] {
		t.Errorf("day %d: store-priority has %d people, %d on file, %d in the summary; or their ranks differ", s.Day, len(got), len(want), s.Stores["Eligible"])
	}
}

func TestStory(t *testing.T) {
	for _, size := range []struct{ people, anonymous int }{{20000, 9000}, {2000, 900}, {1003, 50}} {
		t.Run(strconv.Itoa(size.people), func(t *testing.T) {
			o := options(t, size.people, size.anonymous, 1)
			one := generate(t, o)
			recount(t, o, one.Days[0])
			if got := readWorld(t, o.Out).refused; !maps.Equal(got, one.Days[0].Quarantined) {
				t.Errorf("rows to refuse: %v on file, %v in the summary", got, one.Days[0].Quarantined)
			}
			o.Day = 2
			two := generate(t, o)
			recount(t, o, two.Days[1])
			if got, want := two.Days[1].Mail["Eligible"], one.Days[0].Mail["Eligible"]+two.Days[1].MailEnter-two.Days[1].MailLeave; got != want {
				t.Errorf("%d are sent on day two, want %d", got, want)
			}
			for _, row := range []struct {
				name string
				got  int
				want int
			}{
				{"viewed", one.Days[0].Segments["viewed-trail-one"], 4000 * size.people / 20000},
				{"early access", one.Days[0].Segments["early-access"], 1000 * size.people / 20000},
				{"known", two.Days[1].Known, size.people},
			} {
				if row.got != row.want && size.people%20 == 0 {
					t.Errorf("%s: %d, want %d", row.name, row.got, row.want)
				}
			}
		})
	}
}

// TestPlanted holds the figures that the README of examples/retail tells.
func TestPlanted(t *testing.T) {
	o := options(t, 20000, 9000, 2)
	s := generate(t, o)
	one, two := s.Days[0], s.Days[1]
	for _, c := range []struct {
		what      string
		got, want int
	}{
		{"viewed", one.Segments["viewed-trail-one"], 4000},
		{"top tenth", one.Segments["top-profit"], 2000},
		{"both", one.Segments["early-access"], 1000},
		{"complained", one.Mail["Excluded"], 40},
		{"no consent", one.Mail["ConsentUnknown"] + one.Mail["ConsentDenied"] + one.Mail["ConsentWithdrawn"] + one.Mail["ConsentExpired"], 240},
		{"sent", one.Mail["Eligible"], 720},
		{"enter", two.MailEnter, 42},
		{"leave", two.MailLeave, 41},
		{"withdrew", two.Mail["ConsentWithdrawn"] - one.Mail["ConsentWithdrawn"], 35},
		{"returned", two.Mail["LeftAudience"], 6},
		{"sent on day two", two.Mail["Eligible"], 721},
		{"stores", one.Stores["Eligible"], 890},
		{"stores on day two", two.Stores["Eligible"], 922},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	read := func(seed uint64) map[string]string {
		o := options(t, 1200, 60, 1)
		o.Seed = seed
		generate(t, o)
		o.Day = 2
		generate(t, o)
		files := map[string]string{}
		err := filepath.WalkDir(o.Out, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			sum := sha256.Sum256(b)
			files[strings.TrimPrefix(path, o.Out)] = hex.EncodeToString(sum[:])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return files
	}
	first := read(7)
	if again := read(7); !maps.Equal(first, again) {
		t.Error("two runs with one seed differ")
	}
	other := read(8)
	for name, sum := range first {
		if other[name] == sum {
			t.Errorf("%s is the same with another seed", name)
		}
	}
}

func TestOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no folder":        func(o *Options) { o.Out = "" },
		"day three":        func(o *Options) { o.Day = 3 },
		"too few":          func(o *Options) { o.People = 999 },
		"nobody anonymous": func(o *Options) { o.Anonymous = 0 },
		"noon":             func(o *Options) { o.Now = o.Now.Add(12 * time.Hour) },
	} {
		o := options(t, 1000, 10, 1)
		change(&o)
		if _, err := Generate(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestSummaryIsWritten(t *testing.T) {
	o := options(t, 1000, 10, 1)
	want := generate(t, o)
	b, err := os.ReadFile(filepath.Join(o.Out, "truth", "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got Summary
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if got.String() != want.String() || got.Days[0].Rows["crm"] != want.Days[0].Rows["crm"] {
		t.Errorf("summary.json has %v, want %v", got, want)
	}
}
