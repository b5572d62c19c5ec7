package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"cel.dev/cel-go/cel"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/normalise"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Column is a column of the source table.
type Column struct {
	Name string
	Type sqlgen.Type
}

// Schema is a Config that was checked and compiled. It is safe for concurrent use.
type Schema struct {
	cfg     Config
	attrs   []attribute
	time    normalise.Layout
	zone    *time.Location
	deleted *program
	rules   []rule
	purpose map[string]bool

	purposeAt, statusAt, currencyAt int // places of attributes; -1 for none
	override                        overrideAt
}

// attribute is a compiled Field.
type attribute struct {
	Column
	from     string   // input column, or
	expr     *program // expression
	semantic string
	region   string
	layout   normalise.Layout
	zone     *time.Location
}

type rule struct {
	name string
	*program
}

// Compile checks a declaration as far as that is possible without its data. Errors, joined where there are several, are of class
// InvalidManifest and, for expressions, InvalidExpression with line and column.
func Compile(cfg Config) (*Schema, error) {
	s := &Schema{cfg: cfg, purpose: map[string]bool{}}
	for _, p := range cfg.Purposes {
		s.purpose[p] = true
	}
	err := errors.Join(s.checkShape(), s.compileTimes(), s.compileFields(), s.compileRules())
	if err == nil {
		err = s.checkMeaning()
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// CheckExpressions is Compile for those who only want to know.
func CheckExpressions(cfg Config) error {
	_, err := Compile(cfg)
	return err
}

func (s *Schema) invalid(format string, args ...any) error {
	return fault.New(fault.InvalidManifest, "DataSource %s: %s", s.cfg.Name, fmt.Sprintf(format, args...))
}

func (s *Schema) checkShape() error {
	c := s.cfg
	switch c.Kind {
	case Profile, Event, Transaction, Consent, Override, Label:
	default:
		return s.invalid("recordKind %q is not known", c.Kind)
	}
	switch c.Load {
	case Snapshot, Append:
	case Upsert:
		if len(c.Key) == 0 {
			return s.invalid("load: Upsert needs a key")
		}
	default:
		return s.invalid("load %q is not known", c.Load)
	}
	switch c.Contract.OnViolation {
	case "", Quarantine, Reject, Warn:
	default:
		return s.invalid("contract.onViolation %q is not known", c.Contract.OnViolation)
	}
	switch c.Contract.OnSchemaChange {
	case "", Extend, RejectChanges:
	default:
		return s.invalid("contract.onSchemaChange %q is not known", c.Contract.OnSchemaChange)
	}
	if p := c.Contract.MaxQuarantinePercent; p < 0 || p > 100 {
		return s.invalid("contract.maxQuarantinePercent must be from 0 to 100")
	}
	if c.Timestamp.Column == "" && (c.Kind == Event || c.Kind == Transaction || c.Kind == Override) {
		return s.invalid("records of kind %s need a timestamp", c.Kind)
	}
	return nil
}

func (s *Schema) compileTimes() (err error) {
	if s.zone, err = s.location(s.cfg.Timestamp.TimeZone); err != nil {
		return err
	}
	if s.time, err = normalise.ParseLayout(s.cfg.Timestamp.Format); err != nil {
		return s.invalid("timestamp: %s", err)
	}
	return nil
}

func (s *Schema) location(name string) (*time.Location, error) {
	if name == "" {
		name = s.cfg.TimeZone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, s.invalid("time zone %q is not known", name)
	}
	return zone, nil
}

func (s *Schema) compileFields() error {
	env, err := newEnv()
	if err != nil {
		return err
	}
	taken := map[string]string{}
	for _, reserved := range []string{KeyColumn, TimeColumn, RunColumn, IngestedColumn, InvalidColumn} {
		taken[reserved] = "a column that every source has"
	}
	var errs []error
	for i, f := range s.cfg.Fields {
		a, err := s.compileField(env, i, f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		lower := strings.ToLower(a.Name)
		if other, ok := taken[lower]; ok {
			errs = append(errs, s.invalid("fields[%d]: the attribute name %q is taken by %s (upper and lower case are not told apart)", i, a.Name, other))
		}
		taken[lower] = fmt.Sprintf("fields[%d]", i)
		s.attrs = append(s.attrs, a)
	}
	return errors.Join(errs...)
}

func (s *Schema) compileField(env *cel.Env, i int, f Field) (attribute, error) {
	a := attribute{from: f.Column, semantic: f.Semantic, region: f.Region}
	if f.Semantic != "" && !normalise.Known(f.Semantic) {
		return a, s.invalid("fields[%d]: semantic %q is not known", i, f.Semantic)
	}
	a.Name, a.Type = normalise.Attribute(f.Semantic, f.Name), normalise.TypeOf(f.Semantic, f.Type)
	if a.Name == "" {
		return a, s.invalid("fields[%d]: a name is needed, as the semantic gives none", i)
	}
	switch a.Type {
	case sqlgen.String, sqlgen.Integer, sqlgen.Decimal, sqlgen.Double, sqlgen.Boolean, sqlgen.Date, sqlgen.Timestamp:
	default:
		return a, s.invalid("fields[%d]: type %q is not known", i, a.Type)
	}
	if a.region == "" {
		a.region = s.cfg.Region
	}
	if f.Semantic == normalise.SemanticPhone && a.region != "" && !normalise.KnownRegion(a.region) {
		return a, s.invalid("fields[%d]: region %q is not a country of two letters", i, a.region)
	}
	var err error
	if a.zone, err = s.location(""); err != nil {
		return a, err
	}
	if a.layout, err = normalise.ParseLayout(f.Format); err != nil {
		return a, s.invalid("fields[%d]: %s", i, err)
	}
	switch {
	case (f.Column == "") == (f.Expression == ""):
		return a, s.invalid("fields[%d]: exactly one of column and expression is needed", i)
	case f.Expression != "":
		a.expr, err = compile(env, fmt.Sprintf("DataSource %s: fields[%d].expression", s.cfg.Name, i), f.Expression, cel.DynType)
	}
	return a, err
}

func (s *Schema) compileRules() error {
	env, err := newEnv()
	if err != nil {
		return err
	}
	var errs []error
	if s.cfg.Deleted != "" {
		s.deleted, err = compile(env, fmt.Sprintf("DataSource %s: deleted", s.cfg.Name), s.cfg.Deleted, cel.BoolType)
		errs = append(errs, err)
	}
	taken := map[string]bool{}
	for i, r := range s.cfg.Contract.Rules {
		if r.Name == "" || taken[r.Name] {
			errs = append(errs, s.invalid("contract.rules[%d] needs a name that no other rule has", i))
		}
		taken[r.Name] = true
		p, err := compile(env, fmt.Sprintf("DataSource %s: contract rule %q", s.cfg.Name, r.Name), r.Expression, cel.BoolType)
		errs = append(errs, err)
		s.rules = append(s.rules, rule{r.Name, p})
	}
	return errors.Join(errs...)
}

// checkMeaning asks for the fields without which a kind of record says nothing.
func (s *Schema) checkMeaning() error {
	s.purposeAt, s.statusAt = s.bySemantic(normalise.SemanticPurpose), s.bySemantic(normalise.SemanticConsentStatus)
	s.currencyAt = s.bySemantic(normalise.SemanticCurrency)
	if s.cfg.Kind == Consent && (s.purposeAt < 0 || s.statusAt < 0) {
		return s.invalid("records of kind Consent need a field with the semantic %s and one with %s", normalise.SemanticPurpose, normalise.SemanticConsentStatus)
	}
	if s.cfg.Kind == Override {
		var err error
		s.override, err = s.findOverride()
		return err
	}
	for _, semantic := range []string{normalise.SemanticRecordSource, normalise.SemanticRecordKey, normalise.SemanticPersonID} {
		if s.cfg.Kind == Label && s.bySemantic(semantic) < 0 {
			return s.invalid("records of kind Label need a field with the semantic %s", semantic)
		}
	}
	return nil
}

func (s *Schema) bySemantic(semantic string) int {
	for i, a := range s.attrs {
		if a.semantic == semantic {
			return i
		}
	}
	return -1
}

// Attributes are the declared columns of the source table, in the order of the fields.
func (s *Schema) Attributes() []Column {
	out := make([]Column, len(s.attrs))
	for i, a := range s.attrs {
		out[i] = a.Column
	}
	return out
}

// Required are the input columns that the declaration uses.
func (s *Schema) Required() []Need {
	var out []Need
	for i, a := range s.attrs {
		if a.expr == nil {
			out = append(out, Need{a.from, fmt.Sprintf("fields[%d]", i)})
		} else {
			out = append(out, a.expr.required()...)
		}
	}
	for _, k := range s.cfg.Key {
		out = append(out, Need{k, "key"})
	}
	if c := s.cfg.Timestamp.Column; c != "" {
		out = append(out, Need{c, "timestamp"})
	}
	for _, p := range s.programs() {
		out = append(out, p.required()...)
	}
	return out
}

func (p *program) required() []Need {
	_, use, _ := strings.Cut(p.what, ": ")
	out := make([]Need, len(p.needs))
	for i, c := range p.needs {
		out[i] = Need{c, use}
	}
	return out
}

// programs are the conditions: deleted and the rules.
func (s *Schema) programs() []*program {
	var out []*program
	if s.deleted != nil {
		out = append(out, s.deleted)
	}
	for _, r := range s.rules {
		out = append(out, r.program)
	}
	return out
}

// Shape is a text that is equal for two declarations that make the same records of the same input. Limits and names are not in it.
func (s *Schema) Shape() string {
	c := s.cfg
	c.Name, c.Contract.MaxQuarantinePercent, c.Contract.OnSchemaChange = "", 0, ""
	text, _ := json.Marshal(c)
	return string(text)
}
