package lang

import (
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// microseconds is the constant of a duration. Durations are whole microseconds as integers, which compare and calculate exactly.
type microseconds int64

const (
	hour microseconds = 3600 * 1000 * 1000
	day               = 24 * hour
	// longest is the longest constant duration, in either direction: ten thousand years.
	longest = 10000 * 366 * day
)

func instantConstant(t time.Time) value {
	return value{typ: cel.TimestampType, sql: sqlgen.Lit(t.UTC()), constant: t.UTC(), never: true}
}

func durationConstant(d microseconds) value {
	return value{typ: cel.DurationType, sql: sqlgen.Cast(sqlgen.Lit(int64(d)), sqlgen.Integer), constant: d, never: true}
}

// local is the instant x as the clock of a zone shows it, or the instant at which the clock shows x.
func local(x sqlgen.Expr, zone *time.Location) sqlgen.Expr {
	return sqlgen.Try(sqlgen.Call("timezone", sqlgen.Lit(zone.String()), x))
}

// instants are the functions of timestamps, dates and durations.
func instants() []overload {
	ts, d := cel.TimestampType, cel.DurationType
	out := []overload{
		{fn: "timestamp", id: "timestamp_of_string", args: of(cel.StringType), result: ts, build: timestampOfText},
		{fn: "timestamp", id: "timestamp_of_date", args: of(dateType), result: ts, build: timestampOfDate},
		{fn: "date", id: "date_of_string", args: of(cel.StringType), result: dateType, build: dateOfText},
		{fn: "date", id: "date_of_timestamp", args: of(ts), result: dateType, build: dateOfTimestamp},
		{fn: "duration", id: "duration_of_string", args: of(cel.StringType), result: d, build: durationOfText},
		{fn: "days", id: "days", args: of(cel.IntType), result: d, build: durationOf("days", day)},
		{fn: "hours", id: "hours", args: of(cel.IntType), result: d, build: durationOf("hours", hour)},
		{fn: operators.Add, id: "add_timestamp_duration", args: of(ts, d), result: ts, build: shift(1)},
		{fn: operators.Add, id: "add_duration_timestamp", args: of(d, ts), result: ts,
			build: func(c *compilation, e ast.Expr, v []value) (value, error) { return shift(1)(c, e, []value{v[1], v[0]}) }},
		{fn: operators.Subtract, id: "subtract_timestamp_duration", args: of(ts, d), result: ts, build: shift(-1)},
		{fn: operators.Subtract, id: "subtract_timestamp_timestamp", args: of(ts, ts), result: d, build: partial(d, between)},
		{fn: operators.Add, id: "add_duration_duration", args: of(d, d), result: d, build: partial(d, try("+"))},
		{fn: operators.Subtract, id: "subtract_duration_duration", args: of(d, d), result: d, build: partial(d, try("-"))},
	}
	return append(out, accessors()...)
}

func try(op string) func(...sqlgen.Expr) sqlgen.Expr {
	return func(a ...sqlgen.Expr) sqlgen.Expr { return sqlgen.Try(sqlgen.Op(op, a[0], a[1])) }
}

func between(a ...sqlgen.Expr) sqlgen.Expr {
	return sqlgen.Try(sqlgen.Op("-", sqlgen.Call("epoch_us", a[0]), sqlgen.Call("epoch_us", a[1])))
}

// layouts of a constant instant; those without an offset are of the Workspace's time zone.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly}

func timestampOfText(c *compilation, e ast.Expr, v []value) (value, error) {
	text, ok := v[0].constant.(string)
	if !ok {
		return value{}, c.errorf(e, "timestamp takes a constant, such as timestamp('2026-01-31T00:00:00Z')")
	}
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, c.zone); err == nil {
			return c.instant(e, t)
		}
	}
	return value{}, c.errorf(e, "timestamp(%q): write it as 2026-01-31T15:04:05Z, 2026-01-31T15:04:05 or 2026-01-31", text)
}

func (c *compilation) instant(e ast.Expr, t time.Time) (value, error) {
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return value{}, c.errorf(e, "the instant is not in the years 1 to 9999")
	}
	return instantConstant(t.Truncate(time.Microsecond)), nil
}

func timestampOfDate(c *compilation, _ ast.Expr, v []value) (value, error) {
	midnight := sqlgen.Call("make_timestamp", sqlgen.Call("epoch_us", v[0].sql))
	return value{typ: cel.TimestampType, sql: local(midnight, c.zone)}, nil
}

func dateOfText(c *compilation, e ast.Expr, v []value) (value, error) {
	text, ok := v[0].constant.(string)
	if !ok {
		return value{}, c.errorf(e, "date takes a constant or a timestamp, such as date('2026-01-31')")
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		return value{}, c.errorf(e, "date(%q): write it as 2026-01-31", text)
	}
	return value{typ: dateType, sql: sqlgen.Cast(sqlgen.Lit(text), sqlgen.Date), constant: text, never: true}, nil
}

func dateOfTimestamp(c *compilation, _ ast.Expr, v []value) (value, error) {
	return value{typ: dateType, sql: sqlgen.Cast(local(v[0].sql, c.zone), sqlgen.Date)}, nil
}

func durationOfText(c *compilation, e ast.Expr, v []value) (value, error) {
	text, ok := v[0].constant.(string)
	if !ok {
		return value{}, c.errorf(e, "duration takes a constant, such as duration('36h')")
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return value{}, c.errorf(e, "duration(%q): write it as 36h, 15m or 1h30m; for days there is days(30)", text)
	}
	return durationConstant(microseconds(d.Microseconds())), nil
}

func durationOf(fn string, unit microseconds) builder {
	return func(c *compilation, e ast.Expr, v []value) (value, error) {
		n, ok := v[0].constant.(int64)
		if !ok {
			unitSQL := durationConstant(unit).sql
			return value{typ: cel.DurationType, sql: sqlgen.Try(sqlgen.Op("*", v[0].sql, unitSQL))}, nil
		}
		if n > int64(longest/unit) || n < -int64(longest/unit) {
			return value{}, c.errorf(e, "%s(%d): more than ten thousand years", fn, n)
		}
		return durationConstant(microseconds(n) * unit), nil
	}
}

// shift moves an instant by a duration. Constants are calculated here, so that the engine compares a column with one instant.
func shift(sign int64) builder {
	return func(c *compilation, e ast.Expr, v []value) (value, error) {
		t, constant := v[0].constant.(time.Time)
		d, known := v[1].constant.(microseconds)
		if constant && known {
			us := sign * int64(d)
			return c.instant(e, time.UnixMicro(t.UnixMicro()+us))
		}
		by := v[1].sql
		if sign < 0 {
			by = sqlgen.Neg(by)
		}
		return value{typ: cel.TimestampType, sql: sqlgen.Try(sqlgen.Op("+", v[0].sql, sqlgen.Call("to_microseconds", by)))}, nil
	}
}

// accessors are the parts of an instant on the clock and calendar of the Workspace's time zone or the one given, those of a
// date, and the length of a duration in whole units. Months, days of the month and of the year count from 0, as in all of CEL; getDate from 1.
func accessors() []overload {
	less1 := func(fn string) func(sqlgen.Expr) sqlgen.Expr {
		return func(x sqlgen.Expr) sqlgen.Expr { return sqlgen.Op("-", sqlgen.Call(fn, x), integer(1)) }
	}
	plain := func(fn string) func(sqlgen.Expr) sqlgen.Expr {
		return func(x sqlgen.Expr) sqlgen.Expr { return sqlgen.Call(fn, x) }
	}
	calendar := map[string]func(sqlgen.Expr) sqlgen.Expr{
		"getFullYear": plain("year"), "getMonth": less1("month"), "getDate": plain("day"), "getDayOfMonth": less1("day"),
		"getDayOfWeek": plain("dayofweek"), "getDayOfYear": less1("dayofyear"),
	}
	clock := map[string]func(sqlgen.Expr) sqlgen.Expr{
		"getHours": plain("hour"), "getMinutes": plain("minute"), "getSeconds": plain("second"),
		"getMilliseconds": func(x sqlgen.Expr) sqlgen.Expr { return sqlgen.Op("%", sqlgen.Call("millisecond", x), integer(1000)) },
	}
	units := map[string]microseconds{"getHours": hour, "getMinutes": hour / 60, "getSeconds": hour / 3600, "getMilliseconds": 1000}
	var out []overload
	ofInstant := func(fn string, part func(sqlgen.Expr) sqlgen.Expr) {
		build := func(c *compilation, e ast.Expr, v []value) (value, error) {
			zone := c.zone
			if len(v) == 2 {
				name, ok := v[1].constant.(string)
				if !ok {
					return value{}, c.errorf(e, "%s takes a constant time zone, such as 'Asia/Seoul'", fn)
				}
				var err error
				if zone, err = location(name); err != nil {
					return value{}, c.errorf(e, "%s: %v", fn, err)
				}
			}
			return value{typ: cel.IntType, sql: part(local(v[0].sql, zone))}, nil
		}
		out = append(out,
			overload{fn: fn, id: fn, member: true, args: of(cel.TimestampType), result: cel.IntType, build: build},
			overload{fn: fn, id: fn + "_zone", member: true, args: of(cel.TimestampType, cel.StringType), result: cel.IntType, build: build})
	}
	for fn, part := range calendar {
		ofInstant(fn, part)
		out = append(out, overload{fn: fn, id: fn + "_date", member: true, args: of(dateType), result: cel.IntType,
			build: total(cel.IntType, func(a ...sqlgen.Expr) sqlgen.Expr { return part(a[0]) })})
	}
	for fn, part := range clock {
		ofInstant(fn, part)
		unit := durationConstant(units[fn]).sql
		out = append(out, overload{fn: fn, id: fn + "_duration", member: true, args: of(cel.DurationType), result: cel.IntType,
			build: total(cel.IntType, func(a ...sqlgen.Expr) sqlgen.Expr { return sqlgen.Op("//", a[0], unit) })})
	}
	return out
}

// integer is a constant of the type that integers have in the engine; a bare small literal would calculate in 32 bits.
func integer(n int64) sqlgen.Expr { return sqlgen.Cast(sqlgen.Lit(n), sqlgen.Integer) }
