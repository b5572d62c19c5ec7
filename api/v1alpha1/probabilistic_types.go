package v1alpha1

import (
	"encoding/json"
	"strconv"
)

// Number is a decimal number, of eight bytes.
// +kubebuilder:validation:Type=number
type Number float64

// MarshalJSON writes the shortest form that reads as the same number.
func (n Number) MarshalJSON() ([]byte, error) {
	return []byte(strconv.FormatFloat(float64(n), 'f', -1, 64)), nil
}

// UnmarshalJSON reads a number.
func (n *Number) UnmarshalJSON(b []byte) error { return json.Unmarshal(b, (*float64)(n)) }

// Probabilistic matching. Everything has a default that follows from the semantics and the data.
// +kubebuilder:validation:XValidation:rule="!has(self.comparisons) || !has(self.exclude)",message="exclude is for what is compared by default; comparisons list all that is"
// +kubebuilder:validation:XValidation:rule="!has(self.blocking) || !has(self.candidates) || !has(self.candidates.perRecord)",message="candidates.perRecord leaves out rules that follow from the semantics; those that blocking spells out are bounded by candidates.maxPairs"
type Probabilistic struct {
	// Threshold in bits: profiles are joined where the mean match weight of the pairs between them is at least this.
	// +optional
	// +kubebuilder:validation:Minimum=-20
	// +kubebuilder:validation:Maximum=20
	Threshold Number `json:"threshold,omitempty"`
	// Exclude names attributes that are not compared.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Exclude []string `json:"exclude,omitempty"`
	// Comparisons are the attributes that are compared, and how. A list takes the place of what follows from the semantics.
	// +optional
	// +listType=map
	// +listMapKey=attribute
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	Comparisons []Comparison `json:"comparisons,omitempty"`
	// Blocking rules: records are compared if they agree in all that one of them names, an attribute or a part of one such as surname.sound. A list takes
	// the place of what follows from the semantics.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Blocking []BlockingRule `json:"blocking,omitempty"`
	// Candidates are pairs of records that are compared.
	// +optional
	Candidates *Candidates `json:"candidates,omitempty"`
	// Model to match by. Without it one is learned from the records, and again when it does not fit them any more.
	// +optional
	Model *MatchingModel `json:"model,omitempty"`
}

// Comparison of one attribute.
// +kubebuilder:validation:XValidation:rule="!has(self.levels) || !has(self.compare)",message="give compare or levels"
type Comparison struct {
	// Attribute, identifier or semantic of Profile records.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Attribute string `json:"attribute"`
	// Compare is the kind of comparison. Without it, the one that follows from the semantic, or from the type of an attribute that has none.
	// +optional
	// +kubebuilder:validation:Enum=Text;Exact;Date;Number;Code
	Compare string `json:"compare,omitempty"`
	// Levels of agreement below equal values, best first. Values on none of them differ.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=10
	Levels []ComparisonLevel `json:"levels,omitempty"`
	// TermFrequency: equal values count the more, the rarer they are.
	// +optional
	// +kubebuilder:default=true
	TermFrequency *bool `json:"termFrequency,omitempty"`
}

// ComparisonLevel is exactly one way in which two values agree.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:MaxProperties=1
type ComparisonLevel struct {
	// JaroWinkler similarity of at least this.
	// +optional
	// +kubebuilder:validation:Minimum=0.5
	// +kubebuilder:validation:Maximum=0.999
	JaroWinkler Number `json:"jaroWinkler,omitempty"`
	// EditDistance of at most this: letters more, less or other ones, and neighbours swapped.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=5
	EditDistance int32 `json:"editDistance,omitempty"`
	// AbsoluteDifference of numbers of at most this.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:ExclusiveMinimum=true
	AbsoluteDifference Number `json:"absoluteDifference,omitempty"`
	// PercentageDifference of numbers of at most this, of the larger one.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:ExclusiveMinimum=true
	// +kubebuilder:validation:Maximum=100
	PercentageDifference Number `json:"percentageDifference,omitempty"`
	// DaysApart: dates of at most this many days apart.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=36525
	DaysApart int32 `json:"daysApart,omitempty"`
	// Part that is equal, such as sound or year.
	// +optional
	// +kubebuilder:validation:Enum=sound;full;initial;first3;last4;year;yearMonth;monthDay;district;area;local
	Part string `json:"part,omitempty"`
}

// BlockingRule is a list of attributes, or parts of them, that all agree.
// +listType=set
// +kubebuilder:validation:MinItems=1
// +kubebuilder:validation:MaxItems=5
// +kubebuilder:validation:items:MaxLength=60
// +kubebuilder:validation:items:Pattern=`^[a-zA-Z][a-zA-Z0-9_]*(\.[a-zA-Z0-9]+)?$`
type BlockingRule []string

// Candidates bound how many pairs are compared.
// +kubebuilder:validation:MinProperties=1
type Candidates struct {
	// PerRecord is how many candidates there are to be for each record: above it, rules that find hardly anything are left out, the worst first. Without
	// it, 10.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	PerRecord int32 `json:"perRecord,omitempty"`
	// MaxPairs is the most that all rules may find together. A run that would compare more fails before it does.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000000000
	MaxPairs int64 `json:"maxPairs,omitempty"`
}

// MatchingModel is exactly one way to say by which model records are matched. It stays in use whatever becomes of the records.
// +kubebuilder:validation:MinProperties=1
// +kubebuilder:validation:MaxProperties=1
type MatchingModel struct {
	// Version of the model, as in the relation models.
	// +optional
	// +kubebuilder:validation:Minimum=1
	Version int64 `json:"version,omitempty"`
	// File that kith model export has written.
	// +optional
	File *ModelFile `json:"file,omitempty"`
}

// ModelFile is a model in a file on a volume.
type ModelFile struct {
	// Volume the file is on. The path never leaves it.
	Volume Volume `json:"volume"`
	// Path below the volume's root. Another model is another path: that a file has changed is seen when the next run is made for another reason.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('/') && !self.split('/').exists(p, p == '..')",message="path is relative to the volume and has no .."
	Path string `json:"path"`
}
