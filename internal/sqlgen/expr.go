package sqlgen

import "strings"

// Expr is a scalar SQL expression.
type Expr interface {
	render(d Dialect, b *strings.Builder)
}

// Render writes e in dialect d.
func Render(d Dialect, e Expr) string {
	var b strings.Builder
	e.render(d, &b)
	return b.String()
}

type column struct{ name Ident }

func (c column) render(d Dialect, b *strings.Builder) { b.WriteString(d.Ident(c.name)) }

// Col is a reference to a column: Col("e", "sku").
func Col(parts ...string) Expr { return column{Name(parts...)} }

type literal struct{ value any }

func (l literal) render(d Dialect, b *strings.Builder) { b.WriteString(d.Literal(l.value)) }

// Lit is a constant: nil, bool, string, int64, float64, Number, time.Time, time.Duration or a list of strings.
func Lit(v any) Expr { return literal{v} }

type binary struct {
	op   string
	l, r Expr
}

func (x binary) render(d Dialect, b *strings.Builder) {
	b.WriteByte('(')
	x.l.render(d, b)
	b.WriteString(" " + x.op + " ")
	x.r.render(d, b)
	b.WriteByte(')')
}

// Op is an infix operator of SQL: AND, OR, =, <>, <, <=, >, >=, +, -, *, /, IN, IS NOT DISTINCT FROM.
func Op(op string, l, r Expr) Expr { return binary{op, l, r} }

// And is the conjunction of conditions; of none, TRUE.
func And(xs ...Expr) Expr { return fold("AND", Lit(true), xs) }

// Or is the disjunction of conditions; of none, FALSE.
func Or(xs ...Expr) Expr { return fold("OR", Lit(false), xs) }

// fold keeps the tree low: engines bound how deep an expression may be.
func fold(op string, empty Expr, xs []Expr) Expr {
	switch len(xs) {
	case 0:
		return empty
	case 1:
		return xs[0]
	}
	half := len(xs) / 2
	return Op(op, fold(op, empty, xs[:half]), fold(op, empty, xs[half:]))
}

type suffix struct {
	x    Expr
	text string
}

func (s suffix) render(d Dialect, b *strings.Builder) {
	b.WriteByte('(')
	s.x.render(d, b)
	b.WriteString(" " + s.text + ")")
}

// IsNull is x IS NULL.
func IsNull(x Expr) Expr { return suffix{x, "IS NULL"} }

// NotNull is x IS NOT NULL.
func NotNull(x Expr) Expr { return suffix{x, "IS NOT NULL"} }

// IsTrue is x IS TRUE: unknown becomes false.
func IsTrue(x Expr) Expr { return suffix{x, "IS TRUE"} }

type prefix struct {
	text string
	x    Expr
}

func (p prefix) render(d Dialect, b *strings.Builder) {
	b.WriteString("(" + p.text + " ")
	p.x.render(d, b)
	b.WriteByte(')')
}

// Not is NOT x, unknown where x is.
func Not(x Expr) Expr { return prefix{"NOT", x} }

// Neg is -x.
func Neg(x Expr) Expr { return prefix{"-", x} }

type call struct {
	fn   string
	args []Expr
}

func (c call) render(d Dialect, b *strings.Builder) {
	b.WriteString(d.Func(c.fn) + "(")
	for i, a := range c.args {
		if i > 0 {
			b.WriteString(", ")
		}
		a.render(d, b)
	}
	b.WriteByte(')')
}

// Call is a function of the engine by its DuckDB name; a Dialect maps the name.
func Call(fn string, args ...Expr) Expr { return call{fn, args} }

type aggregate struct {
	fn     string
	args   []Expr
	filter Expr
}

func (a aggregate) render(d Dialect, b *strings.Builder) {
	call{a.fn, a.args}.render(d, b)
	if a.filter != nil {
		b.WriteString(" FILTER (WHERE ")
		a.filter.render(d, b)
		b.WriteByte(')')
	}
}

// Agg is an aggregate over the rows for which filter is true; a nil filter takes every row.
func Agg(fn string, filter Expr, args ...Expr) Expr { return aggregate{fn, args, filter} }

type caseWhen struct {
	when, then, otherwise Expr
}

func (c caseWhen) render(d Dialect, b *strings.Builder) {
	b.WriteString("CASE WHEN ")
	c.when.render(d, b)
	b.WriteString(" THEN ")
	c.then.render(d, b)
	b.WriteString(" ELSE ")
	c.otherwise.render(d, b)
	b.WriteString(" END")
}

// If is CASE WHEN when THEN then ELSE otherwise END.
func If(when, then, otherwise Expr) Expr { return caseWhen{when, then, otherwise} }

type cast struct {
	fn string
	x  Expr
	to Type
}

func (c cast) render(d Dialect, b *strings.Builder) {
	b.WriteString(d.Func(c.fn) + "(")
	c.x.render(d, b)
	b.WriteString(" AS " + d.Type(c.to) + ")")
}

// Cast is CAST(x AS to).
func Cast(x Expr, to Type) Expr { return cast{"CAST", x, to} }

// TryCast is Cast, missing for a value that the type can't hold. The TRY around it keeps DuckDB 1.5 from comparing x itself
// with a constant, as if every cast between numbers could be undone.
func TryCast(x Expr, to Type) Expr { return Try(cast{"TRY_CAST", x, to}) }

// Try is x, missing where computing it fails: overflow, an instant out of range.
func Try(x Expr) Expr { return call{"TRY", []Expr{x}} }

type in struct {
	x    Expr
	list []Expr
}

func (i in) render(d Dialect, b *strings.Builder) {
	b.WriteByte('(')
	i.x.render(d, b)
	b.WriteString(" IN (")
	for n, e := range i.list {
		if n > 0 {
			b.WriteString(", ")
		}
		e.render(d, b)
	}
	b.WriteString("))")
}

// In is x IN (list): true if x equals one of them, else unknown if x or one of them is missing; of none, FALSE.
func In(x Expr, list ...Expr) Expr {
	if len(list) == 0 {
		return Lit(false)
	}
	return in{x, list}
}

type alias struct {
	x    Expr
	name string
}

func (a alias) render(d Dialect, b *strings.Builder) {
	a.x.render(d, b)
	b.WriteString(" AS " + d.Ident(Name(a.name)))
}

// As names a column of a result.
func As(x Expr, name string) Expr { return alias{x, name} }
