package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// IdentityRuleSpec says how records become people.
// +kubebuilder:validation:XValidation:rule="has(self.deterministic) || has(self.probabilistic)",message="give deterministic rules, or probabilistic: {}"
type IdentityRuleSpec struct {
	Common `json:",inline"`
	// Interval after which people are resolved anew even if nothing changed.
	// +optional
	Interval *Duration `json:"interval,omitempty"`
	// Sources whose rows belong to this space of people.
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	Sources []IdentitySource `json:"sources"`
	// Anonymous visitors and what becomes of them.
	// +optional
	// +kubebuilder:default={}
	Anonymous Anonymous `json:"anonymous,omitempty"`
	// Deterministic rules, strongest first: Profile records that agree on all identifiers of one rule are one person.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	Deterministic []DeterministicRule `json:"deterministic,omitempty"`
	// Probabilistic matching of Profile records that probably are of one person, after the deterministic rules. What is compared, and how
	// much each agreement tells, follows from the semantics and the data; what is spelled out here takes the place of that.
	// +optional
	Probabilistic *Probabilistic `json:"probabilistic,omitempty"`
	// Guards keep records apart that only look alike.
	// +optional
	// +kubebuilder:default={}
	Guards Guards `json:"guards,omitempty"`
	// Overrides are decisions of people about which records are one person.
	// +optional
	Overrides *Overrides `json:"overrides,omitempty"`
	// Survivorship chooses the values of a profile among its records. Attributes of one group move together.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Survivorship []Survivorship `json:"survivorship,omitempty"`
	// Budget holds people back that would change too much.
	// +optional
	Budget *IdentityBudget `json:"budget,omitempty"`
	// Quality: by what else than the records themselves the people are judged.
	// +optional
	Quality *Quality `json:"quality,omitempty"`
	// Canary tries another rule beside this one. Nobody is served by it.
	// +optional
	Canary *Canary `json:"canary,omitempty"`
}

// IdentityBudget limits how much one run may change.
type IdentityBudget struct {
	// MaxChangePercent of the known people of the last run who may change in one: who are merged, split, lose or gain records of
	// others, or are no more. Beyond it the people stay as they are until the run is approved.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	MaxChangePercent int32 `json:"maxChangePercent"`
}

// IdentitySource is one DataSource of the space.
type IdentitySource struct {
	// Name of the DataSource.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
	// Priority in survivorship: 1 is trusted most.
	// +optional
	// +kubebuilder:default=100
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100
	Priority int32 `json:"priority,omitempty"`
}

// Anonymous visitors are known by the identifier anonymousId only.
type Anonymous struct {
	// OnIdentify: Link a visitor's past to the person he turns out to be, or Isolate it.
	// +optional
	// +kubebuilder:default=Link
	// +kubebuilder:validation:Enum=Link;Isolate
	OnIdentify string `json:"onIdentify,omitempty"`
	// ExpiresAfter: a visitor who was never identified is dropped this long after his last event.
	// +optional
	ExpiresAfter *Duration `json:"expiresAfter,omitempty"`
}

// DeterministicRule is a set of attributes that must all agree.
type DeterministicRule struct {
	// Identifiers: email, phone or the name of an identifier; attributes such as birthDate may stand beside one.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=5
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Identifiers []string `json:"identifiers"`
}

// Overrides of what rules, guards and probability say.
type Overrides struct {
	// SourceRef names the DataSource, of recordKind Override, that has them. It is not one of sources.
	SourceRef ObjectReference `json:"sourceRef"`
}

// Guards act before anything is merged, and each decision is kept in guard_events.
type Guards struct {
	// BlockedValues connect nobody, beside the built-in lists.
	// +optional
	// +listType=map
	// +listMapKey=identifier
	// +kubebuilder:validation:MaxItems=32
	BlockedValues []BlockedValues `json:"blockedValues,omitempty"`
	// Automatic guards: a value of an identifier that occurs with too many different values of something else stops counting. Without this
	// list, email and phone do when they occur with more than 20 values of surname or of givenName; an empty list switches that off.
	// +optional
	// +listType=map
	// +listMapKey=per
	// +listMapKey=distinct
	// +kubebuilder:validation:MaxItems=32
	Automatic []AutomaticGuard `json:"automatic,omitzero"` // omitzero keeps an empty list, which is not the same as none
	// Limits on how many different values of an identifier one person can have.
	// +optional
	// +listType=map
	// +listMapKey=identifier
	// +kubebuilder:validation:MaxItems=32
	Limits []Limit `json:"limits,omitempty"`
	// Separate identifiers, or attributes of Profile records: two different values never end up in one profile.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Separate []string `json:"separate,omitempty"`
	// MaxProfileRecords is how many Profile records one profile can have.
	// +optional
	// +kubebuilder:default=50
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=10000
	MaxProfileRecords int32 `json:"maxProfileRecords,omitempty"`
}

// BlockedValues of one identifier.
// +kubebuilder:validation:XValidation:rule="has(self.values) || has(self.patterns)",message="give values or patterns to block"
type BlockedValues struct {
	// Identifier: email, phone or an identifier's name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Identifier string `json:"identifier"`
	// Values, compared after normalisation.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=500
	// +kubebuilder:validation:items:MaxLength=200
	Values []string `json:"values,omitempty"`
	// Patterns, RE2 regular expressions.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=50
	// +kubebuilder:validation:items:MaxLength=200
	Patterns []string `json:"patterns,omitempty"`
}

// AutomaticGuard counts, in Profile records, with how many different values of something else each value of an identifier occurs.
// +kubebuilder:validation:XValidation:rule="self.per != self.distinct",message="distinct is something else than per"
type AutomaticGuard struct {
	// Per: email, phone or an identifier's name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Per string `json:"per"`
	// Distinct: an identifier or attribute of Profile records, or the semantic of attributes. Values are compared regardless of case.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Distinct string `json:"distinct"`
	// Above is the most different values with which a value of the identifier still counts.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Above int32 `json:"above"`
}

// Limit of one identifier.
// +kubebuilder:validation:XValidation:rule="!has(self.window) || self.identifier != 'anonymousId'",message="the limit on anonymousId is for all time and has no window"
type Limit struct {
	// Identifier: email, phone or an identifier's name.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Identifier string `json:"identifier"`
	// PerProfile is the most different values one profile can have.
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	PerProfile int32 `json:"perProfile"`
	// Window in which different values are counted: those that Profile records show no further apart than this. Without it, for all time.
	// +optional
	// +kubebuilder:validation:XValidation:rule="duration(self) > duration('0s')",message="a window is longer than 0s"
	Window *Duration `json:"window,omitempty"`
}

// Survivorship of one group of attributes.
// +kubebuilder:validation:XValidation:rule="!has(self.list) || self.attributes.size() == 1",message="a list is of one attribute; give each attribute that is to have one a group of its own"
type Survivorship struct {
	// Attributes that are taken together, from one record.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=40
	Attributes []string `json:"attributes"`
	// Strategy that chooses the record.
	// +kubebuilder:validation:Enum=MostRecent;SourcePriority;MostFrequent;Longest;First;Minimum;Maximum
	Strategy string `json:"strategy"`
	// VerifiedBy is a boolean attribute of Profile records, such as emailVerified. Records in which it is true go before all others.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	VerifiedBy string `json:"verifiedBy,omitempty"`
	// List keeps that many different values of a group of one attribute in profile_values, beside the one that survives.
	// +optional
	// +kubebuilder:validation:Minimum=2
	// +kubebuilder:validation:Maximum=20
	List int32 `json:"list,omitempty"`
}

// Quality says by what people are judged. Some figures of every revision need nothing.
type Quality struct {
	// Labels say of some records who they truly are, so that precision and recall can be measured. Nothing is matched by them.
	// +optional
	Labels *Labels `json:"labels,omitempty"`
}

// Labels of records.
type Labels struct {
	// SourceRef names a DataSource of recordKind Label, which is none of the sources.
	SourceRef ObjectReference `json:"sourceRef"`
}

// IdentityRuleStatus adds the counts of the revision in use.
type IdentityRuleStatus struct {
	Status `json:",inline"`
	// Records matched.
	// +optional
	Records *int64 `json:"records,omitempty"`
	// Profiles of known people.
	// +optional
	Profiles *int64 `json:"profiles,omitempty"`
	// Quality of the people.
	// +optional
	Quality *IdentityQuality `json:"quality,omitempty"`
	// Canary: how the rule on trial compares.
	// +optional
	Canary *CanaryStatus `json:"canary,omitempty"`
}

// IdentityQuality is how well records were brought together. Shares are decimals from 0 to 1.
type IdentityQuality struct {
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
	// Jitter is the share of the records that were there before and now belong to another profile, although theirs was not merged into it.
	// +optional
	// +kubebuilder:validation:MaxLength=20
	Jitter string `json:"jitter,omitempty"`
	// Merges of profiles in the last run.
	Merges int64 `json:"merges"`
	// Splits of profiles in the last run.
	Splits int64 `json:"splits"`
	// Labels: how well people agree with the labels, where there are some.
	// +optional
	Labels *LabelQuality `json:"labels,omitempty"`
}

// LabelQuality is how well people agree with labels, over the labelled records alone.
type LabelQuality struct {
	// Records that are labelled. With none, there is nothing to measure.
	Records int64 `json:"records"`
	// Pairs of records that are one person.
	// +optional
	Pairs *Agreement `json:"pairs,omitempty"`
	// BCubed is the mean over records (Bagga and Baldwin, 1998).
	// +optional
	BCubed *Agreement `json:"bCubed,omitempty"`
}

// Agreement with the truth.
type Agreement struct {
	// Precision is the share of what was brought together that belongs together.
	// +kubebuilder:validation:MaxLength=20
	Precision string `json:"precision"`
	// Recall is the share of what belongs together that was brought together.
	// +kubebuilder:validation:MaxLength=20
	Recall string `json:"recall"`
	// F1 is the harmonic mean of both.
	// +kubebuilder:validation:MaxLength=20
	F1 string `json:"f1"`
}

// IdentityRule makes one space of people out of the records of its sources.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=kith,shortName=idr
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Records",type=integer,JSONPath=`.status.records`
// +kubebuilder:printcolumn:name="Profiles",type=integer,JSONPath=`.status.profiles`
// +kubebuilder:printcolumn:name="Fresh",type=string,JSONPath=`.status.conditions[?(@.type=="Fresh")].status`
// +kubebuilder:printcolumn:name="Last run",type=date,JSONPath=`.status.lastRunTime`
// +kubebuilder:printcolumn:name="Largest",type=integer,JSONPath=`.status.quality.largestProfile`,priority=1
// +kubebuilder:printcolumn:name="Jitter",type=string,JSONPath=`.status.quality.jitter`,priority=1
// +kubebuilder:printcolumn:name="F1",type=string,JSONPath=`.status.quality.labels.bCubed.f1`,priority=1
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the name must be a DNS label of at most 40 characters"
// +kubebuilder:validation:XValidation:rule="!(self.metadata.name in ['source','quarantine','activation','kith','journal','main','temp','system'])",message="the name is a schema of the lake; choose another"
type IdentityRule struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   IdentityRuleSpec   `json:"spec"`
	Status IdentityRuleStatus `json:"status,omitempty"`
}

// IdentityRuleList is a list of IdentityRules.
// +kubebuilder:object:root=true
type IdentityRuleList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []IdentityRule `json:"items"`
}
