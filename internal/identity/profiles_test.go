package identity

import (
	"slices"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// one makes a person of records of two sources that share a customer number, and gives the person's attributes.
func survivors(t *testing.T, groups []Survivorship) []string {
	w := newWorld(t)
	w.cfg.Deterministic, w.cfg.Survivorship = [][]string{{"customerId"}}, groups
	fields := text("@customerId", "@email", "street", "city")
	w.source("crm", Profile, 2, fields, "1|5|c1|old@x.io|Main St|", "2|1|c1||Long Avenue 12|Bonn", "3|2|c1|||")
	w.source("erp", Profile, 1, fields, "1|3|c1|erp@x.io||Ulm", "2||c1||Main St|")
	w.run()
	out := w.rows("profiles", "SELECT [email, street, city] FROM {t}")
	return append(out, w.rows("provenance", "SELECT [attribute, source || '/' || record_key] FROM {t} WHERE attribute <> 'customerId'")...)
}

func TestSurvivorship(t *testing.T) {
	address := []string{"street", "city"}
	for name, c := range map[string]struct {
		groups []Survivorship
		want   []string
	}{
		"by default each attribute from the source trusted most": {nil,
			[]string{"erp@x.io|Main St|Ulm", "city|erp/1", "email|erp/1", "street|erp/2"}},
		"groups move together": {[]Survivorship{{Attributes: address, Strategy: SourcePriority}},
			[]string{"erp@x.io||Ulm", "city|erp/1", "email|erp/1", "street|erp/1"}},
		"most recent": {[]Survivorship{{Attributes: address, Strategy: MostRecent}, {Attributes: []string{"email"}, Strategy: MostRecent}},
			[]string{"old@x.io|Main St|", "city|crm/1", "email|crm/1", "street|crm/1"}},
		"most frequent, then by trust": {[]Survivorship{{Attributes: address, Strategy: MostFrequent}},
			[]string{"erp@x.io|Main St|", "city|erp/2", "email|erp/1", "street|erp/2"}},
		"longest": {[]Survivorship{{Attributes: address, Strategy: Longest}},
			[]string{"erp@x.io|Long Avenue 12|Bonn", "city|crm/2", "email|erp/1", "street|crm/2"}},
		"first, where a record without a time is last": {[]Survivorship{{Attributes: address, Strategy: First}},
			[]string{"erp@x.io|Long Avenue 12|Bonn", "city|crm/2", "email|erp/1", "street|crm/2"}},
		"minimum of the first attribute, where one without is last": {[]Survivorship{{Attributes: address, Strategy: Minimum}},
			[]string{"erp@x.io|Long Avenue 12|Bonn", "city|crm/2", "email|erp/1", "street|crm/2"}},
		"maximum, then by trust": {[]Survivorship{{Attributes: address, Strategy: Maximum}},
			[]string{"erp@x.io|Main St|", "city|erp/2", "email|erp/1", "street|erp/2"}},
	} {
		t.Run(name, func(t *testing.T) { equal(t, "attributes and provenance", survivors(t, c.groups), c.want) })
	}
}

func TestTypesArePreserved(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"customerId"}}
	fields := append(text("@customerId"), Field{Name: "birthDate", Type: sqlgen.Date}, Field{Name: "points", Type: sqlgen.Integer}, Field{Name: "spent", Type: sqlgen.Decimal},
		Field{Name: "vip", Type: sqlgen.Boolean}, Field{Name: "score", Type: sqlgen.Double}, Field{Name: "seen", Type: sqlgen.Timestamp})
	w.source("crm", Profile, 1, fields, "1|1|c1|1999-12-31|-7|12.5000|true|0.25|2026-01-02 03:04:05.678901+00", "2|2|c1||||||")
	w.run()
	equal(t, "values", w.rows("profiles", "SELECT [birthDate::VARCHAR, points::VARCHAR, spent::VARCHAR, vip::VARCHAR, score::VARCHAR, seen::VARCHAR] FROM {t}"),
		[]string{"1999-12-31|-7|12.5000|true|0.25|2026-01-02 03:04:05.678901+00"})
	equal(t, "types", w.rows("profiles", "SELECT [typeof(birthDate), typeof(points), typeof(spent), typeof(vip), typeof(score), typeof(seen)] FROM {t}"),
		[]string{"DATE|BIGINT|DECIMAL(18,4)|BOOLEAN|DOUBLE|TIMESTAMP WITH TIME ZONE"})
}

// A class sees the records and identifiers of its sources, and nothing of others: not a value, and not that somebody is known.
func TestClasses(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.source("crm", Profile, 1, text("@email", "city"), "1|1|ann@x.io|Bonn", "2|1|bob@x.io|Ulm")
	w.source("erp", Profile, 2, text("@email", "city"), "1|1|ann@x.io|Rom")
	w.source("web", Event, 9, text("@anonymousId", "@email"), "e1|2|v1|ann@x.io", "e2|3|v2|ann@x.io", "e3|1|v3|new@x.io", "e4|4|v3|")
	w.source("app", Event, 9, text("@anonymousId"), "e1|5|v1", "e2|5|v9")
	w.cfg.Classes = []Class{
		{"all", []string{"a"}, []string{"crm", "erp", "web", "app"}}, {"app", []string{"b"}, []string{"app"}},
		{"erp-web", []string{"c"}, []string{"erp", "web"}}, {"web", []string{"d"}, []string{"web"}},
	}
	w.run()
	equal(t, "profiles", w.rows("profiles", "SELECT [class, known::VARCHAR, email, city, anonymousId] FROM {t}"), []string{
		"all|false|||v9", "all|true|ann@x.io|Bonn|v1", "all|true|bob@x.io|Ulm|", "all|true|new@x.io||v3",
		"app|false|||v1", "app|false|||v9",
		"erp-web|true|ann@x.io|Rom|v2", "erp-web|true|new@x.io||v3",
		"web|true|ann@x.io||v2", "web|true|new@x.io||v3",
	})
	equal(t, "provenance", w.rows("provenance", "SELECT [attribute, source, record_key] FROM {t} WHERE class = 'erp-web'"), []string{
		"anonymousId|web|", "anonymousId|web|", "city|erp|1", "email|erp|1", "email|web|",
	})
	if ids := w.rows("profiles", "SELECT [profile_id] FROM {t} WHERE email = 'ann@x.io'"); len(slices.Compact(ids)) != 1 {
		t.Errorf("Ann has the ids %v in different classes", ids)
	}
}

// A kind of identifier that is only there under another name has a column of its own name too.
func TestIdentifierUnderAnotherName(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}}
	w.source("crm", Profile, 1, []Field{{Name: "workEmail", Type: sqlgen.String, Identifier: "email"}}, "1||ann@x.io", "2||ann@x.io")
	w.run()
	equal(t, "profiles", w.rows("profiles", "SELECT [workEmail, email] FROM {t}"), []string{"ann@x.io|ann@x.io"})
}

func TestConsent(t *testing.T) {
	w := shop(t)
	fields := append(text("@anonymousId", "@customerId", "@email", "@phone"), Field{Name: "why", Semantic: "purpose", Type: sqlgen.String},
		Field{Name: "status", Semantic: "consentStatus", Type: sqlgen.String})
	w.source("prefs", Consent, 9, fields,
		"1|-9||c1|bob@x.io||mail|Granted",                                                                   // the strongest: c1
		"2|-8|||bob@x.io||mail|Granted", "3|-6|||bob@x.io||mail|Withdrawn", "4|-7|||bob@x.io||mail|Granted", // the latest
		"5|-5|||eve@x.io||mail|Granted", "6|-5|||eve@x.io||mail|Denied", // at the same time the refusal
		"7|-9|||eve@x.io||sms|Denied", "8|99|||eve@x.io||sms|Granted", // a grant of the future replaces nothing
		"9|-9||||+491|sms|Denied", "a|-9||||+491|mail|Granted", // a phone that two people share
		"b|-9|||guest@y.io||mail|Granted", "c|-9|||noreply@y.io||mail|Granted", "d|-9|v1||||mail|Granted", "e|-9|||||mail|Granted")
	w.run()
	got := w.rows("consent", "SELECT [coalesce(profile_id, 'nobody'), identifier, value, purpose, status, epoch(time)::BIGINT::VARCHAR, source] FROM {t}")
	row := func(profile, rest string, hours int64) string {
		return profile + "|" + rest + "|" + sqlgen.DuckDB.Literal(clock.Unix()+hours*3600) + "|prefs"
	}
	want := []string{
		row(w.of("crm/1"), "customerId|c1|mail|Granted", -9),
		row(w.of("crm/2"), "email|bob@x.io|mail|Withdrawn", -6),
		row(w.of("crm/3"), "email|eve@x.io|mail|Denied", -5),
		row(w.of("crm/3"), "email|eve@x.io|sms|Denied", -9), row(w.of("crm/3"), "email|eve@x.io|sms|Granted", 99),
		row(w.of("crm/1"), "phone|+491|sms|Denied", -9), row(w.of("crm/2"), "phone|+491|sms|Denied", -9), row("nobody", "phone|+491|mail|Granted", -9),
		row(w.who("email=guest@y.io"), "email|guest@y.io|mail|Granted", -9), row("nobody", "email|noreply@y.io|mail|Granted", -9),
		row(w.who("anonymousId=v1"), "anonymousId|v1|mail|Granted", -9),
	}
	slices.Sort(want)
	equal(t, "consent", got, want)
}

func TestMistakes(t *testing.T) {
	crm := func(w *world) { w.source("crm", Profile, 1, text("@email", "city"), "1||ann@x.io|Bonn") }
	for name, c := range map[string]struct {
		change func(*world)
		class  fault.Class
	}{
		"a rule of nothing known":      {func(w *world) { w.cfg.Deterministic = [][]string{{"emial"}} }, fault.ReferenceNotFound},
		"a rule without an identifier": {func(w *world) { w.cfg.Deterministic = [][]string{{"city"}} }, fault.InvalidManifest},
		"a guard of nothing known":     {func(w *world) { w.cfg.Guards.Separate = []string{"card"} }, fault.ReferenceNotFound},
		"a pattern that is none":       {func(w *world) { w.cfg.Guards.BlockedValues = []Blocked{{"email", nil, []string{"("}}} }, fault.InvalidManifest},
		"an automatic guard of nothing known": {func(w *world) {
			w.cfg.Guards.Automatic = []Automatic{{Per: "phone", Distinct: "city", Above: 20}}
		}, fault.ReferenceNotFound},
		"an automatic guard that counts nothing known": {func(w *world) {
			w.cfg.Guards.Automatic = []Automatic{{Per: "email", Distinct: "surname", Above: 20}}
		}, fault.ReferenceNotFound},
		"an automatic guard of events only": {func(w *world) {
			w.source("web", Event, 2, text("@phone"), "1||+491")
			w.cfg.Guards.Automatic = []Automatic{{Per: "phone", Distinct: "city", Above: 20}}
		}, fault.ReferenceNotFound},
		"a window for visitors": {func(w *world) {
			w.source("web", Event, 2, text("@anonymousId"), "1||v1")
			w.cfg.Guards.Limits = []Limit{{Identifier: AnonymousID, PerProfile: 3, Window: time.Hour}}
		}, fault.InvalidManifest},
		"an attribute in two groups": {func(w *world) {
			w.cfg.Survivorship = []Survivorship{{Attributes: []string{"city"}, Strategy: Longest}, {Attributes: []string{"city"}, Strategy: MostRecent}}
		}, fault.InvalidManifest},
		"verified by nothing known": {func(w *world) {
			w.cfg.Survivorship = []Survivorship{{Attributes: []string{"email"}, Strategy: Longest, VerifiedBy: "sure"}}
		}, fault.ReferenceNotFound},
		"verified by a text": {func(w *world) {
			w.cfg.Survivorship = []Survivorship{{Attributes: []string{"email"}, Strategy: Longest, VerifiedBy: "city"}}
		}, fault.InvalidManifest},
		"a list of two attributes": {func(w *world) {
			w.cfg.Survivorship = []Survivorship{{Attributes: []string{"email", "city"}, Strategy: Longest, List: 2}}
		}, fault.InvalidManifest},
		"two types":                       {func(w *world) { w.source("erp", Profile, 2, []Field{{Name: "city", Type: sqlgen.Integer}}, "1||7") }, fault.InvalidManifest},
		"names that differ in case":       {func(w *world) { w.source("erp", Profile, 2, text("City"), "1||Ulm") }, fault.InvalidManifest},
		"a column that profiles has":      {func(w *world) { w.source("erp", Profile, 2, text("class"), "1||x") }, fault.InvalidManifest},
		"a field that was not ingested":   {func(w *world) { w.cfg.Sources[0].Fields = append(w.cfg.Sources[0].Fields, text("street")...) }, fault.ColumnMissing},
		"a field ingested as another one": {func(w *world) { w.cfg.Sources[0].Fields[1].Type = sqlgen.Date }, fault.SchemaChanged},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.cfg.Deterministic = [][]string{{"email"}}
			crm(w)
			c.change(w)
			if _, err := w.try(); !fault.Is(err, c.class) {
				t.Errorf("%v, want class %s", err, c.class)
			}
			if revs := must[int](t)(w.revisions()); revs != 0 {
				t.Errorf("%d revisions of people were committed", revs)
			}
		})
	}
}

// revisions is how often people were committed.
func (w *world) revisions() (n int, err error) {
	revs, err := w.lake.Revisions(w.t.Context())
	for _, r := range revs {
		if r.Task == "Resolve" {
			n++
		}
	}
	return n, err
}

// A value of each type stands in a list as text. An identifier that no record gives is in its list as it was seen last.
func TestLists(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"customerId"}}
	fields := append(text("@customerId", "@email"), Field{Name: "spent", Type: sqlgen.Decimal}, Field{Name: "seen", Type: sqlgen.Timestamp})
	w.source("crm", Profile, 1, fields, "1|1|c1|a@x.io|7.5|2026-01-02 03:04:05+00", "2|2|c1|b@x.io|-2|", "3|3|c1|a@x.io|7.50|", "4|1|c2|||")
	w.source("web", Event, 9, text("@customerId", "@email"), "e1|1|c2|late@x.io", "e2|1||new@x.io", "e3|1|c1|c@x.io")
	for _, a := range []string{"email", "spent", "seen"} {
		w.cfg.Survivorship = append(w.cfg.Survivorship, Survivorship{Attributes: []string{a}, Strategy: SourcePriority, List: 2})
	}
	rev := w.run()
	equal(t, "lists", w.rows("profile_values", "SELECT [attribute, place::VARCHAR, value, source, record_key] FROM {t}"), []string{
		"email|1|a@x.io|crm|3", "email|1|new@x.io|web|", "email|2|b@x.io|crm|2",
		"seen|1|2026-01-02 03:04:05+00|crm|1", "spent|1|7.5000|crm|3", "spent|2|-2.0000|crm|2",
	})
	if got := w.outputOf(rev, "cut/email"); got != 0 {
		t.Errorf("cut/email is %d although nothing is", got)
	}
	w.cfg.Survivorship = nil
	w.run()
	equal(t, "lists of a rule without", w.rows("profile_values", "SELECT [value] FROM {t}"), []string{})
}

// outputOf is the count of a run, or -1.
func (w *world) outputOf(rev *lake.Revision, name string) int64 {
	for _, o := range rev.Outputs {
		if o.Name == name {
			return o.Rows
		}
	}
	return -1
}
