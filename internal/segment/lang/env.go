package lang

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/parser"

	"github.com/kith-dev/kith/internal/fault"
)

// overload is one signature of a function or operator and what it compiles to. A nil build means that the compiler knows
// the function by name, because it works on lists.
type overload struct {
	fn     string
	id     string
	member bool
	args   []*cel.Type
	result *cel.Type
	build  builder
}

// builder makes the SQL of a call from that of its arguments, a member's receiver first.
type builder func(c *compilation, call ast.Expr, args []value) (value, error)

// overloads of every function, by id. The checker is told of these and the compiler builds with these, so that what the one lets pass
// the other can do.
var overloads = func() map[string]overload {
	out := map[string]overload{}
	for _, family := range [][]overload{logic(), comparisons(), arithmetic(), conversions(), text(), instants(), defaults(), lists()} {
		for _, o := range family {
			out[o.id] = o
		}
	}
	return out
}()

// scalars are the types of single values.
var scalars = []*cel.Type{cel.BoolType, cel.IntType, decimalType, cel.DoubleType, cel.StringType, cel.TimestampType, dateType, cel.DurationType}

// numbers are the types of calculation.
var numbers = []*cel.Type{cel.IntType, decimalType, cel.DoubleType}

// ordered are the types of which one value can be less than another.
var ordered = []*cel.Type{cel.IntType, decimalType, cel.DoubleType, cel.StringType, cel.TimestampType, dateType, cel.DurationType}

// stored are the types that a field can have and that have an order.
var stored = []*cel.Type{cel.IntType, decimalType, cel.DoubleType, cel.StringType, cel.TimestampType, dateType}

// baseEnv has everything but variables and types; it is made once.
var baseEnv = sync.OnceValues(func() (*cel.Env, error) {
	opts := []cel.EnvOption{
		cel.Macros(
			parser.HasMacro, parser.AllMacro, parser.ExistsMacro, parser.MapMacro, parser.MapFilterMacro, parser.FilterMacro,
			over("sum"), over("avg"), over("min"), over("max"), over("latest"),
		),
		cel.EnableHiddenAccumulatorName(true), cel.EnableIdentifierEscapeSyntax(), cel.HomogeneousAggregateLiterals(),
		cel.ParserRecursionLimit(150),
	}
	for _, o := range overloads {
		declare := cel.Overload
		if o.member {
			declare = cel.MemberOverload
		}
		opts = append(opts, cel.Function(o.fn, declare(o.id, o.args, o.result)))
	}
	env, err := cel.NewCustomEnv(opts...)
	if err != nil {
		return nil, fault.New(fault.Internal, "declare the expression language: %w", err)
	}
	return env, nil
})

// over makes list.fn(x, body) mean list.map(x, body).fn().
func over(fn string) cel.Macro {
	return parser.NewReceiverMacro(fn, 2, func(h parser.ExprHelper, target ast.Expr, args []ast.Expr) (ast.Expr, *common.Error) {
		mapped, err := parser.MakeMap(h, target, args)
		if err != nil {
			return nil, err
		}
		return h.NewMemberCall(fn, mapped), nil
	})
}

func logic() []overload {
	list := cel.ListType(cel.TypeParamType("A"))
	both := func(f func(l, r value) value) builder {
		return func(_ *compilation, _ ast.Expr, v []value) (value, error) { return f(v[0], v[1]), nil }
	}
	out := []overload{
		{fn: operators.LogicalAnd, id: "and", args: of(cel.BoolType, cel.BoolType), result: cel.BoolType, build: both(and)},
		{fn: operators.LogicalOr, id: "or", args: of(cel.BoolType, cel.BoolType), result: cel.BoolType, build: both(or)},
		{fn: operators.LogicalNot, id: "not", args: of(cel.BoolType), result: cel.BoolType,
			build: func(_ *compilation, _ ast.Expr, v []value) (value, error) { return not(v[0]), nil }},
		// The expansion of exists and all needs this; the compiler never meets it.
		{fn: operators.NotStrictlyFalse, id: "not_strictly_false", args: of(cel.BoolType), result: cel.BoolType},
		{fn: operators.Conditional, id: "conditional_list", args: of(cel.BoolType, list, list), result: list},
	}
	pairs(scalars, func(l, r *cel.Type, id string) {
		out = append(out, overload{fn: operators.Conditional, id: "conditional_" + id, args: of(cel.BoolType, l, r), result: widest(l, r)})
	})
	return out
}

// lists are the functions over lists; lists.go compiles them.
func lists() []overload {
	a := cel.TypeParamType("A")
	list := cel.ListType(a)
	out := []overload{
		{fn: "size", id: "size_list", args: of(list), result: cel.IntType},
		{fn: "size", id: "list_size", member: true, args: of(list), result: cel.IntType},
		{fn: "latest", id: "list_latest", member: true, args: of(list), result: a},
		// The expansion of map and filter needs this.
		{fn: operators.Add, id: "add_list", args: of(list, list), result: list},
		{fn: "inSegment", id: "in_segment", args: of(cel.StringType), result: cel.BoolType},
	}
	for _, t := range numbers {
		avg := decimalType
		if t == cel.DoubleType {
			avg = t
		}
		out = append(out,
			overload{fn: "sum", id: "sum_" + name(t), member: true, args: of(cel.ListType(t)), result: t},
			overload{fn: "avg", id: "avg_" + name(t), member: true, args: of(cel.ListType(t)), result: avg})
	}
	pairs(scalars, func(l, r *cel.Type, id string) {
		out = append(out, overload{fn: operators.In, id: "in_" + id, args: of(l, cel.ListType(r)), result: cel.BoolType})
	})
	for _, t := range stored {
		out = append(out,
			overload{fn: "min", id: "min_" + name(t), member: true, args: of(cel.ListType(t)), result: t},
			overload{fn: "max", id: "max_" + name(t), member: true, args: of(cel.ListType(t)), result: t})
		if t != cel.StringType {
			out = append(out, overload{fn: "percentile", id: "percentile_" + name(t), args: of(t), result: cel.DoubleType})
		}
	}
	return out
}

func of(t ...*cel.Type) []*cel.Type { return t }

// name of a type in the id of an overload.
func name(t *cel.Type) string {
	switch t {
	case cel.TimestampType:
		return "timestamp"
	case cel.DurationType:
		return "duration"
	default:
		return t.TypeName()
	}
}

// pairs are the types that go together: each of types with itself, and numbers of different kinds.
func pairs(types []*cel.Type, each func(l, r *cel.Type, id string)) {
	for _, t := range types {
		each(t, t, name(t)+"_"+name(t))
	}
	for _, l := range numbers {
		for _, r := range numbers {
			if l != r {
				each(l, r, name(l)+"_"+name(r))
			}
		}
	}
}

// widest is the type of a calculation with l and r: decimal if one of them is, else double if one of them is.
func widest(l, r *cel.Type) *cel.Type {
	switch {
	case l == r:
		return l
	case l == decimalType || r == decimalType:
		return decimalType
	default:
		return cel.DoubleType
	}
}
