package lang

import (
	"maps"
	"slices"
	"unicode/utf8"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// compilation is the compiling of one expression.
type compilation struct {
	*Compiler
	ast    *ast.AST
	errors errorTexts
	out    *Compiled
	// vars are the loop variables in scope.
	vars map[string]value
	// inside is the list whose elements are being looked at; aggregates and windows make no sense there.
	inside List
	// correlated is set where something inside a list is of the profile.
	correlated bool
	// conditions is how many ternaries' conditions this is inside of: each doubles the SQL.
	conditions int
	// depth of the expression here, and work: how many parts have been compiled, those of unrolled loops each time.
	depth, work int

	aggregates, windows, profile, segments map[string]bool
	elements                               map[List]map[string]bool
}

func (c *Compiler) compile(expr string) (*Compiled, error) {
	if !utf8.ValidString(expr) {
		return nil, fault.New(fault.InvalidExpression, "1:1: the expression is not UTF-8 text")
	}
	texts := errorTexts{c}
	c.types.missed = nil
	checked, issues := c.env.Compile(expr)
	if issues.Err() != nil {
		return nil, texts.ofIssues(issues)
	}
	s := &compilation{
		Compiler: c, ast: checked.NativeRep(), errors: texts, out: &Compiled{}, vars: map[string]value{},
		aggregates: map[string]bool{}, windows: map[string]bool{}, profile: map[string]bool{}, segments: map[string]bool{},
		elements: map[List]map[string]bool{Events: {}, Transactions: {}},
	}
	root := s.ast.Expr()
	v, err := s.scalar(root)
	if err != nil {
		return nil, err
	}
	t, ok := columnType(v.typ)
	if !ok {
		return nil, s.errorf(root, "the result is %s; it has to be a string, number, boolean, date or timestamp", article(typeText(v.typ)))
	}
	s.out.Type, s.out.Value = t, v.sql
	s.out.Profile, s.out.Segments = slices.Sorted(maps.Keys(s.profile)), slices.Sorted(maps.Keys(s.segments))
	s.out.Elements = map[List][]string{}
	for l, columns := range s.elements {
		if len(columns) > 0 {
			s.out.Elements[l] = slices.Sorted(maps.Keys(columns))
		}
	}
	return s.out, nil
}

// scalar compiles an expression that must be a single value.
func (c *compilation) scalar(e ast.Expr) (value, error) {
	v, err := c.expr(e)
	if err != nil {
		return value{}, err
	}
	if v.sql == nil {
		return value{}, c.errorf(e, "%s is not a single value; take a field of it, or a function such as size, exists or sum", typeText(c.ast.GetType(e.ID())))
	}
	return v, nil
}

// Bounds that keep the SQL within what the engine takes, and the checking of any expression within milliseconds.
const (
	maxDepth      = 50
	maxWork       = 20000
	maxConditions = 4 // ternaries in each other's conditions, which each double the SQL
)

func (c *compilation) expr(e ast.Expr) (value, error) {
	c.depth, c.work = c.depth+1, c.work+1
	defer func() { c.depth-- }()
	if c.depth > maxDepth {
		return value{}, c.errorf(e, "the expression is more than %d levels deep; make a part of it a Trait", maxDepth)
	}
	if c.work > maxWork {
		return value{}, c.errorf(e, "the expression has more than %d parts; make a part of it a Trait", maxWork)
	}
	switch e.Kind() {
	case ast.LiteralKind:
		return c.literal(e)
	case ast.IdentKind:
		return c.ident(e)
	case ast.SelectKind:
		return c.selection(e)
	case ast.CallKind:
		return c.call(e)
	case ast.ListKind:
		return c.constantList(e)
	case ast.ComprehensionKind:
		return c.comprehension(e)
	default:
		return value{}, c.errorf(e, "maps and objects can't be made in an expression")
	}
}

func (c *compilation) literal(e ast.Expr) (value, error) {
	switch x := e.AsLiteral().(type) {
	case types.Bool:
		return value{typ: cel.BoolType, sql: sqlgen.Lit(bool(x)), constant: bool(x), never: true}, nil
	case types.Int:
		return value{typ: cel.IntType, sql: integer(int64(x)), constant: int64(x), never: true}, nil
	case types.Double:
		return value{typ: cel.DoubleType, sql: sqlgen.Lit(float64(x)), constant: float64(x), never: true}, nil
	case types.String:
		for _, r := range string(x) {
			if r == 0 {
				return value{}, c.errorf(e, "a string can't hold the character NUL")
			}
		}
		return value{typ: cel.StringType, sql: sqlgen.Lit(string(x)), constant: string(x), never: true}, nil
	default:
		return value{}, c.errorf(e, "a constant of type %s can't be used; write strings, integers, decimals and true or false", typeText(c.ast.GetType(e.ID())))
	}
}

func (c *compilation) ident(e ast.Expr) (value, error) {
	name := e.AsIdent()
	if v, ok := c.vars[name]; ok {
		return v, nil
	}
	switch name {
	case "now":
		return instantConstant(c.now), nil
	case "rank":
		c.ofProfile()
		return value{typ: cel.IntType, sql: sqlgen.Col("p", "rank")}, nil
	case "events", "transactions":
		if c.inside != "" {
			return value{}, c.errorf(e, "%s can't be looked through for each element of %s; make one of the two a Trait and name its attribute", name, c.inside)
		}
		l := &list{source: List(name)}
		l.item = value{typ: c.ast.GetType(e.ID()).Parameters()[0], row: &row{list: l}}
		return value{typ: c.ast.GetType(e.ID()), list: l}, nil
	default:
		return value{typ: profileType}, nil
	}
}

// ofProfile notes that what follows is of the profile.
func (c *compilation) ofProfile() { c.correlated = true }

func (c *compilation) selection(e ast.Expr) (value, error) {
	s := e.AsSelect()
	operand, err := c.expr(s.Operand())
	if err != nil {
		return value{}, err
	}
	f, ok := c.types.objects[operand.typ.TypeName()][s.FieldName()]
	if !ok {
		return value{}, c.errorf(e, "%s is not an object with fields", typeText(operand.typ))
	}
	if f.Conflict != "" {
		return value{}, c.errorf(e, "%s can't be used: %s; give one of them another name", f.Name, f.Conflict)
	}
	v := value{typ: celTypes[f.Type], never: f.never}
	switch r := operand.row; {
	case r == nil:
		c.ofProfile()
		if f.Name != "known" {
			c.profile[f.Name] = true
		}
		v.sql = sqlgen.Col("p", f.column)
	case r.latest:
		c.elements[r.list.source][f.column] = true
		v = c.latest(r.list, value{typ: v.typ, sql: sqlgen.Col("e", f.column)})
	default:
		c.elements[r.list.source][f.column] = true
		v.sql = sqlgen.Col("e", f.column)
	}
	if s.IsTestOnly() {
		return value{typ: cel.BoolType, sql: sqlgen.NotNull(v.sql), never: true}, nil
	}
	return v, nil
}

func (c *compilation) call(e ast.Expr) (value, error) {
	call := e.AsCall()
	args := call.Args()
	if call.IsMemberFunction() {
		args = append([]ast.Expr{call.Target()}, args...)
	}
	ids := c.ast.GetOverloadIDs(e.ID())
	if len(ids) == 1 && overloads[ids[0]].build != nil {
		return c.build(e, overloads[ids[0]], args)
	}
	switch call.FunctionName() {
	case operators.Conditional:
		return c.conditional(e, args)
	case operators.In:
		return c.in(args[0], args[1])
	case "inSegment":
		return c.inSegment(e, args[0])
	case "percentile":
		return c.percentile(e, args[0])
	case "size", "sum", "avg", "min", "max", "latest":
		return c.overList(e, call.FunctionName(), args[0])
	case operators.Add:
		return value{}, c.errorf(e, "lists can't be added to each other")
	default:
		return value{}, c.errorf(e, "the type of what %s is applied to is not known", functionText(call.FunctionName()))
	}
}

func (c *compilation) build(e ast.Expr, o overload, args []ast.Expr) (value, error) {
	values := make([]value, len(args))
	for i, a := range args {
		var err error
		if values[i], err = c.scalar(a); err != nil {
			return value{}, err
		}
	}
	return o.build(c, e, values)
}

func (c *compilation) conditional(e ast.Expr, args []ast.Expr) (value, error) {
	if c.conditions++; c.conditions > maxConditions {
		return value{}, c.errorf(e, "more than %d ternaries stand in each other's conditions; use && and ||, or a Trait", maxConditions)
	}
	when, err := c.scalar(args[0])
	if err != nil {
		return value{}, err
	}
	c.conditions--
	then, err := c.scalar(args[1])
	if err != nil {
		return value{}, err
	}
	otherwise, err := c.scalar(args[2])
	if err != nil {
		return value{}, err
	}
	t := widest(then.typ, otherwise.typ)
	then, otherwise = convert(then, t), convert(otherwise, t)
	if !when.never {
		missing := value{sql: sqlgen.Lit(nil)}
		otherwise = value{sql: sqlgen.If(sqlgen.Not(when.sql), otherwise.sql, missing.sql)}
	}
	return value{typ: t, sql: sqlgen.If(when.sql, then.sql, otherwise.sql), never: then.never && otherwise.never}, nil
}

func (c *compilation) inSegment(e, arg ast.Expr) (value, error) {
	v, err := c.scalar(arg)
	if err != nil {
		return value{}, err
	}
	name, ok := v.constant.(string)
	if !ok {
		return value{}, c.errorf(e, "inSegment takes the name of a Segment as a constant, such as inSegment('high-value')")
	}
	if !slices.Contains(c.schema.Segments, name) {
		return value{}, fault.New(fault.ReferenceNotFound, "%s there is no Segment %q in this identity space%s",
			c.position(arg), name, hint(nearest(name, c.schema.Segments)))
	}
	c.ofProfile()
	c.segments[name] = true
	return value{typ: cel.BoolType, sql: sqlgen.Col("p", SegmentColumn(name)), never: true}, nil
}

func (c *compilation) percentile(e, arg ast.Expr) (value, error) {
	if c.inside != "" {
		return value{}, c.errorf(e, "percentile compares profiles; it can't be asked of each element of %s", c.inside)
	}
	before := len(c.out.Windows)
	v, err := c.scalar(arg)
	if err != nil {
		return value{}, err
	}
	if len(c.out.Windows) > before {
		return value{}, c.errorf(e, "percentile of a percentile; make the inner one a Trait and name its attribute")
	}
	w := Window{Name: digest("percentile", v.sql), Value: v.sql}
	if !c.windows[w.Name] {
		c.windows[w.Name] = true
		c.out.Windows = append(c.out.Windows, w)
	}
	return value{typ: cel.DoubleType, sql: sqlgen.Col("w", w.Name)}, nil
}

func (c *compilation) position(e ast.Expr) string {
	at := c.ast.SourceInfo().GetStartLocation(e.ID())
	return positionText(at.Line(), at.Column())
}

func (c *compilation) errorf(e ast.Expr, format string, args ...any) error {
	return fault.New(fault.InvalidExpression, c.position(e)+" "+format, args...)
}
