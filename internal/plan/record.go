package plan

import (
	"strings"

	"github.com/kith-dev/kith/internal/ingest/record"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Record is a DataSource's declaration as the ingest takes it.
func (p *IngestPlan) Record(name string) record.Config {
	s := p.Source
	out := record.Config{
		Name: name, Kind: record.Kind(s.RecordKind), Load: record.Load(s.Load), Key: s.Key, Deleted: s.Deleted,
		Currency: p.Currency, Purposes: p.Purposes, TimeZone: p.TimeZone,
		Contract: record.Contract{
			OnViolation: record.OnViolation(s.Contract.OnViolation), OnSchemaChange: record.SchemaChange(s.Contract.OnSchemaChange),
			MaxQuarantinePercent: 5,
		},
	}
	if percent := s.Contract.MaxQuarantinePercent; percent != nil {
		out.Contract.MaxQuarantinePercent = float64(*percent)
	}
	if t := s.Timestamp; t != nil {
		out.Timestamp = record.Timestamp{Column: t.Column, Format: t.Format, TimeZone: t.TimeZone}
	}
	for _, r := range s.Contract.Rules {
		out.Contract.Rules = append(out.Contract.Rules, record.Rule{Name: r.Name, Expression: r.Expression})
	}
	for _, f := range s.Fields {
		out.Fields = append(out.Fields, record.Field{
			Column: f.Column, Expression: f.Expression, Semantic: string(f.Semantic), Name: f.Name,
			Type: sqlgen.Type(f.Type), Region: f.Region, Format: f.Format,
		})
	}
	return out
}

// dataSource checks what a DataSource's schema can't: expressions over rows, time zones and formats.
func (c *checker) dataSource(name string, p *IngestPlan) {
	if err := record.CheckExpressions(p.Record(name)); err != nil {
		for _, e := range unjoin(err) {
			c.problems = append(c.problems, Problem{Kind: "DataSource", Name: name, Field: "spec", Err: e})
		}
	}
}

func unjoin(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok && strings.Contains(err.Error(), "\n") {
		return j.Unwrap()
	}
	return []error{err}
}
