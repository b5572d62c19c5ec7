package lang

import (
	"strconv"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// exact is a constant double as the decimal that was meant: 0.1 beside money is a tenth. ok is false for anything else.
func exact(v value) (_ value, ok bool) {
	f, ok := v.constant.(float64)
	if !ok {
		return value{}, false
	}
	return decimalConstant(strconv.FormatFloat(f, 'f', -1, 64))
}

// decimalConstant is text such as -12.5 as a decimal(18,4); ok is false if it needs more digits.
func decimalConstant(text string) (_ value, ok bool) {
	unsigned := strings.TrimPrefix(text, "-")
	whole, fraction, _ := strings.Cut(unsigned, ".")
	if len(whole) > 14 || len(fraction) > 4 || whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return value{}, false
	}
	n := sqlgen.Number(text)
	return value{typ: decimalType, sql: sqlgen.Lit(n), constant: n, never: true}, true
}

// convert makes v a value of type to, which is v's own or a wider kind of number.
func convert(v value, to *cel.Type) value {
	switch {
	case v.typ == to:
		return v
	case to == cel.DoubleType:
		return toDouble(v)
	case to == decimalType:
		if d, ok := exact(v); ok {
			return d
		}
		return value{typ: decimalType, sql: sqlgen.TryCast(v.sql, sqlgen.Decimal)}
	default:
		return v
	}
}

// Texts that are numbers; the engine's own conversions accept more, differently for each type.
const (
	integerText = `^[+-]?[0-9]+$`
	decimalText = `^[+-]?[0-9]+(\.[0-9]+)?$`
	doubleText  = `^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`
)

// parse is the text as a number, missing if it does not have the form: the extract of a text without it is empty, which is no number.
func parse(form string, to sqlgen.Type) func(...sqlgen.Expr) sqlgen.Expr {
	return func(a ...sqlgen.Expr) sqlgen.Expr {
		return sqlgen.TryCast(sqlgen.Call("regexp_extract", a[0], sqlgen.Lit(form)), to)
	}
}

func conversions() []overload {
	same := func(t *cel.Type) builder { return total(t, func(a ...sqlgen.Expr) sqlgen.Expr { return a[0] }) }
	whole := partial(cel.IntType, func(a ...sqlgen.Expr) sqlgen.Expr {
		return sqlgen.TryCast(sqlgen.Call("trunc", a[0]), sqlgen.Integer)
	})
	widen := func(to *cel.Type) builder {
		return func(_ *compilation, _ ast.Expr, v []value) (value, error) { return convert(v[0], to), nil }
	}
	out := []overload{
		{fn: "int", args: of(cel.IntType), build: same(cel.IntType)},
		{fn: "int", args: of(decimalType), build: whole},
		{fn: "int", args: of(cel.DoubleType), build: whole},
		{fn: "int", args: of(cel.StringType), build: partial(cel.IntType, parse(integerText, sqlgen.Integer))},
		{fn: "double", args: of(cel.IntType), build: widen(cel.DoubleType)},
		{fn: "double", args: of(decimalType), build: widen(cel.DoubleType)},
		{fn: "double", args: of(cel.DoubleType), build: same(cel.DoubleType)},
		{fn: "double", args: of(cel.StringType), build: partial(cel.DoubleType, parse(doubleText, sqlgen.Double))},
		{fn: "decimal", args: of(cel.IntType), build: widen(decimalType)},
		{fn: "decimal", args: of(decimalType), build: same(decimalType)},
		{fn: "decimal", args: of(cel.DoubleType), build: widen(decimalType)},
		{fn: "decimal", args: of(cel.StringType), build: decimalOfText},
	}
	results := map[string]*cel.Type{"int": cel.IntType, "double": cel.DoubleType, "decimal": decimalType}
	for i, o := range out {
		out[i].result = results[o.fn]
		out[i].id = o.fn + "_of_" + name(o.args[0])
	}
	return append(out, texts()...)
}

func decimalOfText(c *compilation, e ast.Expr, v []value) (value, error) {
	text, ok := v[0].constant.(string)
	if !ok {
		return partial(decimalType, parse(decimalText, sqlgen.Decimal))(c, e, v)
	}
	if d, ok := decimalConstant(text); ok {
		return d, nil
	}
	return value{}, c.errorf(e, "decimal(%q): not a number with at most 14 digits before the point and 4 after it", text)
}

// texts are the texts of values: numbers without needless zeros, instants in UTC as RFC 3339 to the second.
func texts() []overload {
	plain := func(a ...sqlgen.Expr) sqlgen.Expr { return sqlgen.Cast(a[0], sqlgen.String) }
	text := map[*cel.Type]func(...sqlgen.Expr) sqlgen.Expr{
		cel.StringType: func(a ...sqlgen.Expr) sqlgen.Expr { return a[0] },
		cel.BoolType:   plain, cel.IntType: plain, cel.DoubleType: plain, dateType: plain,
		decimalType: func(a ...sqlgen.Expr) sqlgen.Expr {
			return sqlgen.Call("rtrim", sqlgen.Call("rtrim", plain(a...), sqlgen.Lit("0")), sqlgen.Lit("."))
		},
	}
	instant := func(a ...sqlgen.Expr) sqlgen.Expr {
		return sqlgen.Call("strftime", local(a[0], time.UTC), sqlgen.Lit("%Y-%m-%dT%H:%M:%SZ"))
	}
	out := []overload{{fn: "string", id: "string_of_timestamp", args: of(cel.TimestampType), result: cel.StringType, build: partial(cel.StringType, instant)}}
	for t, f := range text {
		out = append(out, overload{fn: "string", id: "string_of_" + name(t), args: of(t), result: cel.StringType, build: total(cel.StringType, f)})
	}
	return out
}

// defaults is orElse, as a function and as a member, of each type and of different kinds of numbers.
func defaults() []overload {
	var out []overload
	pairs(scalars, func(l, r *cel.Type, id string) {
		result := widest(l, r)
		build := func(_ *compilation, _ ast.Expr, v []value) (value, error) {
			a, b := convert(v[0], result), convert(v[1], result)
			return value{typ: result, sql: sqlgen.Call("coalesce", a.sql, b.sql), never: a.never || b.never}, nil
		}
		out = append(out,
			overload{fn: "orElse", id: "or_else_" + id, args: of(l, r), result: result, build: build},
			overload{fn: "orElse", id: "member_or_else_" + id, member: true, args: of(l, r), result: result, build: build})
	})
	return out
}
