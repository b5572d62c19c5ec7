package identity

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// shop has people with an email, two of whom share a phone, and visitors of the web site.
func shop(t *testing.T, events ...string) *world {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"customerId"}, {"email"}}
	w.source("crm", Profile, 1, text("@customerId", "@email", "@phone"), "1||c1|ann@x.io|+491", "2||c2|bob@x.io|+491", "3||c3|eve@x.io|+493")
	w.browse(events...)
	return w
}

// browse replaces the events: key, hours, anonymousId, customerId, email, phone.
func (w *world) browse(events ...string) {
	w.t.Helper()
	w.source("web", Event, 9, text("@anonymousId", "@customerId", "@email", "@phone"), events...)
	w.run()
}

func (w *world) expect(identifier, record string) {
	w.t.Helper()
	if got, want := w.who(identifier), w.of(record); got != want || want == "" {
		w.t.Errorf("%s stands for %q, want that of %s, %q", identifier, got, record, want)
	}
}

// alone says that an identifier is there with a profile that no record has, and whether the profile is known.
func (w *world) alone(identifier string, known bool) string {
	w.t.Helper()
	id := w.who(identifier)
	if _, recorded := w.profiles()[id]; recorded || id == "" {
		w.t.Errorf("%s stands for %q, want a profile of its own", identifier, id)
	}
	want := []string{map[bool]string{true: "true", false: "false"}[known]}
	equal(w.t, "known of "+identifier, w.rows("profiles", "SELECT [known::VARCHAR] FROM {t} WHERE profile_id = '"+id+"'"), want)
	return id
}

func TestEventsAttachByTheStrongestIdentifierAndMergeNobody(t *testing.T) {
	w := shop(t, "e1|1||c1|bob@x.io|", "e2|1||c1|new@x.io|", "e3|1|||eve@x.io|+499")
	equal(t, "groups", w.groups(), []string{"crm/1", "crm/2", "crm/3"})
	w.expect("customerId=c1", "crm/1")
	w.expect("email=bob@x.io", "crm/2")
	w.expect("phone=+493", "crm/3")
	for _, nobody := range []string{"phone=+491", "phone=+499", "email=new@x.io"} {
		if got := w.who(nobody); got != "" {
			t.Errorf("%s stands for %s; it is shared, or was only seen beside somebody else's", nobody, got)
		}
	}
	equal(t, "guard events", w.rows("guard_events", "SELECT [guard, identifier, value, source, record_key] FROM {t}"), []string{"ambiguous|phone|+491|crm|1"})
}

func TestIdentifiersThatNoRecordCarries(t *testing.T) {
	w := shop(t, "e1|1|||guest@y.io|", "e2|1|||guest@y.io|+495", "e3|1||||+495", "e4|1||c9|other@y.io|", "e5|1|||third@y.io|+491")
	guest := w.alone("email=guest@y.io", true)
	if got := w.alone("phone=+495", true); got != guest {
		t.Errorf("the guest's phone stands for %s, the address for %s", got, guest)
	}
	if w.alone("customerId=c9", true) != w.alone("email=other@y.io", true) || w.alone("customerId=c9", true) == guest {
		t.Error("identifiers of one event are not one profile, or of two events are")
	}
	w.alone("email=third@y.io", true)
}

func TestGuardsHoldForIdentifiersThatNoRecordCarries(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"customerId"}}
	w.cfg.Guards.Separate = []string{"customerId"}
	w.source("crm", Profile, 1, text("@customerId"), "1||c1")
	w.browse("e1|1||c8|z@x.io|", "e2|1||c9|z@x.io|")
	if a, b := w.alone("customerId=c8", true), w.alone("customerId=c9", true); a == b || w.alone("email=z@x.io", true) != a {
		t.Error("two separate identifiers are one profile, or the first event says nothing")
	}
	events := w.rows("guard_events", "SELECT [guard, identifier, value] FROM {t}")
	equal(t, "guard events", events, []string{"separate|identifiers of one event|c9 + z@x.io"})
}

func TestVisitorWhoBecomesKnown(t *testing.T) {
	w := shop(t, "e1|1|v1|||", "e2|2|v2|||")
	v1, v2, ann := w.alone("anonymousId=v1", false), w.alone("anonymousId=v2", false), w.of("crm/1")
	w.browse("e1|1|v1|||", "e2|2|v2|||", "e3|3|v1||ann@x.io|")
	w.expect("anonymousId=v1", "crm/1")
	if got := w.who("anonymousId=v2"); got != v2 {
		t.Errorf("the other visitor is %s now, was %s", got, v2)
	}
	equal(t, "events", w.events(), []string{"merge|" + v1 + "|" + ann + "|0|identifier anonymousId"})
	// Without the event that named him he is a visitor again, under an id of which nobody says that it is Ann's.
	w.browse("e1|1|v1|||", "e2|2|v2|||")
	again := w.alone("anonymousId=v1", false)
	if again == v1 || again == ann {
		t.Errorf("the visitor is %s, which resolves to Ann or is Ann", again)
	}
	equal(t, "events", w.events(), []string{"split|" + ann + "|" + again + "|0|identifier anonymousId stands for another profile"})
}

// Somebody nobody knew: the visitor's id ends in a fresh one, which is a person's.
func TestVisitorWhoBecomesANewPerson(t *testing.T) {
	w := shop(t, "e1|1|v1|||")
	v1 := w.alone("anonymousId=v1", false)
	w.browse("e1|1|v1|||", "e2|2|v1||dan@x.io|")
	dan := w.alone("email=dan@x.io", true)
	if dan == v1 || w.who("anonymousId=v1") != dan {
		t.Errorf("dan is %s, the visitor was %s and is %s", dan, v1, w.who("anonymousId=v1"))
	}
	equal(t, "events", w.events(), []string{"merge|" + v1 + "|" + dan + "|0|identifier anonymousId", "new||" + dan + "|0|"})
}

func TestSharedDevice(t *testing.T) {
	w := shop(t, "e1|1|v1|c1||", "e2|2|v1||bob@x.io|", "e3|3|v1|||")
	w.alone("anonymousId=v1", false)
	equal(t, "guard events", w.rows("guard_events", "SELECT [guard, identifier, value] FROM {t} WHERE guard <> 'ambiguous'"), []string{"sharedDevice|anonymousId|v1"})
}

func TestIsolate(t *testing.T) {
	w := shop(t)
	w.cfg.Anonymous.OnIdentify = Isolate
	w.source("crm", Profile, 1, text("@customerId", "@email", "@phone", "@anonymousId"), "1||c1|ann@x.io|+491|v2")
	w.browse("e1|1|v1||ann@x.io|", "e2|1|v3||new@x.io|")
	for _, v := range []string{"v1", "v2", "v3"} {
		w.alone("anonymousId="+v, false)
	}
	w.cfg.Deterministic = [][]string{{"anonymousId"}}
	if _, err := w.try(); err == nil || !strings.Contains(err.Error(), "Isolate") {
		t.Errorf("a rule that matches by anonymousId: %v", err)
	}
}

func TestExpiry(t *testing.T) {
	w := shop(t)
	w.cfg.Anonymous.ExpiresAfter = 24 * time.Hour
	w.browse("e1|-30|old|||", "e2|-3|new|||", "e3|-90|ann||ann@x.io|", "e4|-90||||+497")
	if got := w.who("anonymousId=old"); got != "" {
		t.Errorf("the visitor of 30 hours ago is still there: %s", got)
	}
	w.alone("anonymousId=new", false)
	w.expect("anonymousId=ann", "crm/1")
	w.alone("phone=+497", true)
}

func TestLimitOnVisitorsOfAPerson(t *testing.T) {
	w := shop(t)
	w.cfg.Guards.Limits = []Limit{{Identifier: AnonymousID, PerProfile: 2}}
	w.browse("e1|1|v3|c1||", "e2|1|v1|c1||", "e3|1|v2|c1||")
	w.expect("anonymousId=v1", "crm/1")
	w.expect("anonymousId=v2", "crm/1")
	w.alone("anonymousId=v3", false)
}

func TestBlockedValues(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"email"}, {"phone"}, {"customerId"}}
	w.cfg.Guards.BlockedValues = []Blocked{{"email", []string{"Office@x.io"}, []string{"^sales@"}}, {"customerId", nil, []string{"^TEMP"}}}
	junk := []string{
		"noreply@x.io|+821011111111|0000", "office@x.io|+821012345678|N/A", "sales@y.io|+10000000000|-1", "test@test.com|+4900|TEMP1",
		"none@none.com|+99999999999|00000000-0000-0000-0000-000000000000",
	}
	var rows []string
	for i, j := range junk {
		rows = append(rows, string(rune('a'+i))+"1||"+j, string(rune('a'+i))+"2||"+j)
	}
	rows = append(rows, "z1||ann@x.io|+821011112222|100", "z2||ann@x.io||", "z3|||+821011112222|", "z4||||100")
	w.source("crm", Profile, 1, text("@email", "@phone", "@customerId"), rows...)
	w.browse("e1|1||N/A|noreply@x.io|")
	// +4900 is no junk: it is what the last pair of the fourth kind has in common.
	want := []string{"crm/a1", "crm/a2", "crm/b1", "crm/b2", "crm/c1", "crm/c2", "crm/d1 crm/d2", "crm/e1", "crm/e2", "crm/z1 crm/z2 crm/z3 crm/z4"}
	equal(t, "groups", w.groups(), want)
	events := w.rows("guard_events", "SELECT [guard, value, detail] FROM {t} WHERE value IN ('noreply@x.io', '-1')")
	equal(t, "guard events", events, []string{"blockedValue|-1|in 2 rows", "blockedValue|noreply@x.io|in 3 rows"})
	if got := w.who("email=noreply@x.io"); got != "" {
		t.Errorf("a blocked address stands for %s", got)
	}
	equal(t, "surviving addresses", w.rows("profiles", "SELECT DISTINCT [email] FROM {t}"), []string{"", "ann@x.io"})
}

// Two cards with one phone: the phone connects nothing, and nobody's events are told by it. The event keeps the run that saw it first.
func TestSeparate(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"card"}, {"phone"}}
	w.cfg.Guards.Separate = []string{"card"}
	w.source("crm", Profile, 1, text("@card", "@phone"), "1||A|+491", "2||B|+491", "3||A|+492", "4|||+492", "5|||+491")
	w.run()
	w.run()
	equal(t, "groups", w.groups(), []string{"crm/1 crm/3 crm/4", "crm/2", "crm/5"})
	want := []string{"people-resolve-1|separate|phone|+491|crm|1|would put more than 1 different values of card into one profile"}
	equal(t, "guard events", w.rows("guard_events", "SELECT [run, guard, identifier, value, source, record_key, detail] FROM {t}"), want)
	equal(t, "edges", w.rows("edges", "SELECT [record_key, identifier, value, rule::VARCHAR] FROM {t}"),
		[]string{"1|card|A|1", "3|card|A|1", "3|phone|+492|2", "4|phone|+492|2"})
}

func TestConjunctions(t *testing.T) {
	w := newWorld(t)
	w.cfg.Deterministic = [][]string{{"phone", "surname"}}
	w.source("crm", Profile, 1, text("@phone", "surname"), "1||+491|Kim", "2||+491|KIM ", "3||+491|Lee", "4||+491|", "5||+492|Kim")
	w.source("loyalty", Profile, 2, text("@phone"), "1||+491")
	w.run()
	equal(t, "groups", w.groups(), []string{"crm/1 crm/2", "crm/3", "crm/4", "crm/5", "loyalty/1"})
	equal(t, "edges", w.rows("edges", "SELECT [record_key, identifier, value] FROM {t}"), []string{"1|phone+surname|+491 + kim", "2|phone+surname|+491 + kim"})
}

func TestOutputs(t *testing.T) {
	w := shop(t, "e1|1|v1|||", "e2|1|v2|||", "e3|1|v2|c1||")
	w.source("loyalty", Profile, 1, text("@email"), "1||ann@x.io")
	rev := w.run()
	var got []string
	for _, o := range rev.Outputs {
		if !strings.HasPrefix(o.Name, "quality/") {
			got = append(got, o.Name+" "+strings.Repeat("I", int(o.Rows)))
		}
	}
	slices.Sort(got)
	equal(t, "outputs", got, []string{
		"anonymous I", "changed ", "guards/ambiguous I", "identifiers/anonymousId II", "identifiers/customerId III", "identifiers/email III", "identifiers/phone I",
		"inLargeProfiles ", "known III", "merges/rule 1: customerId ", "merges/rule 2: email I", "records IIII", "resolved IIII", "sizes/1 II", "sizes/2 I",
	})
}
