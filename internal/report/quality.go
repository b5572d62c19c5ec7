package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kith-dev/kith/internal/identity/figures"
	"github.com/kith-dev/kith/internal/lake"
)

// Fact is something about the quality of people, in words.
type Fact struct {
	Label, Text string
	// Bad is true of what somebody should look at.
	Bad bool
}

// qualityOf people in a few facts. What changed is told of a run that changed something.
func qualityOf(outputs []lake.Output, changed bool) []Fact {
	var all figures.All
	for _, o := range outputs {
		if f, ok := figures.FromOutput(o.Name, o.Rows); ok {
			all = append(all, f)
		}
	}
	if len(all) == 0 {
		return nil
	}
	sizes := "largest profile " + Number(all.Count(figures.LargestProfile)) + " records"
	if v, ok := all.Of(figures.LargeProfiles); ok {
		sizes += fmt.Sprintf(", %s of records in profiles of more than %d", percent(v), figures.Large)
	}
	if n := all.Count(figures.RefusedMerges); n > 0 {
		sizes += ", refused merges " + Number(n)
	}
	out := []Fact{{"profiles", sizes, false}}
	if n := all.Count(figures.SharedValues); n > 0 {
		out = append(out, Fact{"shared values", fmt.Sprintf("%s with more than %d names", kinds(all, figures.SharedValues), figures.ManyNames), true})
	}
	if v, ok := all.Of(figures.Jitter); ok && changed {
		out = append(out, Fact{"stability", fmt.Sprintf("%s of records changed profile, merges %s, splits %s",
			percent(v), Number(all.Count(figures.Merges)), Number(all.Count(figures.Splits))), false})
	}
	return append(out, labelFacts(all)...)
}

func labelFacts(all figures.All) (out []Fact) {
	n := all.Count(figures.LabelledRecords)
	if _, ok := all.Of(figures.LabelledRecords); ok && n == 0 {
		out = append(out, Fact{"by labels", "no record is labelled", true})
	}
	if n > 0 {
		out = append(out, Fact{"by labels", fmt.Sprintf("F1 %s of pairs (precision %s, recall %s), %s of B-cubed, over %s records",
			all.Text(figures.PairF1), all.Text(figures.PairPrecision), all.Text(figures.PairRecall), all.Text(figures.BCubedF1), Number(n)), false})
	}
	if n := all.Count(figures.LabelsOfNoRecord); n > 0 {
		out = append(out, Fact{"labels", Number(n) + " are of no record", true})
	}
	return out
}

// kinds of a figure with their numbers: "3 of email, 1 of phone".
func kinds(all figures.All, name figures.Name) string {
	var parts []string
	for _, f := range all {
		if f.Name == name && f.Value > 0 {
			parts = append(parts, Number(int64(f.Value))+" of "+f.Detail)
		}
	}
	return strings.Join(parts, ", ")
}

func percent(share float64) string { return strconv.FormatFloat(100*share, 'f', 2, 64) + "%" }
