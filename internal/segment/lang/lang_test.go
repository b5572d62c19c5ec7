package lang

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var now = time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC)

func schema() Schema {
	return Schema{
		Profile: []Attr{{Name: "country", Type: sqlgen.String}, {Name: "revenue365", Type: sqlgen.Decimal}, {Name: "age", Type: sqlgen.Integer},
			{Name: "score", Type: sqlgen.Double}, {Name: "birthDate", Type: sqlgen.Date}, {Name: "since", Type: sqlgen.Timestamp}, {Name: "vip", Type: sqlgen.Boolean},
			{Name: "e mail", Type: sqlgen.String}, {Name: "tier", Type: sqlgen.String}, {Name: "Tier", Type: sqlgen.String}, {Name: "mixed", Type: sqlgen.String, Conflict: "it is a string in one source and an integer in crm"}},
		Events:       []Attr{{Name: "sku", Type: sqlgen.String}, {Name: "price", Type: sqlgen.Decimal}},
		Transactions: []Attr{{Name: "amount", Type: sqlgen.Decimal}, {Name: "quantity", Type: sqlgen.Integer}},
		Segments:     []string{"high-value", "bought-this-week"},
	}
}

func compiler(t *testing.T) *Compiler {
	t.Helper()
	c, err := New(schema(), Options{Now: now, TimeZone: "Asia/Seoul"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTypes(t *testing.T) {
	c := compiler(t)
	for expression, want := range map[string]sqlgen.Type{
		`profile.country`: sqlgen.String, `profile.age + 1`: sqlgen.Integer, `profile.age / 2`: sqlgen.Decimal, `profile.age * 1.5`: sqlgen.Double, `profile.revenue365 * 1.5`: sqlgen.Decimal,
		`profile.score / 2.0`: sqlgen.Decimal, `profile.revenue365 - profile.age`: sqlgen.Decimal, `profile.birthDate`: sqlgen.Date, `now - days(3)`: sqlgen.Timestamp, `profile.known`: sqlgen.Boolean,
		`events.latest()` + `.sku`: sqlgen.String, `events.max(e, e.time)`: sqlgen.Timestamp, `transactions.avg(t, t.quantity)`: sqlgen.Decimal, `transactions.sum(t, t.quantity)`: sqlgen.Integer,
		`percentile(profile.age)`: sqlgen.Double, `inSegment("high-value")`: sqlgen.Boolean, "profile.`e mail`": sqlgen.String, `events.map(e, e.name).latest()`: sqlgen.String,
		`profile.vip ? profile.age : 2.5`: sqlgen.Double, `orElse(profile.revenue365, 0)`: sqlgen.Decimal, `date(now)`: sqlgen.Date, `size(events)`: sqlgen.Integer,
	} {
		out, err := c.Value(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		} else if out.Type != want {
			t.Errorf("%s is %s, want %s", expression, out.Type, want)
		}
	}
}

// What a user sees when an expression is wrong: where, what, and what was probably meant.
func TestErrors(t *testing.T) {
	c := compiler(t)
	deep := strings.Repeat("(", 40) + "1" + strings.Repeat(")", 40)
	for expression, want := range map[string]string{
		`profile.revenue36 > 3`:                                        `1:8: profile has no field revenue36; did you mean revenue365?`,
		"true &&\n  profile.contry == 'KR'":                            `2:10: profile has no field contry; did you mean country?`,
		`events.exists(e, e.skew == 'x')`:                              `1:19: event has no field skew; did you mean sku?`,
		`events.exists(e, e.colour == 'x')`:                            `1:19: event has no field colour; it has name, price, sku, source, time`,
		`country == "KR"`:                                              `1:1: there is no variable country; did you mean profile.country?`,
		`event.size() > 1`:                                             `1:1: there is no variable or function event; did you mean events?`,
		`percentil(profile.age) > 0.5`:                                 `1:10: there is no variable or function percentil; did you mean percentile?`,
		`profile.country > 3`:                                          `1:17: > does not go with string and integer`,
		`profile.country == null`:                                      `1:17: there is no null; has(x.field) tells whether a value is there, and orElse(x, default) stands in for a missing one`,
		`profile.age.contains("x")`:                                    `1:21: contains does not take (integer, string)`,
		`profile.country`:                                              `1:1: the condition is a string; it has to be boolean, such as a comparison`,
		`events`:                                                       `1:1: list(event) is not a single value; take a field of it, or a function such as size, exists or sum`,
		`events.latest()`:                                              `1:14: event is not a single value; take a field of it, or a function such as size, exists or sum`,
		`profile.country.exists(x, true)`:                              `1:8: exists, all, filter, map, sum and the like work on lists, and this is a string`,
		`events.exists(e, e.sku)`:                                      `1:19: a boolean is needed here, and this is a string`,
		`events.exists(e, transactions.exists(t, t.amount > 3))`:       `1:18: transactions can't be looked through for each element of events; make one of the two a Trait and name its attribute`,
		`events.exists(e, percentile(profile.age) > 0.5)`:              `1:28: percentile compares profiles; it can't be asked of each element of events`,
		`percentile(percentile(profile.age)) > 0.5`:                    `1:11: percentile of a percentile; make the inner one a Trait and name its attribute`,
		`profile.country.matches("[")`:                                 "1:24: matches: error parsing regexp: missing closing ]: `[`",
		`profile.country.matches(profile.tier)`:                        `1:32: tier can't be used: tier and Tier differ only in case; give one of them another name`,
		`profile.country.matches(profile.country)`:                     `1:24: matches takes a constant, such as matches('^A[0-9]+$')`,
		`profile.country.matches("(((a{1,30}){1,30}){1,30})")`:         `1:24: matches: error parsing regexp: invalid repeat count: ` + "`{1,30}`",
		`profile.country.matches("(\\pL\\pN\\pS){60}")`:                `1:24: matches: the regular expression is too large; use fewer or smaller repetitions`,
		`profile.mixed == "x"`:                                         `1:8: mixed can't be used: it is a string in one source and an integer in crm; give one of them another name`,
		`timestamp("yesterday") < now`:                                 `1:10: timestamp("yesterday"): write it as 2026-01-31T15:04:05Z, 2026-01-31T15:04:05 or 2026-01-31`,
		`timestamp(profile.country) < now`:                             `1:10: timestamp takes a constant, such as timestamp('2026-01-31T00:00:00Z')`,
		`now - days(4000000) < now`:                                    `1:11: days(4000000): more than ten thousand years`,
		`now - days(3600000) < now`:                                    `1:5: the instant is not in the years 1 to 9999`,
		`profile.since.getHours("Seoul") == 1`:                         `1:23: getHours: "Seoul" is not a time zone; give an IANA name such as Asia/Seoul`,
		`[1, 2.5].size() == 2`:                                         `1:5: an integer is needed here, and this is a double`,
		`[1, 2].sum() == 3`:                                            `1:11: sum works on events and transactions, not on a list of constants`,
		`[1, 2].map(x, x + 1).size() == 2`:                             `1:11: a list of constants can only be looked through with in, exists, all and size`,
		`events.map(e, [e.sku]).size() == 1`:                           `1:15: list(string) is not a single value; take a field of it, or a function such as size, exists or sum`,
		`{"a": 1}.size() == 1`:                                         `1:14: size does not take (map(string, integer))`,
		`{"a": 1} == {"a": 1}`:                                         `1:10: == does not go with map(string and integer) and map(string and integer)`,
		`inSegment(profile.country)`:                                   `1:10: inSegment takes the name of a Segment as a constant, such as inSegment('high-value')`,
		`b"x" == b"x"`:                                                 `1:6: == does not go with bytes and bytes`,
		`"\x00" == profile.country`:                                    `1:1: a string can't hold the character NUL`,
		`decimal("1.23456") > 1`:                                       `1:8: decimal("1.23456"): not a number with at most 14 digits before the point and 4 after it`,
		strings.Repeat("1+", 120) + `1 > 0`:                            `: the expression is more than 50 levels deep; make a part of it a Trait`,
		strings.Repeat("1+", 2000) + `1 > 0`:                           `1:1: the expression is too deep; make a part of it a Trait`,
		`[` + deep + `].exists(x, true) && ` + nested(5) + ` == 1`:     `more than 4 ternaries stand in each other's conditions; use && and ||, or a Trait`,
		listOf(200) + `.exists(x, ` + listOf(200) + `.all(y, x != y))`: `the expression has more than 20000 parts; make a part of it a Trait`,
		"profile.country == '\xff'":                                    `1:1: the expression is not UTF-8 text`,
	} {
		_, err := c.Condition(expression)
		if err == nil {
			t.Errorf("%.80s is taken", expression)
		} else if !strings.Contains(err.Error(), want) || !fault.Is(err, fault.InvalidExpression) {
			t.Errorf("%.80s\n  gives %s: %v\n  want %s", expression, fault.ClassOf(err), err, want)
		}
	}
}

// nested ternaries in each other's conditions.
func nested(n int) string {
	if n == 0 {
		return "profile.vip"
	}
	last := "true : false"
	if n == 5 {
		last = "1 : 2"
	}
	return fmt.Sprintf("(%s ? %s)", nested(n-1), last)
}

func listOf(n int) string {
	var items []string
	for i := range n {
		items = append(items, fmt.Sprint(i))
	}
	return "[" + strings.Join(items, ",") + "]"
}

func TestSyntaxErrorHasPosition(t *testing.T) {
	_, err := compiler(t).Condition("profile.age >\n  > 3")
	if err == nil || !strings.HasPrefix(err.Error(), "2:3: Syntax error") {
		t.Error(err)
	}
}

func TestUnknownSegment(t *testing.T) {
	_, err := compiler(t).Condition(`true && inSegment("high-valu")`)
	if !fault.Is(err, fault.ReferenceNotFound) || err.Error() != `1:19: there is no Segment "high-valu" in this identity space; did you mean high-value?` {
		t.Error(fault.ClassOf(err), err)
	}
}

func TestUnknownTimeZone(t *testing.T) {
	for _, zone := range []string{"Asia/Soul", "Local", "posix/Asia/Seoul", "localtime"} {
		if _, err := New(schema(), Options{TimeZone: zone}); !fault.Is(err, fault.InvalidManifest) {
			t.Errorf("%s: %v", zone, err)
		}
	}
}

// Expressions that ask the same of a list share its aggregates, however they put it.
func TestAggregatesAreShared(t *testing.T) {
	c := compiler(t)
	names := func(expression string) []string {
		out, err := c.Value(expression)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, a := range out.Aggregates {
			names = append(names, a.Name)
		}
		return names
	}
	one := names(`events.filter(e, e.sku == "a").size() > 3`)
	for _, other := range []string{`events.exists(x, x.sku == "a")`, `"a" in events.map(e, e.sku) ? 1 : events.filter(e, e.sku == "a").size()`} {
		if !slices.Contains(names(other), one[0]) {
			t.Errorf("%s shares nothing", other)
		}
	}
	if got := names(`transactions.sum(t, t.quantity) + transactions.sum(t, t.quantity)`); len(got) != 3 {
		t.Errorf("got %d aggregates, want a sum and two counts", len(got))
	}
	if slices.Contains(names(`transactions.filter(t, t.source == "a").size()`), one[0]) || slices.Contains(names(`events.filter(e, e.sku == "b").size()`), one[0]) {
		t.Error("different aggregates have one name")
	}
}

func TestReferences(t *testing.T) {
	out, err := compiler(t).Condition(`profile.age > 3 && events.exists(e, e.sku == profile.country && inSegment("high-value")) && percentile(profile.age) > 0.5 && has(events.latest().price)`)
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(out.Profile, out.Segments, out.Elements, len(out.Windows), " "+out.Aggregates[0].From()+"/"+out.Aggregates[1].From())
	if want := "[age country] [high-value] map[events:[@key @source @time price sku]] 1 events_p/events"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCompileProfile(t *testing.T) {
	expr, typ, err := CompileProfile(schema(), `string(rank) + "/" + orElse(profile.country, "?")`, Options{Now: now, Rank: true})
	if err != nil || typ != sqlgen.String {
		t.Fatal(typ, err)
	}
	if got := sqlgen.Render(sqlgen.DuckDB, expr); got != `((CAST("p"."rank" AS VARCHAR) || '/') || coalesce("p"."country", '?'))` {
		t.Error(got)
	}
	for _, expression := range []string{`events.size()`, `inSegment("high-value")`, `percentile(profile.age)`} {
		if _, _, err := CompileProfile(schema(), expression, Options{}); !fault.Is(err, fault.InvalidExpression) {
			t.Errorf("%s: %v", expression, err)
		}
	}
	if _, _, err := CompileProfile(schema(), `rank`, Options{}); !fault.Is(err, fault.InvalidExpression) {
		t.Errorf("rank without a rank: %v", err)
	}
	s := schema()
	s.Profile = append(s.Profile, Attr{Name: "rank", Type: sqlgen.Integer})
	if _, _, err := CompileProfile(s, `profile.rank + rank`, Options{Rank: true}); !fault.Is(err, fault.InvalidExpression) {
		t.Errorf("an attribute rank beside the rank: %v", err)
	}
}
