package lang

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"

	"github.com/kith-dev/kith/internal/fault"
)

// errorTexts words what the checker found for the people who write segments.
type errorTexts struct{ *Compiler }

var (
	undeclared  = regexp.MustCompile(`^undeclared reference to '([^']*)'`)
	undefined   = regexp.MustCompile(`^undefined field '([^']*)'`)
	noOverload  = regexp.MustCompile(`^found no matching overload for '([^']*)' applied to '(.*)'$`)
	mismatch    = regexp.MustCompile(`^expected type '([^']*)' but found '([^']*)'`)
	notARange   = regexp.MustCompile(`^expression of type '([^']*)' cannot be range`)
	noSelection = regexp.MustCompile(`^type '([^']*)' does not support field selection`)
	typeWord    = regexp.MustCompile(`[a-z_.A-Z0-9]+`)
)

// typeWords are the names of types in declarations, where CEL has others.
var typeWords = map[string]string{
	"int": "integer", "bool": "boolean", "google.protobuf.Timestamp": "timestamp", "google.protobuf.Duration": "duration",
	"null_type": "null", "null": "null",
}

func words(types string) string {
	types = strings.NewReplacer("<", "", ">", "").Replace(types)
	return typeWord.ReplaceAllStringFunc(types, func(w string) string {
		if t, ok := typeWords[w]; ok {
			return t
		}
		return strings.TrimPrefix(w, typePrefix)
	})
}

func typeText(t *cel.Type) string { return words(t.String()) }

var operatorTexts = map[string]string{
	operators.Equals: "==", operators.NotEquals: "!=", operators.Less: "<", operators.LessEquals: "<=", operators.Greater: ">",
	operators.GreaterEquals: ">=", operators.Add: "+", operators.Subtract: "-", operators.Multiply: "*", operators.Divide: "/",
	operators.Modulo: "%", operators.Negate: "-", operators.LogicalNot: "!", operators.In: "in", operators.Conditional: "? :",
	operators.LogicalAnd: "&&", operators.LogicalOr: "||", operators.Index: "[]",
}

func functionText(fn string) string {
	if op, ok := operatorTexts[fn]; ok {
		return op
	}
	return fn
}

func positionText(line, column int) string {
	return fmt.Sprintf("%d:%d:", max(line, 1), max(column, 0)+1)
}

func hint(name string) string {
	if name == "" {
		return ""
	}
	return "; did you mean " + name + "?"
}

// maxErrors is how many errors of one expression are told at once.
const maxErrors = 3

func (t errorTexts) ofIssues(issues *cel.Issues) error {
	var out []string
	missed := t.types.missed
	for _, e := range issues.Errors() {
		text := e.Message
		if m := undefined.FindStringSubmatch(text); m != nil {
			if i := slices.IndexFunc(missed, func(x miss) bool { return x.field == m[1] }); i >= 0 {
				text = t.noField(missed[i])
				missed = slices.Delete(slices.Clone(missed), i, i+1)
			}
		} else {
			text = t.word(text)
		}
		line := positionText(e.Location.Line(), e.Location.Column()) + " " + text
		if len(out) < maxErrors && !slices.Contains(out, line) {
			out = append(out, line)
		}
	}
	return fault.New(fault.InvalidExpression, "%s", strings.Join(out, "\n"))
}

func (t errorTexts) noField(m miss) string {
	names := slices.Sorted(maps.Keys(t.types.objects[m.object]))
	text := fmt.Sprintf("%s has no field %s%s", strings.TrimPrefix(m.object, typePrefix), m.field, hint(nearest(m.field, names)))
	if len(names) <= 8 && !strings.Contains(text, "did you mean") {
		text += "; it has " + strings.Join(names, ", ")
	}
	return text
}

func (t errorTexts) word(text string) string {
	if m := undeclared.FindStringSubmatch(text); m != nil {
		return t.unknown(m[1])
	}
	if m := noOverload.FindStringSubmatch(text); m != nil {
		return cannot(m[1], words(strings.Replace(m[2], ".(", " .(", 1)))
	}
	if m := mismatch.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%s is needed here, and this is %s", article(words(m[1])), article(words(m[2])))
	}
	if m := notARange.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("exists, all, filter, map, sum and the like work on lists, and this is %s", article(words(m[1])))
	}
	if m := noSelection.FindStringSubmatch(text); m != nil {
		return fmt.Sprintf("%s has no fields", article(words(m[1])))
	}
	if strings.Contains(text, "max recursion depth exceeded") {
		return "the expression is too deep; make a part of it a Trait"
	}
	return text
}

// unknown is a name that nothing has. One that a profile's attribute has lacks its `profile.`.
func (t errorTexts) unknown(name string) string {
	if _, ok := t.types.objects[profileType.TypeName()][name]; ok {
		return fmt.Sprintf("there is no variable %s; did you mean profile.%s?", name, name)
	}
	names := []string{"profile", "events", "transactions", "now", "has", "exists", "all", "filter", "map", "latest"}
	for _, o := range overloads {
		if !strings.ContainsAny(o.fn, "_@") {
			names = append(names, o.fn)
		}
	}
	slices.Sort(names)
	return fmt.Sprintf("there is no variable or function %s%s", name, hint(nearest(name, names)))
}

// cannot explains an operator or function applied to types that it does not take.
func cannot(fn, types string) string {
	args := strings.TrimSuffix(strings.TrimPrefix(types, "("), ")")
	target, rest, member := strings.Cut(types, " .(")
	if member {
		args = strings.TrimSuffix(target+", "+strings.TrimSuffix(rest, ")"), ", ")
	}
	if strings.Contains(args, "null") {
		return "there is no null; has(x.field) tells whether a value is there, and orElse(x, default) stands in for a missing one"
	}
	if _, ok := operatorTexts[fn]; ok {
		return fmt.Sprintf("%s does not go with %s", functionText(fn), strings.Join(strings.Split(args, ", "), " and "))
	}
	return fmt.Sprintf("%s does not take (%s)", fn, args)
}
