package linkage

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// spelled are the rules that a scheme declares. A surname is looked for where derived rules look for it too: a record with one name only has it
// in either field, and rules of the given name and the surname as a whole also find the two swapped.
func (r *Records) spelled() (out []rule) {
	for _, names := range r.scheme.rules {
		var keys []key
		for _, k := range names {
			i := slices.IndexFunc(r.columns, func(c *column) bool { return c.name == k.column && c.kind != family })
			if i == r.surname && r.family >= 0 {
				i = r.family
			}
			keys = append(keys, key{i, k.part})
		}
		given, sur := key{r.given, whole}, key{r.family, whole}
		if len(keys) == 2 && r.given >= 0 && r.surname >= 0 && slices.Contains(keys, given) && slices.Contains(keys, sur) {
			out = append(out, bothNames(given.column, sur.column))
			continue
		}
		out = append(out, r.ruleOf(keys))
	}
	return out
}

// bothNames finds records that have the same two names, in whichever fields.
func bothNames(given, sur int) rule {
	return rule{"both names", []key{{given, whole}, {sur, whole}}, true}
}

// ruleOf keys, named after them.
func (r *Records) ruleOf(keys []key) rule {
	var names []string
	for _, k := range keys {
		names = append(names, r.columns[k.column].name+"."+string(k.part))
	}
	return rule{name: strings.Join(names, "+"), keys: keys}
}

func ruleNames(rules []rule) (out []string) {
	for _, x := range rules {
		out = append(out, x.name)
	}
	return out
}

// TooManyError says that there are more pairs to compare than a declaration allows.
type TooManyError struct {
	Pairs, Most int64
	Rules       []Candidates
}

func (e *TooManyError) Error() string {
	rules := slices.Clone(e.Rules)
	slices.SortStableFunc(rules, func(a, b Candidates) int { return cmp.Compare(b.Pairs, a.Pairs) })
	const shown = 10
	var texts []string
	for _, c := range rules[:min(shown, len(rules))] {
		texts = append(texts, fmt.Sprintf("%s finds %d", c.Rule, c.Pairs))
	}
	if n := len(rules) - shown; n > 0 {
		texts = append(texts, fmt.Sprintf("and %d more rules", n))
	}
	return fmt.Sprintf("the blocking rules find %d pairs to compare, and the most is %d: %s", e.Pairs, e.Most, strings.Join(texts, ", "))
}

// candidates that blocks make, by rule: known before any pair is compared.
func (b *blocks) candidates() (out []Candidates) {
	for i, rule := range b.rules {
		out = append(out, Candidates{rule.name, b.pairs[i], b.left[i]})
	}
	return out
}

// allows says whether the pairs of blocks are as few as declared. Pairs that several rules find count for each.
func (s *Scheme) allows(b *blocks) error {
	if s == nil || s.declaration.MaxPairs == 0 {
		return nil
	}
	e := &TooManyError{Most: s.declaration.MaxPairs, Rules: b.candidates()}
	for _, c := range e.Rules {
		e.Pairs += c.Pairs
	}
	if e.Pairs <= e.Most {
		return nil
	}
	return e
}
