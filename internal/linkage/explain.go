package linkage

import "slices"

// Explanation of the match weight of a pair of records.
type Explanation struct {
	// Rules that make the pair a candidate; without any its records are never compared.
	Rules []string `json:"rules"`
	// Steps from nothing known to the weight, in bits. Their sum is the weight.
	Steps []Step `json:"steps"`
	// Weight is log2 of the odds that both records are of one person.
	Weight float64 `json:"weight"`
}

// Step of an explanation: by how much something changes the odds.
type Step struct {
	// What was compared, or what else counts: PriorStep, HouseholdStep, NameStep.
	What string `json:"what"`
	// Level of agreement; empty for what is no comparison.
	Level string `json:"level,omitempty"`
	// Values that were compared, in the form in which they were.
	Left  string  `json:"left,omitempty"`
	Right string  `json:"right,omitempty"`
	Bits  float64 `json:"bits"`
}

// Steps that are no comparison.
const (
	// PriorStep is how likely any two records are of one person.
	PriorStep = "any two records"
	// HouseholdStep is how much less likely one person is as two of a household explain the agreement as well.
	HouseholdStep = "or two people of one household"
	// NameStep is there where nothing but names could be compared and these are not rare enough to join anybody.
	NameStep = "a name alone"
)

// Explain how the weight of two records comes about by a model. The error is as that of Weigh.
func (r *Records) Explain(m *Model, a, b int32) (Explanation, error) {
	f, err := r.fit(m)
	if err != nil {
		return Explanation{}, err
	}
	cs := f.comparisons
	a, b = int32(slices.Index(r.places, a)), int32(slices.Index(r.places, b))
	c := candidate{l: a, r: b, rules: f.blocks.common(a, b), p: r.pattern(cs, a, b)}
	w := r.weigher(cs, m)
	out := Explanation{Weight: w.weight(c)}
	for i, rule := range f.blocks.rules {
		if c.rules&(1<<i) != 0 {
			out.Rules = append(out.Rules, rule.name)
		}
	}
	// The likelier of the two ways in which both are one person stands for both.
	sums := w.sums(c)
	one := sameAddress
	if sums[moved] > sums[sameAddress] {
		one = moved
	}
	out.add(Step{What: PriorStep, Bits: w.logs.share[one] - w.logs.share[strangers]})
	x, y := r.row(a), r.row(b)
	for i := range cs {
		l := cs[i].level(c.p)
		if l == missing {
			continue
		}
		s := Step{What: cs[i].name, Level: cs[i].levels[l], Bits: w.logs.p[i][c.p.at(i)][one] - w.logs.p[i][c.p.at(i)][strangers] + w.chance(i, c)}
		col := r.columns[cs[i].columns[0]]
		s.Left, s.Right = col.value(x[cs[i].columns[0]]), col.value(y[cs[i].columns[0]])
		out.add(s)
	}
	rest := w.odds(c)
	for _, s := range out.Steps {
		rest -= s.Bits
	}
	out.add(Step{What: HouseholdStep, Bits: rest})
	if cut := out.Weight - w.odds(c); cut < 0 {
		out.add(Step{What: NameStep, Bits: cut})
	}
	return out, nil
}

func (e *Explanation) add(s Step) { e.Steps = append(e.Steps, s) }

func (c *column) value(id int32) string {
	if id < 0 {
		return ""
	}
	return c.values[id]
}
