package worker

import (
	"context"
	"strings"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/connectors/filesource"
	"github.com/kith-dev/kith/internal/connectors/pgsource"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/ingest"
	"github.com/kith-dev/kith/internal/ingest/record"
)

// ingest reads the source, unless a look at it shows that nothing has changed since the plan's base, or takes back what was read.
func (t task) ingest(ctx context.Context) (Outcome, error) {
	env := ingest.Env{Lake: t.env.Lake, DB: t.db, Plan: t.lakePlan(), Progress: t.env.Progress}
	if t.plan.Ingest.Retract {
		rev, err := ingest.Retract(ctx, env, t.plan.Subject.Name)
		return Outcome{Revision: rev}, err
	}
	config := t.plan.Ingest.Record(t.plan.Subject.Name)
	source, err := t.source()
	if err != nil {
		return Outcome{}, err
	}
	if t.latest != nil && t.latest.PlanHash == t.plan.Hash() {
		changed, err := ingest.Poll(ctx, config, source, t.latest)
		if err != nil || !changed {
			return Outcome{}, err
		}
	}
	result, err := ingest.Run(ctx, env, config, source)
	return Outcome{Revision: result.Revision}, err
}

func (t task) source() (record.Source, error) {
	switch c := t.plan.Ingest.Source.Connector; {
	case c.Files != nil:
		return t.files(c.Files)
	case c.Postgres != nil:
		return t.postgres(c.Postgres)
	}
	return nil, fault.New(fault.InvalidManifest, "DataSource %s has no connector", t.plan.Subject.Name)
}

func (t task) files(f *v1alpha1.FilesSource) (record.Source, error) {
	root, err := t.env.volume(f.Volume)
	if err != nil {
		return nil, err
	}
	c := filesource.Config{
		Name: t.plan.Subject.Name, Root: root, Path: f.Path, Format: filesource.Format(f.Format), DB: t.db,
		CSV: filesource.CSV{Header: true},
	}
	if o := f.CSV; o != nil {
		c.CSV = filesource.CSV{
			Delimiter: o.Delimiter, Quote: o.Quote, Encoding: o.Encoding, Header: o.Header == nil || *o.Header,
			Columns: o.Columns, NullValues: o.NullValues, Whitespace: o.Whitespace,
		}
	}
	return filesource.New(c)
}

func (t task) postgres(p *v1alpha1.PostgresSource) (record.Source, error) {
	dsn, err := t.env.secret(p.DSNSecretRef.Name, p.DSNSecretRef.Key)
	if err != nil {
		return nil, err
	}
	c := pgsource.Config{Name: t.plan.Subject.Name, DSN: dsn, Table: p.Table, Query: p.Query, CursorColumn: p.CursorColumn}
	if schema, table, ok := strings.Cut(p.Table, "."); ok {
		c.Schema, c.Table = schema, table
	}
	return pgsource.New(c)
}
