package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// RecordKind says what one row is.
// +kubebuilder:validation:Enum=Profile;Event;Transaction;Consent;Override;Label
type RecordKind string

// The record kinds.
const (
	RecordProfile     RecordKind = "Profile"
	RecordEvent       RecordKind = "Event"
	RecordTransaction RecordKind = "Transaction"
	RecordConsent     RecordKind = "Consent"
	RecordOverride    RecordKind = "Override"
	// RecordLabel says of a record of another source who it truly is. Quality is measured by it, and nothing is matched by it.
	RecordLabel RecordKind = "Label"
)

// Load says how new rows meet old ones.
// +kubebuilder:validation:Enum=Snapshot;Upsert;Append
type Load string

// The loads.
const (
	// LoadSnapshot: the input is complete; what is absent from it is gone.
	LoadSnapshot Load = "Snapshot"
	// LoadUpsert: the latest row by key counts.
	LoadUpsert Load = "Upsert"
	// LoadAppend: rows are only ever added.
	LoadAppend Load = "Append"
)

// DataSourceSpec declares where rows come from, what they mean and what must hold of them.
// +kubebuilder:validation:XValidation:rule="self.load == 'Append' || has(self.key)",message="load Snapshot and Upsert need a key"
// +kubebuilder:validation:XValidation:rule="self.recordKind in ['Profile','Label'] || has(self.timestamp)",message="Event, Transaction, Consent and Override rows need a timestamp"
// +kubebuilder:validation:XValidation:rule="!has(self.connector.postgres) || !has(self.connector.postgres.cursorColumn) || has(self.key)",message="a cursorColumn needs a key: rows at the cursor's last value are read again"
// +kubebuilder:validation:XValidation:rule="self.load != 'Snapshot' || !has(self.connector.postgres) || !has(self.connector.postgres.cursorColumn)",message="a Snapshot reads everything; leave cursorColumn out"
// +kubebuilder:validation:XValidation:rule="self.recordKind == 'Event' || !self.fields.exists(f, has(f.semantic) && f.semantic in ['eventName','sessionId'])",message="semantics eventName and sessionId belong to Event rows"
// +kubebuilder:validation:XValidation:rule="self.recordKind == 'Transaction' || !self.fields.exists(f, has(f.semantic) && f.semantic in ['amount','currency','quantity','orderId','refundedAmount','discount','cost','listPrice'])",message="semantics of money belong to Transaction rows"
// +kubebuilder:validation:XValidation:rule="self.recordKind != 'Transaction' || self.fields.exists(f, has(f.semantic) && f.semantic == 'amount')",message="Transaction rows need a field with semantic amount"
// +kubebuilder:validation:XValidation:rule="self.recordKind == 'Consent' || !self.fields.exists(f, has(f.semantic) && f.semantic in ['purpose','consentStatus','noticeVersion'])",message="semantics purpose, consentStatus and noticeVersion belong to Consent rows"
// +kubebuilder:validation:XValidation:rule="self.recordKind != 'Consent' || (self.fields.exists(f, has(f.semantic) && f.semantic == 'purpose') && self.fields.exists(f, has(f.semantic) && f.semantic == 'consentStatus') && self.fields.exists(f, has(f.semantic) && f.semantic in ['email','phone','identifier']))",message="Consent rows need fields with semantics purpose, consentStatus and an identifier (email, phone or identifier)"
// +kubebuilder:validation:XValidation:rule="self.recordKind == 'Override' || !self.fields.exists(f, has(f.semantic) && f.semantic in ['decision','firstSource','firstKey','secondSource','secondKey','reason','steward'])",message="semantics decision, firstSource, firstKey, secondSource, secondKey, reason and steward belong to Override rows"
// +kubebuilder:validation:XValidation:rule="self.recordKind != 'Override' || ['decision','firstSource','firstKey','secondSource','secondKey','reason'].all(s, self.fields.exists(f, has(f.semantic) && f.semantic == s))",message="Override rows need fields with semantics decision, firstSource, firstKey, secondSource, secondKey and reason"
// +kubebuilder:validation:XValidation:rule="self.recordKind == 'Label' || !self.fields.exists(f, has(f.semantic) && f.semantic in ['recordSource','recordKey','personId'])",message="semantics recordSource, recordKey and personId belong to Label rows"
// +kubebuilder:validation:XValidation:rule="self.recordKind != 'Label' || (self.fields.exists(f, has(f.semantic) && f.semantic == 'recordSource') && self.fields.exists(f, has(f.semantic) && f.semantic == 'recordKey') && self.fields.exists(f, has(f.semantic) && f.semantic == 'personId'))",message="Label rows need fields with semantics recordSource, recordKey and personId"
type DataSourceSpec struct {
	Common `json:",inline"`
	// Interval after which the source is looked at again.
	// +optional
	// +kubebuilder:default="15m"
	Interval *Duration `json:"interval,omitempty"`
	// Connector that reads the rows: exactly one.
	Connector SourceConnector `json:"connector"`
	// RecordKind: what one row is.
	RecordKind RecordKind `json:"recordKind"`
	// Load: how new rows meet old ones.
	Load Load `json:"load"`
	// Key are the columns that identify a row in its source. Without one, an appended row is its file and place.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=8
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	Key []string `json:"key,omitempty"`
	// Timestamp is when the row happened or was last changed.
	// +optional
	Timestamp *TimestampColumn `json:"timestamp,omitempty"`
	// Deleted is a CEL condition over `row`: rows for which it is true take the record with their key away.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Deleted string `json:"deleted,omitempty"`
	// Fields give columns a meaning or a type. Columns that are not listed are kept as text.
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=100
	// +kubebuilder:validation:XValidation:rule="self.all(f, self.exists_one(g, (has(g.name) ? g.name : g.semantic) == (has(f.name) ? f.name : f.semantic)))",message="two fields have the same name; give one of them another name"
	Fields []Field `json:"fields"`
	// Contract is what must hold of every row.
	// +optional
	// +kubebuilder:default={}
	Contract Contract `json:"contract,omitempty"`
	// Purposes that data from here may be used for; names of the Workspace's purposes.
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MaxLength=40
	Purposes []string `json:"purposes"`
	// DeletionPolicy says what becomes of the rows in the lake when the DataSource is deleted: Retain keeps them, Retract empties
	// its tables before the DataSource goes.
	// +optional
	// +kubebuilder:default=Retain
	// +kubebuilder:validation:Enum=Retain;Retract
	DeletionPolicy string `json:"deletionPolicy,omitempty"`
}

// TimestampColumn says where a row's time stands and how it is written.
type TimestampColumn struct {
	// Column that holds the time.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Column string `json:"column"`
	// Format in the letters of strptime, such as "%Y-%m-%d %H:%M"; without it ISO 8601 is expected.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Format string `json:"format,omitempty"`
	// TimeZone of times that carry none; without it the Workspace's.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	TimeZone string `json:"timeZone,omitempty"`
}

// FieldType is the type of an attribute.
// +kubebuilder:validation:Enum=string;integer;decimal;double;boolean;date;timestamp
type FieldType string

// Semantic is the meaning of a field; it decides normalisation, identity and hashing.
// +kubebuilder:validation:Enum=email;phone;identifier;givenName;middleName;surname;fullName;surnameReading;givenNameReading;birthDate;gender;street;houseNumber;city;region;postcode;country;fullAddress;organization;eventName;sessionId;amount;currency;quantity;sku;orderId;refundedAmount;discount;cost;listPrice;channel;purpose;consentStatus;noticeVersion;decision;firstSource;firstKey;secondSource;secondKey;reason;steward;recordSource;recordKey;personId
type Semantic string

// Field gives a column, or an expression over the row, a meaning.
// +kubebuilder:validation:XValidation:rule="has(self.column) != has(self.expression)",message="a field has either a column or an expression"
// +kubebuilder:validation:XValidation:rule="has(self.semantic) || (has(self.name) && has(self.type))",message="a field without a semantic needs a name and a type"
// +kubebuilder:validation:XValidation:rule="!has(self.semantic) || self.semantic != 'identifier' || has(self.name)",message="an identifier needs a name, such as loyaltyCard"
// +kubebuilder:validation:XValidation:rule="!has(self.semantic) || !has(self.type)",message="a field with a semantic has the semantic's type; leave type out"
// +kubebuilder:validation:XValidation:rule="!has(self.region) || (has(self.semantic) && self.semantic == 'phone')",message="region belongs to phone fields"
// +kubebuilder:validation:XValidation:rule="!has(self.format) || (has(self.type) && self.type in ['date','timestamp']) || (has(self.semantic) && self.semantic == 'birthDate')",message="format belongs to dates and timestamps"
// +kubebuilder:validation:XValidation:rule="!has(self.name) || !(self.name in ['known','rank','source','time'])",message="known, rank, source and time are names that expressions already use"
type Field struct {
	// Column of the input.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Column string `json:"column,omitempty"`
	// Expression in CEL over `row`, where a column does not do.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Expression string `json:"expression,omitempty"`
	// Semantic is the field's meaning.
	// +optional
	Semantic Semantic `json:"semantic,omitempty"`
	// Name in expressions; without it, the semantic's own.
	// +optional
	// +kubebuilder:validation:Pattern=`^[a-zA-Z][a-zA-Z0-9_]*$`
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name,omitempty"`
	// Type of an attribute that has no semantic.
	// +optional
	Type FieldType `json:"type,omitempty"`
	// Compare: how an attribute that has no semantic takes part in probabilistic matching. Without it, it does not, unless an
	// IdentityRule names it.
	// +optional
	// +kubebuilder:validation:Enum=Text;Exact;Date;Number
	Compare string `json:"compare,omitempty"`
	// Region, ISO 3166, of phone numbers written without a country code.
	// +optional
	// +kubebuilder:validation:Pattern=`^[A-Z]{2}$`
	Region string `json:"region,omitempty"`
	// Format of dates and timestamps in the letters of strptime; without it ISO 8601 is expected.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	Format string `json:"format,omitempty"`
}

// Contract is what must hold of every row, and what happens when it does not.
type Contract struct {
	// Rules, each a CEL condition over `row`; a rule is broken only where it is false.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=50
	Rules []ContractRule `json:"rules,omitempty"`
	// OnViolation: Quarantine the row, Reject the whole run, or Warn and keep the row.
	// +optional
	// +kubebuilder:default=Quarantine
	// +kubebuilder:validation:Enum=Quarantine;Reject;Warn
	OnViolation string `json:"onViolation,omitempty"`
	// MaxQuarantinePercent of a run's rows; a run with more is refused whole.
	// +optional
	// +kubebuilder:default=5
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	MaxQuarantinePercent *int32 `json:"maxQuarantinePercent,omitempty"`
	// OnSchemaChange: Extend the table by a new column, or Reject the run.
	// +optional
	// +kubebuilder:default=Extend
	// +kubebuilder:validation:Enum=Extend;Reject
	OnSchemaChange string `json:"onSchemaChange,omitempty"`
}

// ContractRule is one condition on every row.
type ContractRule struct {
	// Name of the rule, shown with the rows that break it.
	// +kubebuilder:validation:Pattern=`^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$`
	// +kubebuilder:validation:MaxLength=40
	Name string `json:"name"`
	// Expression in CEL over `row`.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Expression string `json:"expression"`
}

// DataSourceStatus adds the counts of the revision in use.
type DataSourceStatus struct {
	Status `json:",inline"`
	// Rows in the table.
	// +optional
	Rows *int64 `json:"rows,omitempty"`
	// Quarantined rows of the last run.
	// +optional
	Quarantined *int64 `json:"quarantined,omitempty"`
}

// DataSource declares where one kind of customer data comes from.
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:categories=kith,shortName=src
// +kubebuilder:printcolumn:name="Kind",type=string,JSONPath=`.spec.recordKind`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Rows",type=integer,JSONPath=`.status.rows`
// +kubebuilder:printcolumn:name="Fresh",type=string,JSONPath=`.status.conditions[?(@.type=="Fresh")].status`
// +kubebuilder:printcolumn:name="Last run",type=date,JSONPath=`.status.lastRunTime`
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the name must be a DNS label of at most 40 characters"
type DataSource struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec   DataSourceSpec   `json:"spec"`
	Status DataSourceStatus `json:"status,omitempty"`
}

// DataSourceList is a list of DataSources.
// +kubebuilder:object:root=true
type DataSourceList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []DataSource `json:"items"`
}
