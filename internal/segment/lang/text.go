package lang

import (
	"regexp/syntax"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// text are the functions of strings.
func text() []overload {
	length := total(cel.IntType, call("length"))
	lower := total(cel.StringType, func(a ...sqlgen.Expr) sqlgen.Expr {
		return sqlgen.Call("translate", a[0], sqlgen.Lit("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), sqlgen.Lit("abcdefghijklmnopqrstuvwxyz"))
	})
	out := []overload{
		{fn: "size", id: "size_string", args: of(cel.StringType), result: cel.IntType, build: length},
		{fn: "size", id: "string_size", member: true, args: of(cel.StringType), result: cel.IntType, build: length},
		{fn: "lowerAscii", id: "lower_ascii", member: true, args: of(cel.StringType), result: cel.StringType, build: lower},
		{fn: "matches", id: "matches", member: true, args: of(cel.StringType, cel.StringType), result: cel.BoolType, build: matches},
	}
	for fn, engine := range map[string]string{"contains": "contains", "startsWith": "starts_with", "endsWith": "ends_with"} {
		out = append(out, overload{fn: fn, id: fn, member: true, args: of(cel.StringType, cel.StringType), result: cel.BoolType,
			build: total(cel.BoolType, call(engine))})
	}
	return out
}

// maxRegexp bounds the compiled size of a regular expression, so that the engine's RE2 accepts whatever Go's does.
const maxRegexp = 20000

// matches writes the regular expression anew from what Go understood of it, so that no difference between the dialects of Go and of the
// engine's RE2 is left to be found by a run.
func matches(c *compilation, e ast.Expr, v []value) (value, error) {
	pattern, ok := v[1].constant.(string)
	if !ok {
		return value{}, c.errorf(e, "matches takes a constant, such as matches('^A[0-9]+$')")
	}
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return value{}, c.errorf(e, "matches: %v", err)
	}
	canonical := parsed.String()
	prog, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return value{}, c.errorf(e, "matches: %v", err)
	}
	size := 0
	for _, inst := range prog.Inst {
		size += 1 + len(inst.Rune)
	}
	if size > maxRegexp {
		return value{}, c.errorf(e, "matches: the regular expression is too large; use fewer or smaller repetitions")
	}
	return value{typ: cel.BoolType, sql: sqlgen.Call("regexp_matches", v[0].sql, sqlgen.Lit(canonical)), never: v[0].never}, nil
}
