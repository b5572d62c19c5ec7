// Package record holds what ingest knows about one record at a time: the declaration of a DataSource (Config), a row as a
// connector reads it (Row), and the pure step from one to the other (Schema, Worker): values normalised and typed, the
// key and the time of the record, the contract's rules, and why a row can't be kept. It links no cgo, so that
// declarations can be checked without an engine.
//
// What does not live here: reading (connectors), tables and revisions (ingest), the forms of single values (normalise).
package record

import "github.com/kith-dev/kith/internal/sqlgen"

// Kind says what one record is about.
type Kind string

// The kinds of records.
const (
	Profile     Kind = "Profile"
	Event       Kind = "Event"
	Transaction Kind = "Transaction"
	Consent     Kind = "Consent"
	Override    Kind = "Override"
	Label       Kind = "Label"
)

// Load says how what is read relates to what was read before.
type Load string

// The loads: Snapshot replaces everything, Upsert keeps the latest record of each key, Append only adds.
const (
	Snapshot Load = "Snapshot"
	Upsert   Load = "Upsert"
	Append   Load = "Append"
)

// Config declares one DataSource.
type Config struct {
	Name      string
	Kind      Kind
	Load      Load
	Key       []string // columns that identify a record in its source; Upsert needs them
	Timestamp Timestamp
	Deleted   string // CEL over `row`: true for a record that its source has deleted; empty for none
	Fields    []Field
	Contract  Contract
	Currency  string   // ISO 4217; transactions in another currency are quarantined; empty for no check
	Purposes  []string // the purposes that a Consent record may name
	TimeZone  string   // IANA name for dates and timestamps that carry no offset; empty for UTC
	Region    string   // ISO 3166, two letters, for phone fields that name none; empty for none
}

// Timestamp says when a record happened or was last changed.
type Timestamp struct {
	Column   string // empty for none; events and transactions need one
	Format   string // as strptime writes it; empty for ISO 8601
	TimeZone string // empty for Config.TimeZone
}

// Field makes one attribute, from a column or by an expression.
type Field struct {
	Column     string
	Expression string // CEL over `row`
	Semantic   string
	Name       string // the attribute's name; empty for the semantic's
	Type       sqlgen.Type
	Region     string // for phones; empty for Config.Region
	Format     string // for dates and timestamps, as strptime writes it; empty for ISO 8601
}

// Contract is what must hold of every row.
type Contract struct {
	Rules                []Rule
	OnViolation          OnViolation  // empty for Quarantine
	MaxQuarantinePercent float64      // of the rows that a run reads; 100 for no limit
	OnSchemaChange       SchemaChange // empty for Extend
}

// Rule is a CEL expression over `row`. Only false breaks it: where a column that it needs is missing, or it fails, it holds.
type Rule struct {
	Name       string
	Expression string
}

// OnViolation says what becomes of a row that breaks a rule.
type OnViolation string

// A row that breaks a rule is quarantined, fails the run, or is counted and kept.
const (
	Quarantine OnViolation = "Quarantine"
	Reject     OnViolation = "Reject"
	Warn       OnViolation = "Warn"
)

// SchemaChange says what becomes of a column that was not there before.
type SchemaChange string

// A new column is kept as text, or fails the run.
const (
	Extend        SchemaChange = "Extend"
	RejectChanges SchemaChange = "Reject"
)

// The columns that every source table has before its attributes.
const (
	KeyColumn      = "_key"
	TimeColumn     = "_time"
	RunColumn      = "_run"
	IngestedColumn = "_ingested_at"
	InvalidColumn  = "_invalid"
)

// The rules of the quarantine beside those of a contract.
const (
	RuleKey       = "key"       // a key column without a value
	RuleTimestamp = "timestamp" // no time that can be read, where the kind needs one
	RulePurpose   = "purpose"   // a purpose that the workspace does not know
	RuleStatus    = "consentStatus"
	RuleCurrency  = "currency"
	RuleRecord    = "record"   // an override that does not name two records
	RuleDecision  = "decision" // one that does not say what is decided
	RuleReason    = "reason"   // one that does not say why
	RuleEncoding  = "encoding" // bytes that are not text in the declared encoding
	RuleCSV       = "csv"      // a record that can't be split into its fields
	RuleJSON      = "json"     // a line that is not a JSON object
)
