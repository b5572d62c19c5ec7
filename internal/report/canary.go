package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/local"
	"github.com/kith-dev/kith/internal/plan"
)

// Canary is how a rule on trial compares with the one in use.
type Canary struct {
	Facts   []Fact
	Figures []Compared
}

// Compared is a figure of both rules.
type Compared struct{ Label, Current, Canary string }

// canary adds to the space of a step what its trial says of the rule as it is declared.
func (m *Model) canary(o *plan.Objects, s local.Step, outputs []lake.Output) {
	i := slices.IndexFunc(m.Spaces, func(sp Space) bool { return sp.Name == s.Subject.Name })
	r := o.IdentityRule(s.Subject.Name)
	if i < 0 || r == nil || r.Spec.Canary == nil || s.State == local.Failed || len(outputs) == 0 {
		return
	}
	n := func(name string) int64 { return one(outputs, name).Rows }
	m.Spaces[i].Canary = &Canary{
		Facts: []Fact{
			{"share", fmt.Sprintf("%d%% asked for, %s of %s records", r.Spec.Canary.Percent, Number(n("records")), Number(n("allRecords"))), false},
			{"would change", fmt.Sprintf("%s of %s people of the share, %s of %s of all; %s records of the share would change profile",
				Number(n("changed")), Number(n("people")), Number(n("everyone/changed")), Number(n("everyone/people")), Number(n("moved"))), false},
		},
		Figures: comparedFigures(outputs),
	}
}

// comparedFigures are those that either rule has, in the order in which they were measured.
func comparedFigures(outputs []lake.Output) (out []Compared) {
	at := func(f figures.Figure) *Compared {
		label := strings.TrimSuffix(string(f.Name)+" "+f.Detail, " ")
		i := slices.IndexFunc(out, func(c Compared) bool { return c.Label == label })
		if i < 0 {
			i, out = len(out), append(out, Compared{Label: label})
		}
		return &out[i]
	}
	for _, o := range outputs {
		name, current := strings.CutPrefix(o.Name, figures.InUse)
		f, ok := figures.FromOutput(name, o.Rows)
		switch {
		case !ok:
		case current:
			at(f).Current = figureText(f)
		default:
			at(f).Canary = figureText(f)
		}
	}
	return out
}

func figureText(f figures.Figure) string {
	if f.Name.Share() {
		return figures.All{f}.Text(f.Name)
	}
	return Number(int64(f.Value))
}
