// Package plan turns declarations into work. A Plan is the contract between the two halves of Kith: a JSON document with
// everything that a worker needs, so that the same plan on the same lake gives the same result. The functions here
// are pure: they take objects, what is known of earlier runs and the time, and say what should run now and why. `kith run`
// and the controllers build their plans with them.
//
// What does not live here: running a plan (internal/worker), reading the lake or the cluster, and clocks.
package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Subject is an object that runs are made for, with the task: one lock, one line of serials.
type Subject struct {
	Task v1alpha1.Task `json:"task"`
	Kind string        `json:"kind"`
	Name string        `json:"name"`
}

// Input is a revision that another is computed from.
type Input struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Run  string `json:"run"`
}

// Revision is what the planner has to know of a subject's latest result.
type Revision struct {
	Run      string
	Serial   int64
	PlanHash string
	Now      time.Time
	Inputs   []Input
	// Incomplete: it left work undone that a further run can do, such as people who could not be delivered.
	Incomplete bool
}

// Revisions are the latest results by subject.
type Revisions map[Subject]Revision

// Plan is one run's work. Exactly one of the task's parts is set.
type Plan struct {
	Subject Subject   `json:"subject"`
	Run     string    `json:"run"`
	Serial  int64     `json:"serial"`
	Now     time.Time `json:"now"`
	// Base is the run whose revision this one builds on; a commit onto another is refused.
	Base   string  `json:"base,omitempty"`
	Inputs []Input `json:"inputs,omitempty"`
	// Approved are the parts that may exceed their budget in this run: the names of an Evaluate's Segments, or that of a Resolve's or Sync's
	// subject.
	Approved []string `json:"approved,omitempty"`
	// Lake is the volume that holds the lake. A worker in a cluster finds it mounted and does not look at this.
	Lake *v1alpha1.Volume `json:"lake,omitempty"`

	Ingest   *IngestPlan   `json:"ingest,omitempty"`
	Resolve  *ResolvePlan  `json:"resolve,omitempty"`
	Evaluate *EvaluatePlan `json:"evaluate,omitempty"`
	Canary   *CanaryPlan   `json:"canary,omitempty"`
	Sync     *SyncPlan     `json:"sync,omitempty"`
	Maintain *MaintainPlan `json:"maintain,omitempty"`
}

// IngestPlan reads one DataSource.
type IngestPlan struct {
	Source   v1alpha1.DataSourceSpec `json:"source"`
	TimeZone string                  `json:"timeZone"`
	Currency string                  `json:"currency"`
	// Purposes that a Consent row may name.
	Purposes []string `json:"purposes,omitempty"`
	// Retract empties the source's tables instead of reading it: the DataSource is being deleted.
	Retract bool `json:"retract,omitempty"`
}

// ResolvePlan makes the people of one IdentityRule.
type ResolvePlan struct {
	Rule    v1alpha1.IdentityRuleSpec `json:"rule"`
	Sources []Source                  `json:"sources"`
	// Overrides is the source of decisions about records; nil for none.
	Overrides *Source `json:"overrides,omitempty"`
	Classes   []Class `json:"classes"`
	// Labels is the source that people are judged by. It is read where the plan's inputs have a revision of it.
	Labels *Source `json:"labels,omitempty"`
}

// EvaluatePlan computes the Traits and Segments of one IdentityRule.
type EvaluatePlan struct {
	Rule     string    `json:"rule"`
	TimeZone string    `json:"timeZone"`
	Sources  []Source  `json:"sources"`
	Classes  []Class   `json:"classes"`
	Traits   []Trait   `json:"traits,omitempty"`
	Segments []Segment `json:"segments,omitempty"`
	// IdentifierOrder is how an event finds its profile: strongest first.
	IdentifierOrder []string `json:"identifierOrder"`
}

// SyncPlan brings one Activation's destination up to date.
type SyncPlan struct {
	Rule        string                        `json:"rule"`
	Activation  v1alpha1.ActivationSpec       `json:"activation"`
	Connector   v1alpha1.DestinationConnector `json:"connector"`
	Delivery    v1alpha1.Delivery             `json:"delivery"`
	Purpose     v1alpha1.Purpose              `json:"purpose"`
	Class       string                        `json:"class"`
	Destination string                        `json:"destination"`
	// Profile are the attributes that the fields' expressions can name.
	Profile []Attribute `json:"profile"`
	// TimeZone for the expressions of fields.
	TimeZone string `json:"timeZone"`
	// RemoveMembers takes out everybody the ledger has at the destination and sends nobody: the Activation is being deleted.
	RemoveMembers bool `json:"removeMembers,omitempty"`
}

// MaintainPlan removes what no revision needs.
type MaintainPlan struct {
	Retention v1alpha1.Duration `json:"retention"`
}

// Source is one DataSource as the space sees it.
type Source struct {
	Name       string              `json:"name"`
	RecordKind v1alpha1.RecordKind `json:"recordKind"`
	Priority   int32               `json:"priority"`
	Attributes []Attribute         `json:"attributes"`
}

// Attribute is one column of a source or profile.
type Attribute struct {
	Name     string      `json:"name"`
	Semantic string      `json:"semantic,omitempty"`
	Type     sqlgen.Type `json:"type"`
	// Identifier is the kind of identifier that the column holds: email, phone or an identifier's name; else empty.
	Identifier string `json:"identifier,omitempty"`
	// Compare is how an attribute without a semantic takes part in probabilistic matching; empty for not at all.
	Compare string `json:"compare,omitempty"`
}

// Trait is a computed attribute.
type Trait struct {
	Name       string `json:"name"`
	Attribute  string `json:"attribute"`
	Expression string `json:"expression"`
}

// Segment is a condition with the purposes it is evaluated for.
type Segment struct {
	Name     string         `json:"name"`
	Where    string         `json:"where"`
	Rank     *v1alpha1.Rank `json:"rank,omitempty"`
	Purposes []string       `json:"purposes"`
	// MaxChangePercent of the members who may enter and leave at once; 0 is no limit.
	MaxChangePercent int32 `json:"maxChangePercent,omitempty"`
	// Suspended: its last result stays as it is.
	Suspended bool `json:"suspended,omitempty"`
}

// Hash is equal for two plans that would do the same: it leaves out the time, the serial, the base, approvals and where the lake is.
func (p *Plan) Hash() string {
	q := *p
	q.Run, q.Serial, q.Base, q.Now, q.Approved, q.Lake = "", 0, "", time.Time{}, nil, nil
	b, err := json.Marshal(q)
	if err != nil {
		panic(err) // a Plan holds nothing that JSON can't
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// Encode writes the document that a worker reads.
func (p *Plan) Encode() ([]byte, error) { return json.MarshalIndent(p, "", "  ") }

// Decode reads a plan's document and refuses fields it does not know: a worker never does half of a newer plan.
func Decode(b []byte) (*Plan, error) {
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.DisallowUnknownFields()
	var p Plan
	if err := d.Decode(&p); err != nil {
		return nil, fault.New(fault.InvalidManifest, "the plan can't be read (was it made by another version of kith?): %w", err)
	}
	return &p, nil
}

// number gives a plan its serial, run name and base, after the latest revision of its subject.
func (p *Plan) number(last *Revision, now time.Time) *Plan {
	p.Now = now.UTC().Truncate(time.Microsecond)
	if last == nil {
		return p.renumber(1)
	}
	p.Base = last.Run
	return p.renumber(last.Serial + 1)
}

// After numbers the plan as the next one after a serial.
func (p *Plan) After(serial int64) { p.renumber(max(serial, p.Serial-1) + 1) }

func (p *Plan) renumber(serial int64) *Plan {
	p.Serial, p.Run = serial, fmt.Sprintf("%s-%s-%d", p.Subject.Name, strings.ToLower(string(p.Subject.Task)), serial)
	return p
}
