// Package figures names the quality figures of an IdentityRule, and how they stand among the outputs of its revisions: whoever knows no more of a revision
// than those, such as the manager, reads the figures out of them.
//
// What does not live here: measuring (identity) and the formulas of precision and recall (linkage/quality).
package figures

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Name of a figure.
type Name string

// The figures. docs/identity.md says what each means.
const (
	Records        Name = "records"        // Profile records
	Profiles       Name = "profiles"       // profiles with Profile records
	LargestProfile Name = "largestProfile" // records of the largest profile
	LargeProfiles  Name = "largeProfiles"  // share of the records in profiles of more than Large
	SharedValues   Name = "sharedValues"   // values of an identifier that connect people although records show more than ManyNames names with them
	RefusedMerges  Name = "refusedMerges"  // values and probable matches that connect nothing because of a guard
	Jitter         Name = "jitter"         // share of the records that were there before and have another profile, although theirs was not merged into it
	Merges         Name = "merges"         // profiles that ended in another
	Splits         Name = "splits"         // profiles that were made of a part of another

	LabelledRecords  Name = "labelledRecords"  // records that have a label
	LabelsOfNoRecord Name = "labelsOfNoRecord" // labels of records that are not there
	PairPrecision    Name = "pairPrecision"    // these and the next are shares, over labelled records alone
	PairRecall       Name = "pairRecall"
	PairF1           Name = "pairF1"
	BCubedPrecision  Name = "bCubedPrecision"
	BCubedRecall     Name = "bCubedRecall"
	BCubedF1         Name = "bCubedF1"
)

// Large is from more than how many records on a profile is large, and ManyNames from more than how many names on a value is shared by many.
const (
	Large     = 10
	ManyNames = 5
)

var shares = []Name{LargeProfiles, Jitter, PairPrecision, PairRecall, PairF1, BCubedPrecision, BCubedRecall, BCubedF1}

// Share says whether a figure is a share from 0 to 1, rather than a number of things.
func (n Name) Share() bool { return slices.Contains(shares, n) }

// Figure is one number of one revision.
type Figure struct {
	Name   Name
	Detail string // of which kind of identifier, or by which guard; empty where there is but one
	Value  float64
}

// millionths is how many of the unit of outputs, which are whole numbers, a share of 1 is.
const millionths = 1_000_000

const prefix = "quality/"

// InUse stands before the names of those outputs of a canary that are figures of the people in use; the others are of the rule on trial.
const InUse = "current/"

// Make a figure. A share is kept to a millionth, so that it is the same wherever it stands.
func Make(name Name, detail string, value float64) Figure {
	if name.Share() {
		value = math.Round(value*millionths) / millionths
	}
	return Figure{name, detail, value}
}

// Output is the name and the number by which a revision keeps a figure: shares in millionths.
func (f Figure) Output() (name string, rows int64) {
	name, unit := prefix+string(f.Name), 1.0
	if f.Detail != "" {
		name += "/" + f.Detail
	}
	if f.Name.Share() {
		unit = millionths
	}
	return name, int64(math.Round(f.Value * unit))
}

// FromOutput reads a figure; false for an output that is none.
func FromOutput(name string, rows int64) (Figure, bool) {
	rest, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return Figure{}, false
	}
	figure, detail, _ := strings.Cut(rest, "/")
	f := Figure{Name(figure), detail, float64(rows)}
	if f.Name.Share() {
		f.Value /= millionths
	}
	return f, true
}

// All figures of one revision.
type All []Figure

// Of a name: the sum over its details, and whether there is one.
func (a All) Of(name Name) (value float64, ok bool) {
	for _, f := range a {
		if f.Name == name {
			value, ok = value+f.Value, true
		}
	}
	return value, ok
}

// Count is Of for figures that are numbers of things.
func (a All) Count(name Name) int64 {
	v, _ := a.Of(name)
	return int64(math.Round(v))
}

// Text of a share with four places, such as 0.9731; empty where there is none.
func (a All) Text(name Name) string {
	v, ok := a.Of(name)
	if !ok {
		return ""
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}
