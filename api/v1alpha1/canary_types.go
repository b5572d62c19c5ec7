package v1alpha1

// Canary is a rule on trial: that of the spec, but for what is given here. Its profiles are kept beside those in use for a share of the
// space, and both are measured there.
// +kubebuilder:validation:XValidation:rule="has(self.deterministic) || has(self.probabilistic) || has(self.guards) || has(self.survivorship)",message="give what the rule on trial has otherwise: deterministic and probabilistic, guards or survivorship"
type Canary struct {
	// Percent of the people, taken with all that hangs together with them under either rule, that are kept and measured.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Percent int32 `json:"percent"`
	// Interval after which it is made anew when people have changed meanwhile. A change of a rule makes it anew at once.
	// +optional
	// +kubebuilder:default="24h"
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s')",message="an interval is longer than 0s"
	Interval *Duration `json:"interval,omitempty"`
	// Deterministic rules. Given these or probabilistic, both are those of the canary, and one that is left out is not applied.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Deterministic []DeterministicRule `json:"deterministic,omitempty"`
	// Probabilistic matching, after the deterministic rules.
	// +optional
	Probabilistic *Probabilistic `json:"probabilistic,omitempty"`
	// Guards in place of those of the spec.
	// +optional
	Guards *Guards `json:"guards,omitempty"`
	// Survivorship in place of that of the spec; an empty list is for none.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Survivorship []Survivorship `json:"survivorship,omitzero"` // omitzero keeps an empty list, which is not the same as none
}

// CanaryStatus is how the rule on trial compares with the one in use, on a share of the space. Shares are decimals from 0 to 1.
type CanaryStatus struct {
	// Revision is the Run that made it.
	// +kubebuilder:validation:MaxLength=100
	Revision string `json:"revision"`
	// ComparedWith is the Run that made the people that it is compared with.
	// +kubebuilder:validation:MaxLength=100
	ComparedWith string `json:"comparedWith"`
	// Percent of the people that were asked for.
	Percent int32 `json:"percent"`
	// Records in the share.
	Records int64 `json:"records"`
	// Share of all Profile records that these are.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	Share string `json:"share,omitempty"`
	// People in use in the share: known profiles.
	People int64 `json:"people"`
	// Changed are those of them whom the rule on trial would change, as the budget counts them.
	Changed int64 `json:"changed"`
	// Merged profiles of the share: their ids would end in others.
	Merged int64 `json:"merged"`
	// Split profiles of the share: a part of them would be a profile with an id of its own.
	Split int64 `json:"split"`
	// MovedRecords of the share would have another profile id.
	MovedRecords int64 `json:"movedRecords"`
	// Everyone: what the rule on trial would change if it were the rule.
	Everyone CanaryReach `json:"everyone"`
	// Current are the figures of the people in use, in the share.
	Current CanaryFigures `json:"current"`
	// Canary are the figures of the rule on trial, in the share.
	Canary CanaryFigures `json:"canary"`
}

// CanaryReach is how many of all people the rule on trial would change.
type CanaryReach struct {
	// People in use.
	People int64 `json:"people"`
	// Changed are those of them who would change.
	Changed int64 `json:"changed"`
}

// CanaryFigures are how well records of the share were brought together.
type CanaryFigures struct {
	// Profiles that have records.
	Profiles int64 `json:"profiles"`
	// LargestProfile is the most Profile records that one profile has.
	LargestProfile int64 `json:"largestProfile"`
	// LargeProfiles is the share of the Profile records that are in profiles of more than ten.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	LargeProfiles string `json:"largeProfiles,omitempty"`
	// SharedValues are the values of identifiers that connect people although records show more than five surnames with them.
	SharedValues int64 `json:"sharedValues"`
	// RefusedMerges are the values and probable matches that connect nothing because a guard refused them.
	RefusedMerges int64 `json:"refusedMerges"`
	// Labels: how well people agree with the labels, where there are some.
	// +optional
	Labels *LabelQuality `json:"labels,omitempty"`
}
