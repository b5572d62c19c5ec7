package segment

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Columns of every type, for profiles and elements alike, with values and without, and at the ends of their types.
const everyType = `CAST(s AS VARCHAR) AS s, CAST(i AS BIGINT) AS i, CAST(d AS DECIMAL(18,4)) AS d, CAST(f AS DOUBLE) AS f, CAST(b AS BOOLEAN) AS b,
	CAST(ts AS TIMESTAMPTZ) AS ts, CAST(dt AS DATE) AS dt FROM (VALUES
	('a', 'Ab-1', 7, 2.5, 0.25, true, '2026-03-01 23:30:00.5+00', '2024-02-29'),
	('b', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('c', '', -9223372036854775808, -99999999999999.9999, '-infinity', false, '0001-01-01 00:00:00+00', '0001-01-01'),
	('d', '12', 9223372036854775807, 99999999999999.9999, 'nan', true, '9999-12-31 23:59:59.999999+00', '9999-12-31'),
	('e', 'ÄÖ', 0, 0, 1e308, false, '2026-05-01 06:00:00+00', '1970-01-01')) t(id, s, i, d, f, b, ts, dt)`

func everyAttribute() []Attribute {
	return []Attribute{{"id", sqlgen.String, "id"}, {"s", sqlgen.String, ""}, {"i", sqlgen.Integer, ""}, {"d", sqlgen.Decimal, ""}, {"f", sqlgen.Double, ""},
		{"b", sqlgen.Boolean, ""}, {"ts", sqlgen.Timestamp, ""}, {"dt", sqlgen.Date, ""}}
}

func everything(w *world) Config {
	return Config{
		TimeZone: "Asia/Seoul", IdentifierOrder: []string{"id"},
		Identity: w.people(`SELECT 'all' AS "class", id AS profile_id, id <> 'b' AS known, `+everyType, `SELECT 'id' AS identifier, id AS value, id AS profile_id FROM (SELECT id, `+everyType+`)`),
		Classes:  []Class{{Name: "all", Purposes: []string{"all"}, Sources: []string{"ev", "tr"}}},
		Sources: []Source{
			{Name: "ev", RecordKind: "Event", Attributes: everyAttribute(), Revision: w.source("ev", `SELECT id AS _key, ts::TIMESTAMPTZ AS _time, id, `+everyType)},
			{Name: "tr", RecordKind: "Transaction", Attributes: everyAttribute(), Revision: w.source("tr", `SELECT id AS _key, ts::TIMESTAMPTZ AS _time, id, `+everyType)},
		},
	}
}

// samples of arguments by type, as fields of %s.
var samples = map[string]string{
	"string": "%s.s", "integer": "%s.i", "decimal": "%s.d", "double": "%s.f", "boolean": "%s.b", "timestamp": "%s.ts", "date": "%s.dt", "duration": "(now - %s.ts)",
}

// constants that some functions insist on, by function and position.
var constants = map[string]map[int]string{
	"matches": {1: `"^[A-Z]\\pL*-?\\d+$"`}, "date": {0: `"2026-01-31"`}, "timestamp": {0: `"2026-01-31T10:00:00+09:00"`},
	"duration": {0: `"36h"`}, "inSegment": {0: `"everyone"`},
}

// sample is a call of f on the fields of a variable; ok is false for what is of lists.
func sample(f lang.Function, of string) (text string, ok bool) {
	args := make([]string, len(f.Args))
	for i, a := range f.Args {
		switch {
		case a == "string" && constants[f.Name][i] != "":
			args[i] = constants[f.Name][i]
		case strings.HasPrefix(f.Name, "get") && i == 1:
			args[i] = `"America/New_York"`
		case strings.HasPrefix(a, "list(") && f.Name == "in":
			one := fmt.Sprintf(samples[strings.TrimSuffix(strings.TrimPrefix(a, "list("), ")")], of)
			args[i] = "[" + one + ", " + one + "]"
		case samples[a] == "":
			return "", false
		default:
			args[i] = fmt.Sprintf(samples[a], of)
		}
	}
	switch {
	case f.Name == "? :":
		text = fmt.Sprintf("(%s ? %s : %s)", args[0], args[1], args[2])
	case f.Member:
		text = fmt.Sprintf("%s.%s(%s)", args[0], f.Name, strings.Join(args[1:], ", "))
	case strings.ContainsAny(f.Name[:1], "=!<>+-*/%&|i") && len(args) == 2 && f.Name != "inSegment":
		text = fmt.Sprintf("(%s %s %s)", args[0], f.Name, args[1])
	case strings.ContainsAny(f.Name[:1], "!-"):
		text = f.Name + args[0]
	default:
		text = fmt.Sprintf("%s(%s)", f.Name, strings.Join(args, ", "))
	}
	if f.Result == "duration" {
		text = "(" + text + " > days(1))"
	}
	return text, true
}

// Every signature of the language runs on values, on none and on the ends of each type: on profiles, within each kind of
// aggregate, alone and compared with the profile.
func TestEveryFunctionRuns(t *testing.T) {
	w := newWorld(t, "2GB")
	cfg := everything(w)
	cfg.Segments = []Segment{{Name: "everyone", Where: "true", Purposes: []string{"all"}, Due: true}}
	add := func(expression string) {
		name := fmt.Sprintf("t%d", len(cfg.Traits))
		cfg.Traits = append(cfg.Traits, Trait{name, name, expression})
	}
	for _, f := range lang.Functions() {
		if call, ok := sample(f, "profile"); ok {
			add(call)
			if f.Name != "percentile" {
				element, _ := sample(f, "e")
				add("events.map(e, " + element + ").latest()")
				add("transactions.exists(e, " + element + " == " + element + " && profile.i != e.i)")
			}
			continue
		}
		// What takes a list: of fields, filtered, compared with the profile.
		item, ok := strings.CutPrefix(f.Args[0], "list(")
		if !ok {
			t.Errorf("no sample for %v", f)
			continue
		}
		field := "e.s"
		if of := samples[strings.TrimSuffix(item, ")")]; of != "" {
			field = fmt.Sprintf(of, "e")
		}
		for _, list := range []string{"events.map(e, %s)", "transactions.filter(e, e.b).map(e, %s)", "events.filter(e, e.i >= profile.i).map(e, %s)"} {
			list = fmt.Sprintf(list, field)
			if f.Member {
				add(list + "." + f.Name + "()")
			} else {
				add(f.Name + "(" + list + ")")
			}
		}
	}
	rev, res := w.evaluate(cfg)
	for _, e := range res.Errors {
		i := slices.IndexFunc(cfg.Traits, func(t Trait) bool { return t.Name == e.Name })
		t.Errorf("%s: %v", cfg.Traits[max(i, 0)].Expression, e.Err)
	}
	t.Log(len(cfg.Traits), "expressions")
	if got := w.rows(rev, "traits", "profile_id"); len(got) != 5 {
		t.Errorf("got %v", got)
	}
}

// What functions give, worked out by hand.
func TestFunctionResults(t *testing.T) {
	var all []expectation
	for _, c := range []struct{ expression, want string }{
		{`profile.s + "!"`, "Ab-1!"}, {`profile.s.lowerAscii()`, "ab-1"}, {`"ÄB".lowerAscii()`, "Äb"}, {`size("añ👍")`, "3"}, {`profile.s.size()`, "4"},
		{`profile.s.contains("b-")`, "true"}, {`profile.s.startsWith("b")`, "false"}, {`profile.s.endsWith("1")`, "true"},
		{`profile.s.matches("^A.-[0-9]")`, "true"}, {`"a\nb".matches("a.b")`, "false"}, {`"a\nb".matches("(?s)a.b")`, "true"}, {`"XaY".matches("(?i)A")`, "true"},
		{`7 / 2`, "3.5"}, {`1 / 3`, "0.3333"}, {`profile.i / 0`, "-"}, {`profile.d / 0.0`, "-"}, {`7 % 0`, "-"}, {`-7 % 3`, "-1"}, {`profile.d * 0.1`, "0.25"},
		{`profile.d * 0.00125`, "0.0031"}, {`0.1 + 0.2 == 0.3`, "false"}, {`decimal("0.1") + decimal("0.2") == 0.3`, "true"}, {`decimal(0.1) + 0.2 == 0.3`, "true"},
		{`9223372036854775807 + 1`, "-"}, {`-9223372036854775808 - 1`, "-"}, {`9223372036854775807 * 2`, "-"}, {`-(-9223372036854775807 - 1)`, "-"},
		{`decimal("99999999999999.9999") + 1`, "-"}, {`decimal("10000000") * decimal("1000000")`, "10000000000000"}, {`decimal("10000000") * decimal("10000000")`, "-"},
		{`int(2.9)`, "2"}, {`int(-2.9)`, "-2"}, {`int(decimal("-2.9"))`, "-2"}, {`int("12")`, "12"}, {`int(" 12")`, "-"}, {`int("1e3")`, "-"}, {`int("")`, "-"}, {`int(1e300)`, "-"},
		{`double("1e3")`, "1000"}, {`double("x")`, "-"}, {`double(profile.d)`, "2.5"}, {`decimal(profile.s)`, "-"}, {`decimal("12.3456")`, "12.3456"}, {`decimal(7)`, "7"},
		{`string(profile.d)`, "2.5"}, {`string(decimal("100"))`, "100"}, {`string(decimal("-0.5"))`, "-0.5"}, {`string(profile.i)`, "7"}, {`string(true)`, "true"},
		{`string(profile.ts)`, "2026-03-01T23:30:00Z"}, {`string(profile.dt)`, "2024-02-29"},
		// 2 March, 08:30 in Seoul; 1 March, 18:30 in New York.
		{`profile.ts.getFullYear()`, "2026"}, {`profile.ts.getMonth()`, "2"}, {`profile.ts.getDate()`, "2"}, {`profile.ts.getDayOfMonth()`, "1"}, {`profile.ts.getDayOfYear()`, "60"},
		{`profile.ts.getDayOfWeek()`, "1"}, {`profile.ts.getHours()`, "8"}, {`profile.ts.getMinutes()`, "30"}, {`profile.ts.getSeconds()`, "0"}, {`profile.ts.getMilliseconds()`, "500"},
		{`profile.ts.getDate("America/New_York")`, "1"}, {`profile.ts.getHours("UTC")`, "23"}, {`profile.dt.getMonth()`, "1"}, {`profile.dt.getDayOfWeek()`, "4"},
		{`date(profile.ts)`, "2026-03-02"}, {`timestamp(profile.dt)`, "2024-02-28T15:00:00Z"}, {`timestamp("2026-03-01") == timestamp("2026-02-28T15:00:00Z")`, "true"},
		{`now - days(1)`, "2026-04-30T06:00:00Z"}, {`now + hours(profile.i)`, "2026-05-01T13:00:00Z"}, {`(now - profile.ts).getHours()`, "1446"}, {`now - profile.ts > days(60)`, "true"},
		{`profile.ts - duration("90m")`, "2026-03-01T22:00:00.5Z"}, {`days(1) + hours(1) == hours(25)`, "true"}, {`now + days(9223372036854775807 - profile.i)`, "-"},
		{`profile.dt < date("2024-03-01")`, "true"}, {`profile.i == 7.0`, "true"}, {`profile.d > 2.49`, "true"}, {`profile.i < 7.5`, "true"},
		{`profile.i in [1, 7]`, "true"}, {`profile.d in [2.5, 3.5]`, "true"}, {`profile.s in []`, "false"}, {`["a", "b"].exists(x, profile.s.contains(x))`, "true"}, {`["a", "b"].all(x, profile.s.contains(x))`, "false"},
		{`size([1, 2])`, "2"}, {`profile.b ? profile.i : profile.d`, "7"}, {`has(profile.s)`, "true"}, {`profile.known`, "true"}, {`orElse(profile.i, 0)`, "7"},
		{`events.latest().s`, "Ab-1"}, {`events.exists(e, e.s == profile.s)`, "true"}, {`profile.s in events.map(e, e.s)`, "true"}, {`events.all(e, e.i > 7)`, "false"}, {`transactions.filter(t, t.i > 7).sum(t, t.d)`, "0"},
		{`transactions.filter(t, t.i > 7).max(t, t.d)`, "-"}, {`transactions.avg(t, t.i)`, "7"}, {`events.min(e, e.time)`, "2026-03-01T23:30:00.5Z"}, {`events.map(e, e.d * 2).filter(x, x > 4).sum()`, "5"},
		{`events.map(e, e.i > 3, e.source).latest()`, "ev"}, {`transactions.size() == size(transactions)`, "true"}, {`percentile(profile.i)`, "0.6666666666666666"}, {`inSegment("everyone")`, "true"},
	} {
		all = append(all, expectation{"a", c.expression, c.want})
	}
	// Of someone about whom nothing is known and who did things about which nothing is known.
	for _, c := range []struct{ expression, want string }{
		{`profile.s == "x"`, "-"}, {`profile.s != "x"`, "-"}, {`profile.b && false`, "false"}, {`profile.b || true`, "true"}, {`profile.b || false`, "-"}, {`!profile.b`, "-"},
		{`profile.b ? 1 : 2`, "-"}, {`has(profile.s)`, "false"}, {`orElse(profile.i, 3)`, "3"}, {`profile.i.orElse(2.5)`, "2.5"}, {`profile.s in ["a"]`, "-"}, {`"a" in ["a", profile.s]`, "true"}, {`"a" in ["b", profile.s]`, "-"},
		{`events.size()`, "1"}, {`events.exists(e, e.i > 1)`, "false"}, {`events.all(e, e.i > 1)`, "false"}, {`events.filter(e, e.i > 1).size()`, "0"}, {`events.sum(e, e.i)`, "-"}, {`events.sum(e, orElse(e.i, 0))`, "0"},
		{`events.filter(e, has(e.i)).sum(e, e.i)`, "0"}, {`events.avg(e, e.i)`, "-"}, {`events.max(e, e.i)`, "-"}, {`events.latest().s`, "-"}, {`events.map(e, e.i).size()`, "1"}, {`percentile(orElse(profile.i, 1))`, "-"},
		{`profile.s in events.map(e, e.s)`, "false"}, {`has(events.latest().source)`, "false"},
	} {
		all = append(all, expectation{"b", c.expression, c.want})
	}
	check(t, all)
}

// expectation is what an expression must be for one person.
type expectation struct{ person, expression, want string }

// check evaluates all expectations together.
func check(t *testing.T, all []expectation) {
	t.Helper()
	w := newWorld(t, "2GB")
	cfg := everything(w)
	cfg.Segments = []Segment{{Name: "everyone", Where: "true", Purposes: []string{"all"}, Due: true}}
	columns := []string{"profile_id"}
	for i, p := range all {
		name := fmt.Sprintf("t%d", i)
		cfg.Traits, columns = append(cfg.Traits, Trait{name, name, p.expression}), append(columns, name)
	}
	rev, res := w.evaluate(cfg)
	if len(res.Errors) > 0 {
		t.Fatal(res.Errors)
	}
	for _, row := range w.rows(rev, "traits", columns...) {
		for i, p := range all {
			if row[0] == p.person && row[i+1] != p.want {
				t.Errorf("%s of %s is %s, want %s", p.expression, p.person, row[i+1], p.want)
			}
		}
	}
}
