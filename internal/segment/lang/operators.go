package lang

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// value is a compiled expression.
type value struct {
	typ *cel.Type
	sql sqlgen.Expr
	// constant is the Go value of a literal: bool, int64, float64, string, time.Time, time.Duration or sqlgen.Number.
	constant any
	// never missing.
	never bool
	// list, of a value that is one.
	list *list
	// row of a list that is being iterated over, or the latest of one.
	row *row
}

func and(l, r value) value {
	return value{typ: cel.BoolType, sql: sqlgen.And(l.sql, r.sql), never: l.never && r.never}
}

func or(l, r value) value {
	return value{typ: cel.BoolType, sql: sqlgen.Or(l.sql, r.sql), never: l.never && r.never}
}

func not(v value) value {
	return value{typ: cel.BoolType, sql: sqlgen.Not(v.sql), never: v.never}
}

// isTrue is v with unknown counted as false.
func isTrue(v value) value {
	if v.never {
		return v
	}
	return value{typ: cel.BoolType, sql: sqlgen.IsTrue(v.sql), never: true}
}

// total is a function that has a result for all values.
func total(result *cel.Type, f func(args ...sqlgen.Expr) sqlgen.Expr) builder {
	return func(_ *compilation, _ ast.Expr, v []value) (value, error) {
		out := value{typ: result, never: true}
		args := make([]sqlgen.Expr, len(v))
		for i, a := range v {
			args[i] = a.sql
			out.never = out.never && a.never
		}
		out.sql = f(args...)
		return out, nil
	}
}

// partial is a function that can be missing for values that are there.
func partial(result *cel.Type, f func(args ...sqlgen.Expr) sqlgen.Expr) builder {
	build := total(result, f)
	return func(c *compilation, e ast.Expr, v []value) (value, error) {
		out, err := build(c, e, v)
		out.never = false
		return out, err
	}
}

// call is a total or partial function of the engine.
func call(fn string) func(args ...sqlgen.Expr) sqlgen.Expr {
	return func(args ...sqlgen.Expr) sqlgen.Expr { return sqlgen.Call(fn, args...) }
}

var comparators = map[string]string{
	operators.Equals: "=", operators.NotEquals: "<>", operators.Less: "<", operators.LessEquals: "<=",
	operators.Greater: ">", operators.GreaterEquals: ">=",
}

func comparisons() []overload {
	var out []overload
	for fn, op := range comparators {
		types := ordered
		if fn == operators.Equals || fn == operators.NotEquals {
			types = scalars
		}
		pairs(types, func(l, r *cel.Type, id string) {
			out = append(out, overload{fn: fn, id: fn + id, args: of(l, r), result: cel.BoolType,
				build: func(_ *compilation, _ ast.Expr, v []value) (value, error) { return compare(op, v[0], v[1]), nil }})
		})
	}
	return out
}

func compare(op string, l, r value) value {
	l, r = alike(l, r)
	return value{typ: cel.BoolType, sql: sqlgen.Op(op, l.sql, r.sql), never: l.never && r.never}
}

// alike gives both sides types that compare exactly where that is possible: a double beside a decimal makes both doubles unless it is
// a constant that a decimal holds.
func alike(l, r value) (value, value) {
	switch {
	case l.typ == decimalType && r.typ == cel.DoubleType:
		if d, ok := exact(r); ok {
			return l, d
		}
		return toDouble(l), r
	case l.typ == cel.DoubleType && r.typ == decimalType:
		r, l = alike(r, l)
		return l, r
	case l.typ == cel.DoubleType || r.typ == cel.DoubleType:
		return toDouble(l), toDouble(r)
	default:
		return l, r
	}
}

func toDouble(v value) value {
	if v.typ == cel.IntType || v.typ == decimalType {
		return value{typ: cel.DoubleType, sql: sqlgen.Cast(v.sql, sqlgen.Double), never: v.never}
	}
	return v
}

func arithmetic() []overload {
	var out []overload
	for fn, op := range map[string]string{operators.Add: "+", operators.Subtract: "-", operators.Multiply: "*", operators.Divide: "/"} {
		pairs(numbers, func(l, r *cel.Type, id string) {
			result := widest(l, r)
			if op == "/" {
				result = decimalType
			}
			out = append(out, overload{fn: fn, id: fn + id, args: of(l, r), result: result,
				build: func(_ *compilation, _ ast.Expr, v []value) (value, error) { return calculate(op, v[0], v[1]), nil }})
		})
	}
	for _, t := range numbers {
		build := partial(t, func(a ...sqlgen.Expr) sqlgen.Expr { return sqlgen.Try(sqlgen.Neg(a[0])) })
		out = append(out, overload{fn: operators.Negate, id: "negate_" + name(t), args: of(t), result: t, build: build})
	}
	out = append(out,
		overload{fn: operators.Modulo, id: "modulo", args: of(cel.IntType, cel.IntType), result: cel.IntType,
			build: partial(cel.IntType, func(a ...sqlgen.Expr) sqlgen.Expr { return sqlgen.Try(sqlgen.Op("%", a[0], a[1])) })},
		overload{fn: operators.Add, id: "concatenate", args: of(cel.StringType, cel.StringType), result: cel.StringType,
			build: total(cel.StringType, func(a ...sqlgen.Expr) sqlgen.Expr { return sqlgen.Op("||", a[0], a[1]) })})
	return out
}

// calculate never fails: what does not fit the result's type is missing.
func calculate(op string, l, r value) value {
	out := value{typ: widest(l.typ, r.typ)}
	switch {
	case op == "/":
		// Division by zero is infinite or not a number, neither of which is a decimal.
		out.typ = decimalType
		out.sql = sqlgen.TryCast(sqlgen.Op(op, toDouble(l).sql, toDouble(r).sql), sqlgen.Decimal)
		return out
	case out.typ == cel.DoubleType:
		out.sql, out.never = sqlgen.Op(op, toDouble(l).sql, toDouble(r).sql), l.never && r.never
		return out
	case out.typ == cel.IntType:
		out.sql = sqlgen.Try(sqlgen.Op(op, l.sql, r.sql))
		return out
	}
	if d, ok := exact(l); ok {
		l = d
	}
	if d, ok := exact(r); ok {
		r = d
	}
	if l.typ == cel.DoubleType || r.typ == cel.DoubleType {
		out.sql = sqlgen.TryCast(sqlgen.Op(op, toDouble(l).sql, toDouble(r).sql), sqlgen.Decimal)
		return out
	}
	left := l.sql
	if op == "*" && l.typ == r.typ {
		// The engine multiplies two narrow decimals into a narrow one with eight decimals, which ten thousand millions overflow.
		left = sqlgen.Cast(left, sqlgen.WideDecimal)
	}
	out.sql = sqlgen.TryCast(sqlgen.Try(sqlgen.Op(op, left, r.sql)), sqlgen.Decimal)
	return out
}
