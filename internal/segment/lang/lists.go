package lang

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// list is a list of elements being filtered and mapped, or of constants.
type list struct {
	source List
	// filter are the conditions, never missing, that an element of the source meets.
	filter []sqlgen.Expr
	// item is what an element was mapped to; at first its row.
	item value
	// correlated with the profile, by filter or item.
	correlated bool
	// constants of a list that was written out; its source is empty.
	constants []value
}

// row is an element: the one that is being looked at or, with latest, the latest of its list.
type row struct {
	list   *list
	latest bool
}

func (c *compilation) constantList(e ast.Expr) (value, error) {
	l := &list{}
	for _, x := range e.AsList().Elements() {
		v, err := c.scalar(x)
		if err != nil {
			return value{}, err
		}
		l.constants = append(l.constants, v)
	}
	return value{typ: c.ast.GetType(e.ID()), list: l}, nil
}

// listOf compiles an expression that must be a list.
func (c *compilation) listOf(e ast.Expr) (*list, error) {
	v, err := c.expr(e)
	if err != nil {
		return nil, err
	}
	if v.list == nil {
		return nil, c.errorf(e, "%s is not a list", typeText(v.typ))
	}
	return v.list, nil
}

// comprehension is what the macros exists, all, filter and map expand to; the step of the loop tells them apart.
func (c *compilation) comprehension(e ast.Expr) (value, error) {
	loop := e.AsComprehension()
	l, err := c.listOf(loop.IterRange())
	if err != nil {
		return value{}, err
	}
	step := loop.LoopStep().AsCall()
	switch step.FunctionName() {
	case operators.LogicalOr:
		return c.quantifier(l, loop.IterVar(), step.Args()[1], true)
	case operators.LogicalAnd:
		return c.quantifier(l, loop.IterVar(), step.Args()[1], false)
	}
	if l.source == "" {
		return value{}, c.errorf(e, "a list of constants can only be looked through with in, exists, all and size")
	}
	add := step
	out := *l
	if step.FunctionName() == operators.Conditional {
		keep, err := c.body(&out, loop.IterVar(), step.Args()[0])
		if err != nil {
			return value{}, err
		}
		out.filter = append(slices.Clip(out.filter), isTrue(keep).sql)
		add = step.Args()[1].AsCall()
	}
	item := add.Args()[1].AsList().Elements()[0]
	if item.Kind() == ast.IdentKind && item.AsIdent() == loop.IterVar() {
		return value{typ: c.ast.GetType(e.ID()), list: &out}, nil
	}
	if out.item, err = c.body(&out, loop.IterVar(), item); err != nil {
		return value{}, err
	}
	return value{typ: c.ast.GetType(e.ID()), list: &out}, nil
}

// body compiles what a loop does with each element, for which its variable stands.
func (c *compilation) body(l *list, variable string, e ast.Expr) (value, error) {
	outer, inside, correlated := c.vars[variable], c.inside, c.correlated
	c.vars[variable], c.inside, c.correlated = l.item, l.source, false
	v, err := c.scalar(e)
	l.correlated = l.correlated || c.correlated
	c.inside, c.correlated = inside, correlated
	if c.vars[variable] = outer; outer.typ == nil {
		delete(c.vars, variable)
	}
	return v, err
}

// quantifier is exists (some) or all: counts of the elements for which the condition is or is not true.
func (c *compilation) quantifier(l *list, variable string, condition ast.Expr, some bool) (value, error) {
	if l.source == "" {
		return c.unroll(l, variable, condition, some)
	}
	counted := *l
	v, err := c.body(&counted, variable, condition)
	if err != nil {
		return value{}, err
	}
	v, op := isTrue(v), ">"
	if !some {
		v, op = not(v), "="
	}
	counted.filter = append(slices.Clip(counted.filter), v.sql)
	return value{typ: cel.BoolType, sql: sqlgen.Op(op, c.count(&counted), integer(0)), never: true}, nil
}

// unroll is a quantifier over constants.
func (c *compilation) unroll(l *list, variable string, condition ast.Expr, some bool) (value, error) {
	outer, shadowed := c.vars[variable]
	out := value{typ: cel.BoolType, sql: sqlgen.Lit(!some), never: true}
	var each []sqlgen.Expr
	for _, x := range l.constants {
		c.vars[variable] = x
		v, err := c.scalar(condition)
		if err != nil {
			return value{}, err
		}
		each = append(each, isTrue(v).sql)
	}
	if delete(c.vars, variable); shadowed {
		c.vars[variable] = outer
	}
	if some {
		out.sql = sqlgen.Or(each...)
	} else {
		out.sql = sqlgen.And(each...)
	}
	return out, nil
}

// in is x in list. Of elements it is the same as exists(e, e == x), and as little unknown.
func (c *compilation) in(x, of ast.Expr) (value, error) {
	l, err := c.listOf(of)
	if err != nil {
		return value{}, err
	}
	if l.source == "" {
		v, err := c.scalar(x)
		if err != nil {
			return value{}, err
		}
		return inConstants(v, l.constants), nil
	}
	if l.item.sql == nil {
		return value{}, c.errorf(of, "elements can't be compared as a whole; compare a field, such as x in %s.map(e, e.source)", l.source)
	}
	counted := *l
	v, err := c.body(&counted, "", x)
	if err != nil {
		return value{}, err
	}
	counted.filter = append(slices.Clip(counted.filter), isTrue(compare("=", v, l.item)).sql)
	return value{typ: cel.BoolType, sql: sqlgen.Op(">", c.count(&counted), integer(0)), never: true}, nil
}

func inConstants(v value, constants []value) value {
	out := value{typ: cel.BoolType, never: v.never || len(constants) == 0}
	list := make([]sqlgen.Expr, len(constants))
	for i, k := range constants {
		a, b := alike(v, k)
		if a.typ != v.typ {
			// One that no decimal can hold makes the whole comparison one of doubles.
			v = a
		}
		list[i] = b.sql
		out.never = out.never && k.never
	}
	out.sql = sqlgen.In(v.sql, list...)
	return out
}

// overList compiles the functions that make a single value of a list.
func (c *compilation) overList(e ast.Expr, fn string, arg ast.Expr) (value, error) {
	l, err := c.listOf(arg)
	if err != nil {
		return value{}, err
	}
	if l.source == "" {
		if fn == "size" {
			return value{typ: cel.IntType, sql: integer(int64(len(l.constants))), never: true}, nil
		}
		return value{}, c.errorf(e, "%s works on events and transactions, not on a list of constants", fn)
	}
	switch fn {
	case "size":
		return value{typ: cel.IntType, sql: c.count(l), never: true}, nil
	case "latest":
		if l.item.row != nil {
			return value{typ: l.item.typ, row: &row{list: l, latest: true}}, nil
		}
		return c.latest(l, l.item), nil
	case "sum":
		return c.sum(l), nil
	case "avg":
		return c.avg(l), nil
	default:
		return c.unlessMissing(l, value{typ: l.item.typ, sql: c.aggregate(l, fn, nil, l.item.sql)}), nil
	}
}

// aggregate adds fn(args) over a list to what is computed once per profile, and is its column.
func (c *compilation) aggregate(l *list, fn string, extra []sqlgen.Expr, args ...sqlgen.Expr) sqlgen.Expr {
	var filter sqlgen.Expr
	if all := append(slices.Clip(l.filter), extra...); len(all) > 0 {
		filter = sqlgen.And(all...)
	}
	a := Aggregate{List: l.source, Value: sqlgen.Agg(fn, filter, args...), Correlated: l.correlated}
	a.Name = digest(a.From(), a.Value)
	if !c.aggregates[a.Name] {
		c.aggregates[a.Name] = true
		c.out.Aggregates = append(c.out.Aggregates, a)
	}
	return sqlgen.Col(a.From(), a.Name)
}

// digest names an expression by what it computes.
func digest(kind string, e sqlgen.Expr) string {
	sum := sha256.Sum256([]byte(kind + " " + sqlgen.Render(sqlgen.DuckDB, e)))
	return hex.EncodeToString(sum[:12])
}

// count of elements; a profile without any has no row in the aggregates.
func (c *compilation) count(l *list) sqlgen.Expr {
	return sqlgen.Call("coalesce", c.aggregate(l, "count", nil, sqlgen.Lit(int64(1))), integer(0))
}

// terms is the number of elements whose item is there.
func (c *compilation) terms(l *list) sqlgen.Expr {
	if l.item.never {
		return c.count(l)
	}
	return sqlgen.Call("coalesce", c.aggregate(l, "count", nil, l.item.sql), integer(0))
}

// unlessMissing is v, missing where one of the items is.
func (c *compilation) unlessMissing(l *list, v value) value {
	if l.item.never {
		return v
	}
	return value{typ: v.typ, sql: sqlgen.If(sqlgen.Op("=", c.count(l), c.terms(l)), v.sql, sqlgen.Lit(nil))}
}

// total of the items, in a type wider than theirs; missing if there are none.
func (c *compilation) total(l *list) sqlgen.Expr {
	fn := "sum"
	if l.item.typ == cel.DoubleType {
		fn = "fsum" // compensated, because the order of elements is not fixed
	}
	return c.aggregate(l, fn, nil, l.item.sql)
}

func (c *compilation) sum(l *list) value {
	t, _ := columnType(l.item.typ)
	zero := sqlgen.Cast(sqlgen.Lit(int64(0)), t)
	v := value{typ: l.item.typ, sql: sqlgen.If(sqlgen.Op("=", c.terms(l), integer(0)), zero, sqlgen.TryCast(c.total(l), t))}
	return c.unlessMissing(l, v)
}

func (c *compilation) avg(l *list) value {
	mean := sqlgen.Op("/", sqlgen.Cast(c.total(l), sqlgen.Double), sqlgen.Cast(c.terms(l), sqlgen.Double))
	if l.item.typ == cel.DoubleType {
		return c.unlessMissing(l, value{typ: cel.DoubleType, sql: mean})
	}
	return c.unlessMissing(l, value{typ: decimalType, sql: sqlgen.TryCast(mean, sqlgen.Decimal)})
}

// latest is an item of the element with the greatest time.
func (c *compilation) latest(l *list, item value) value {
	at := sqlgen.Col("e", ElementTime)
	for _, column := range []string{ElementTime, ElementSource, ElementKey} {
		c.elements[l.source][column] = true
	}
	order := sqlgen.Call("row", at, sqlgen.Col("e", ElementSource), sqlgen.Col("e", ElementKey))
	return value{typ: item.typ, sql: c.aggregate(l, "arg_max_null", []sqlgen.Expr{sqlgen.NotNull(at)}, item.sql, order)}
}
