package record

import (
	"fmt"
	"reflect"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"

	"github.com/kith-dev/kith/internal/fault"
)

// program is a compiled expression over `row`.
type program struct {
	what    string // what the expression is for, as messages name it
	run     cel.Program
	columns []string // every column that it names
	needs   []string // those of them that it does not only test with has()
	all     bool     // it uses `row` as a whole
}

// newEnv declares `row`: columns by name. A column without a value is absent, so that has(row.x) tells, and what compares it fails.
func newEnv() (*cel.Env, error) {
	env, err := cel.NewEnv(cel.Variable("row", cel.MapType(cel.StringType, cel.DynType)), ext.Strings(), cel.CrossTypeNumericComparisons(true))
	if err != nil {
		return nil, fault.New(fault.Internal, "make the expression environment: %w", err)
	}
	return env, nil
}

// compile checks an expression; want is the type it must have, or cel.DynType for any.
func compile(env *cel.Env, what, text string, want *cel.Type) (*program, error) {
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		e := issues.Errors()[0]
		return nil, fault.New(fault.InvalidExpression, "%s: line %d, column %d: %s", what, e.Location.Line(), e.Location.Column()+1, e.Message)
	}
	if out := checked.OutputType(); !want.IsExactType(cel.DynType) && !out.IsExactType(cel.DynType) && !out.IsExactType(want) {
		return nil, fault.New(fault.InvalidExpression, "%s: line 1, column 1: the expression is of type %s and must be of type %s", what, out, want)
	}
	run, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, fault.New(fault.InvalidExpression, "%s: line 1, column 1: %w", what, err)
	}
	p := &program{what: what, run: run}
	p.references(checked.NativeRep().Expr())
	return p, nil
}

// references finds the columns that an expression names.
func (p *program) references(root ast.Expr) {
	named := 0
	name := func(column string, needed bool) {
		named++
		if !slices.Contains(p.columns, column) {
			p.columns = append(p.columns, column)
		}
		if needed && !slices.Contains(p.needs, column) {
			p.needs = append(p.needs, column)
		}
	}
	idents := 0
	ast.PostOrderVisit(root, ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			if e.AsIdent() == "row" {
				idents++
			}
		case ast.SelectKind:
			if s := e.AsSelect(); isRow(s.Operand()) {
				name(s.FieldName(), !s.IsTestOnly())
			}
		case ast.CallKind:
			c := e.AsCall()
			if c.FunctionName() != operators.Index || !isRow(c.Args()[0]) || c.Args()[1].Kind() != ast.LiteralKind {
				return
			}
			if column, ok := c.Args()[1].AsLiteral().Value().(string); ok {
				name(column, true)
			}
		}
	}))
	p.all = idents > named
}

func isRow(e ast.Expr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == "row" }

// rowVars is the activation of an expression: the columns of one row that have a value.
type rowVars struct{ row map[string]any }

// ResolveName implements cel.Activation.
func (v *rowVars) ResolveName(name string) (any, bool) {
	if name == "row" {
		return v.row, true
	}
	return nil, false
}

// Parent implements cel.Activation.
func (v *rowVars) Parent() cel.Activation { return nil }

// verdict is what a condition says of a row.
type verdict int

const (
	holds verdict = iota
	broken
	missing   // a column that it needs has no value
	undecided // it failed, although every column that it needs has one
)

func (p *program) test(vars *rowVars) verdict {
	out, _, err := p.run.Eval(vars)
	if err == nil {
		if b, ok := out.(types.Bool); ok {
			if b {
				return holds
			}
			return broken
		}
		return undecided
	}
	for _, c := range p.needs {
		if _, ok := vars.row[c]; !ok {
			return missing
		}
	}
	return undecided
}

var anyType = reflect.TypeFor[any]()

// value is the result as a value of a Row; nil where the expression fails.
func (p *program) value(vars *rowVars) any {
	out, _, err := p.run.Eval(vars)
	if err != nil {
		return nil
	}
	switch x := out.(type) {
	case types.String:
		return string(x)
	case types.Int:
		return int64(x)
	case types.Double:
		return float64(x)
	case types.Bool:
		return bool(x)
	case types.Timestamp:
		return x.Time
	case types.Null:
		return nil
	}
	native, err := out.ConvertToNative(anyType)
	if err != nil {
		return nil
	}
	return fmt.Sprint(native)
}
