package segment

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// pipeline is a list with filters: its text and the elements it keeps.
func (g *generator) pipeline(d int) (string, func(s scope) []element) {
	name := []string{"events", "transactions"}[g.r.IntN(2)]
	text := name
	keep := func(s scope) []element { return s.me.lists[name] }
	for range g.r.IntN(3) {
		c, before := g.within("boolean", d), keep
		text += fmt.Sprintf(".filter(e, %s)", c.text)
		keep = func(s scope) []element {
			var out []element
			for _, e := range before(s) {
				if c.eval(scope{all: s.all, me: s.me, elem: &e}) == true {
					out = append(out, e)
				}
			}
			return out
		}
	}
	return text, keep
}

func (g *generator) within(t string, d int) expr {
	g.inside = true
	defer func() { g.inside = false }()
	return g.of(t, min(d, 2))
}

func (g *generator) quantifier(d int) expr {
	list, keep := g.pipeline(d)
	c := g.within("boolean", d)
	fn := []string{"exists", "all"}[g.r.IntN(2)]
	return expr{fmt.Sprintf("%s.%s(e, %s)", list, fn, c.text), func(s scope) any {
		for _, e := range keep(s) {
			if (c.eval(scope{all: s.all, me: s.me, elem: &e}) == true) == (fn == "exists") {
				return fn == "exists"
			}
		}
		return fn == "all"
	}}
}

// aggregate is a function over a list with a result of type t.
func (g *generator) aggregate(t string, d int) expr {
	list, keep := g.pipeline(d)
	x := g.within(t, d)
	items := func(s scope) (values []any, missing bool) {
		for _, e := range keep(s) {
			v := x.eval(scope{all: s.all, me: s.me, elem: &e})
			values, missing = append(values, v), missing || v == nil
		}
		return values, missing
	}
	fns := []string{"latest"}
	switch t {
	case "integer":
		fns = append(fns, "size", "sum", "min", "max")
	case "decimal":
		fns = append(fns, "sum", "avg", "min", "max")
	case "double":
		fns = append(fns, "sum", "avg", "min", "max")
	case "string", "timestamp", "date":
		fns = append(fns, "min", "max")
	}
	switch fn := fns[g.r.IntN(len(fns))]; fn {
	case "size":
		return expr{list + ".size()", func(s scope) any { return int64(len(keep(s))) }}
	case "latest":
		return expr{fmt.Sprintf("%s.latest(e, %s)", list, x.text), func(s scope) any {
			elements := slices.DeleteFunc(slices.Clone(keep(s)), func(e element) bool { return e.time == nil })
			if len(elements) == 0 {
				return nil
			}
			last := slices.MaxFunc(elements, func(a, b element) int {
				if c := a.time.(time.Time).Compare(b.time.(time.Time)); c != 0 {
					return c
				}
				return strings.Compare(a.source+"\x00"+a.key, b.source+"\x00"+b.key)
			})
			return x.eval(scope{all: s.all, me: s.me, elem: &last})
		}}
	default:
		return expr{fmt.Sprintf("%s.%s(e, %s)", list, fn, x.text), func(s scope) any {
			values, missing := items(s)
			if missing {
				return nil
			}
			return fold(fn, t, values)
		}}
	}
}
