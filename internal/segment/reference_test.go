package segment

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strings"
	"time"
)

// This is a second evaluator of the language, written from the meanings in the documentation of package lang and from nothing of its code: a random
// expression is a text and a function that computes what the text means for one profile.

// decimal is a number of ten-thousandths.
type decimal struct{ n *big.Int }

// person is a profile and its elements in the reference; absent fields are missing.
type person struct {
	id     string
	known  bool
	fields map[string]any
	lists  map[string][]element
}

type element struct {
	source, key string
	time        any
	fields      map[string]any
}

// scope is what an expression can see: everyone, one person, and the element that a variable stands for.
type scope struct {
	all  []*person
	me   *person
	elem *element
}

type fn func(s scope) any

// expr is an expression; its type is the one it was asked for.
type expr struct {
	text string
	eval fn
}

type generator struct {
	r *rand.Rand
	// inside a list function there are no others.
	inside bool
}

var fieldNames = map[string]string{"string": "s", "integer": "i", "decimal": "d", "double": "f", "boolean": "b", "timestamp": "ts", "date": "dt"}

func (g *generator) pick(xs ...func() expr) expr { return xs[g.r.IntN(len(xs))]() }

// strict is a function that is missing where one of its arguments is.
func strict(f func(a ...any) any, args ...expr) fn {
	return func(s scope) any {
		values := make([]any, len(args))
		for i, a := range args {
			if values[i] = a.eval(s); values[i] == nil {
				return nil
			}
		}
		return f(values...)
	}
}

// of makes a random expression of a type.
func (g *generator) of(t string, depth int) expr {
	if depth <= 0 {
		return g.leaf(t)
	}
	d := depth - 1
	common := []func() expr{
		func() expr { return g.leaf(t) },
		func() expr {
			a, b := g.of(t, d), g.of(t, d)
			return expr{fmt.Sprintf("orElse(%s, %s)", a.text, b.text), func(s scope) any {
				if v := a.eval(s); v != nil {
					return v
				}
				return b.eval(s)
			}}
		},
		func() expr {
			c, a, b := g.of("boolean", d), g.of(t, d), g.of(t, d)
			return expr{fmt.Sprintf("(%s ? %s : %s)", c.text, a.text, b.text), func(s scope) any {
				switch c.eval(s) {
				case true:
					return a.eval(s)
				case false:
					return b.eval(s)
				}
				return nil
			}}
		},
	}
	if !g.inside && t != "duration" {
		common = append(common, func() expr { return g.aggregate(t, d) }, func() expr { return g.aggregate(t, d) })
	}
	own := map[string][]func() expr{
		"boolean":   {func() expr { return g.condition(d) }, func() expr { return g.condition(d) }, func() expr { return g.condition(d) }},
		"integer":   {func() expr { return g.integer(d) }, func() expr { return g.integer(d) }},
		"decimal":   {func() expr { return g.decimal(d) }, func() expr { return g.decimal(d) }},
		"double":    {func() expr { return g.double(d) }},
		"string":    {func() expr { return g.text(d) }},
		"timestamp": {func() expr { return g.instant(d) }},
		"date":      {func() expr { return g.date(d) }},
		"duration":  {func() expr { return g.duration(d) }},
	}
	return g.pick(append(common, own[t]...)...)
}

// leaf is a constant or a field.
func (g *generator) leaf(t string) expr {
	if name, ok := fieldNames[t]; ok && g.r.IntN(3) > 0 {
		if g.inside && g.r.IntN(3) > 0 {
			if t == "timestamp" && g.r.IntN(2) == 0 {
				return expr{"e.time", func(s scope) any { return s.elem.time }}
			}
			return expr{"e." + name, func(s scope) any { return s.elem.fields[name] }}
		}
		return expr{"profile." + name, func(s scope) any { return s.me.fields[name] }}
	}
	constant := func(text string, v any) expr { return expr{text, func(scope) any { return v }} }
	switch t {
	case "boolean":
		b := g.r.IntN(2) == 0
		return constant(fmt.Sprint(b), b)
	case "integer":
		n := int64(g.r.IntN(9) - 4)
		if g.r.IntN(12) == 0 {
			n = math.MaxInt64 - int64(g.r.IntN(3))
		}
		return constant(fmt.Sprint(n), n)
	case "decimal":
		n := int64(g.r.IntN(200000) - 100000)
		return constant(fmt.Sprintf("decimal(%q)", showDecimal(decimal{big.NewInt(n)})), decimal{big.NewInt(n)})
	case "double":
		f := float64(g.r.IntN(64)-32) / 8
		return constant(fmt.Sprintf("double(%q)", fmt.Sprintf("%.3f", f)), f)
	case "string":
		v := []string{"", "a", "ab", "B", "12", "-3", "é"}[g.r.IntN(7)]
		return constant(fmt.Sprintf("%q", v), v)
	case "timestamp":
		if g.r.IntN(3) == 0 {
			return constant("now", now)
		}
		v := now.Add(time.Duration(g.r.IntN(100000)-50000) * time.Minute)
		return constant(fmt.Sprintf("timestamp(%q)", v.Format(time.RFC3339)), v)
	case "date":
		v := time.Date(2026, time.Month(g.r.IntN(24)-12), g.r.IntN(28), 0, 0, 0, 0, time.UTC)
		return constant(fmt.Sprintf("date(%q)", v.Format(time.DateOnly)), day(v.Format(time.DateOnly)))
	default:
		n := g.r.IntN(60) - 30
		return constant(fmt.Sprintf("days(%d)", n), time.Duration(n)*24*time.Hour)
	}
}

// day is a date as its text, which sorts as dates do.
type day string

var comparable3 = []string{"integer", "decimal", "double", "string", "timestamp", "date", "duration"}

func (g *generator) condition(d int) expr {
	compare := func() expr {
		t := comparable3[g.r.IntN(len(comparable3))]
		a, b := g.of(t, d), g.of(t, d)
		if t == "integer" && g.r.IntN(2) == 0 {
			b = g.of("decimal", d)
		}
		op := []string{"==", "!=", "<", "<=", ">", ">="}[g.r.IntN(6)]
		return expr{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), strict(func(v ...any) any {
			c := order(v[0], v[1])
			return map[string]bool{"==": c == 0, "!=": c != 0, "<": c < 0, "<=": c <= 0, ">": c > 0, ">=": c >= 0}[op]
		}, a, b)}
	}
	three := func() expr {
		a, b := g.of("boolean", d), g.of("boolean", d)
		op, absorbing := "&&", false
		if g.r.IntN(2) == 0 {
			op, absorbing = "||", true
		}
		return expr{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), func(s scope) any {
			x, y := a.eval(s), b.eval(s)
			switch {
			case x == absorbing || y == absorbing:
				return absorbing
			case x == nil || y == nil:
				return nil
			}
			return !absorbing
		}}
	}
	not := func() expr {
		a := g.of("boolean", d)
		return expr{"!" + a.text, strict(func(v ...any) any { return !v[0].(bool) }, a)}
	}
	in := func() expr {
		t := []string{"integer", "string", "decimal"}[g.r.IntN(3)]
		x := g.of(t, d)
		var texts []string
		var items []expr
		for range g.r.IntN(4) {
			items = append(items, g.leaf(t))
			texts = append(texts, items[len(items)-1].text)
		}
		return expr{fmt.Sprintf("(%s in [%s])", x.text, strings.Join(texts, ", ")), func(s scope) any {
			v, unknown := x.eval(s), false
			for _, i := range items {
				w := i.eval(s)
				if v == nil || w == nil {
					unknown = true
				} else if order(v, w) == 0 {
					return true
				}
			}
			if unknown {
				return nil
			}
			return false
		}}
	}
	has := func() expr {
		a := g.leaf([]string{"integer", "string"}[g.r.IntN(2)])
		if !strings.Contains(a.text, ".") || strings.Contains(a.text, "\"") {
			return g.leaf("boolean")
		}
		return expr{"has(" + a.text + ")", func(s scope) any { return a.eval(s) != nil }}
	}
	strings3 := func() expr {
		a, b := g.of("string", d), g.of("string", d)
		m := []string{"contains", "startsWith", "endsWith"}[g.r.IntN(3)]
		f := map[string]func(a, b string) bool{"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix}[m]
		return expr{fmt.Sprintf("%s.%s(%s)", a.text, m, b.text), strict(func(v ...any) any { return f(v[0].(string), v[1].(string)) }, a, b)}
	}
	all := []func() expr{compare, compare, three, three, not, in, has, strings3}
	if !g.inside {
		all = append(all, func() expr { return g.quantifier(d) }, func() expr { return g.quantifier(d) }, func() expr { return g.percentile(d) },
			func() expr {
				return expr{`inSegment("positive")`, func(s scope) any { i, ok := s.me.fields["i"].(int64); return ok && i > 0 }}
			})
	}
	return g.pick(all...)
}

func (g *generator) percentile(d int) expr {
	x := g.of([]string{"integer", "decimal", "timestamp"}[g.r.IntN(3)], min(d, 1))
	limit := float64(g.r.IntN(4)) / 4
	if strings.Contains(x.text, "percentile") {
		return g.leaf("boolean")
	}
	return expr{fmt.Sprintf("(percentile(%s) > %g)", x.text, limit+0.01), func(s scope) any {
		mine := x.eval(s)
		if mine == nil || !s.me.known {
			return nil
		}
		below, n := 0, 0
		for _, p := range s.all {
			if v := x.eval(scope{all: s.all, me: p}); v != nil && p.known {
				n++
				if order(v, mine) < 0 {
					below++
				}
			}
		}
		if n == 1 {
			return 1.0 > limit+0.01
		}
		return float64(below)/float64(n-1) > limit+0.01
	}}
}

func (g *generator) integer(d int) expr {
	a, b := g.of("integer", d), g.of("integer", d)
	switch g.r.IntN(6) {
	case 0:
		s := g.of("string", d)
		return expr{s.text + ".size()", strict(func(v ...any) any { return int64(len([]rune(v[0].(string)))) }, s)}
	case 1:
		s := g.of("string", d)
		return expr{"int(" + s.text + ")", strict(func(v ...any) any {
			var n int64
			if _, err := fmt.Sscanf(v[0].(string)+"$", "%d$", &n); err != nil || v[0].(string) == "" {
				return nil
			}
			return n
		}, s)}
	case 2:
		x := g.of("timestamp", d)
		return expr{x.text + ".getDayOfYear()", strict(func(v ...any) any { return int64(v[0].(time.Time).In(seoul).YearDay() - 1) }, x)}
	default:
		op := []string{"+", "-", "*"}[g.r.IntN(3)]
		f := map[string]func(z, x, y *big.Int) *big.Int{"+": (*big.Int).Add, "-": (*big.Int).Sub, "*": (*big.Int).Mul}[op]
		return expr{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), strict(func(v ...any) any {
			return fitInt(f(new(big.Int), big.NewInt(v[0].(int64)), big.NewInt(v[1].(int64))))
		}, a, b)}
	}
}

var seoul = func() *time.Location {
	z, err := time.LoadLocation("Asia/Seoul")
	if err != nil {
		panic(err)
	}
	return z
}()

func (g *generator) decimal(d int) expr {
	kinds := []string{"decimal", "integer"}
	a, b := g.of("decimal", d), g.of(kinds[g.r.IntN(2)], d)
	op := []string{"+", "-", "*", "/"}[g.r.IntN(4)]
	whole := func(v any) *big.Int {
		if i, ok := v.(int64); ok {
			return scaled(i).n
		}
		return v.(decimal).n
	}
	return expr{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), strict(func(v ...any) any {
		x, y := whole(v[0]), whole(v[1])
		switch op {
		case "+":
			return fit(new(big.Int).Add(x, y))
		case "-":
			return fit(new(big.Int).Sub(x, y))
		case "*":
			return fit(roundHalfAway(new(big.Int).Mul(x, y)))
		}
		return fromFloat(float(v[0]) / float(v[1]))
	}, a, b)}
}

func (g *generator) double(d int) expr {
	a, b := g.of("double", d), g.of("double", d)
	op := []string{"+", "-"}[g.r.IntN(2)]
	return expr{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), strict(func(v ...any) any {
		if op == "+" {
			return v[0].(float64) + v[1].(float64)
		}
		return v[0].(float64) - v[1].(float64)
	}, a, b)}
}

func (g *generator) text(d int) expr {
	a, b := g.of("string", d), g.of("string", d)
	switch g.r.IntN(4) {
	case 0:
		return expr{a.text + ".lowerAscii()", strict(func(v ...any) any {
			return strings.Map(func(r rune) rune {
				if r >= 'A' && r <= 'Z' {
					return r + 'a' - 'A'
				}
				return r
			}, v[0].(string))
		}, a)}
	case 1:
		x := g.of("decimal", d)
		return expr{"string(" + x.text + ")", strict(func(v ...any) any { return showDecimal(v[0].(decimal)) }, x)}
	default:
		return expr{"(" + a.text + " + " + b.text + ")", strict(func(v ...any) any { return v[0].(string) + v[1].(string) }, a, b)}
	}
}

func (g *generator) instant(d int) expr {
	a, b := g.of("timestamp", d), g.of("duration", d)
	op, sign := "+", time.Duration(1)
	if g.r.IntN(2) == 0 {
		op, sign = "-", -1
	}
	return expr{fmt.Sprintf("(%s %s %s)", a.text, op, b.text), strict(func(v ...any) any { return v[0].(time.Time).Add(sign * v[1].(time.Duration)) }, a, b)}
}

func (g *generator) date(d int) expr {
	x := g.of("timestamp", d)
	return expr{"date(" + x.text + ")", strict(func(v ...any) any { return day(v[0].(time.Time).In(seoul).Format(time.DateOnly)) }, x)}
}

func (g *generator) duration(d int) expr {
	a, b := g.of("timestamp", d), g.of("timestamp", d)
	return expr{fmt.Sprintf("(%s - %s)", a.text, b.text), strict(func(v ...any) any { return v[0].(time.Time).Sub(v[1].(time.Time)) }, a, b)}
}
