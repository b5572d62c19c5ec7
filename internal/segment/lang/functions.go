package lang

import (
	"cmp"
	"slices"
	"strings"
)

// Function is one signature of a function or operator.
type Function struct {
	// Name as it is written: size, orElse, ==, in, "? :".
	Name string
	// Member functions are called on their first argument: x.contains(y).
	Member bool
	// Args and Result are types as declarations name them, and duration, list(...), A.
	Args   []string
	Result string
}

// Functions lists every signature, for documentation and its checks.
func Functions() []Function {
	out := make([]Function, 0, len(overloads))
	for _, o := range overloads {
		if strings.HasPrefix(o.fn, "@not") || strings.HasSuffix(o.id, "_list") && operatorTexts[o.fn] != "" {
			continue // of macros only
		}
		f := Function{Name: functionText(o.fn), Member: o.member, Result: typeText(o.result)}
		for _, a := range o.args {
			f.Args = append(f.Args, typeText(a))
		}
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b Function) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(strings.Join(a.Args, " "), strings.Join(b.Args, " ")), cmp.Compare(btoi(a.Member), btoi(b.Member)))
	})
	return out
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
