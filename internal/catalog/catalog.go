// Package catalog shows a lake as the public relations of docs/lake.md: for every subject the tables of its latest
// revision, under the schemas that people query. Readers of the lake outside the runs themselves (kith query, explain, report) go through it.
//
// What does not live here: reading and writing tables (lake) and what their columns mean (ingest, identity, segment, activation).
package catalog

import (
	"context"
	"encoding/json"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// Attach makes one view for each relation of the lake, kith.runs and <rule>.revisions included.
func Attach(ctx context.Context, l *lake.Lake, db *engine.DB) error {
	revs, err := l.Revisions(ctx)
	if err != nil {
		return err
	}
	latest := map[[3]string]*lake.Revision{}
	for i := range revs {
		latest[[3]string{revs[i].Task, revs[i].Kind, revs[i].Subject}] = &revs[i]
	}
	schemas := map[string]bool{}
	for i := range revs {
		r := &revs[i]
		if latest[[3]string{r.Task, r.Kind, r.Subject}] != r {
			continue
		}
		for _, v := range r.Tables {
			if err := schema(ctx, db, schemas, v.Table.Schema); err != nil {
				return err
			}
			if err := l.View(ctx, db, sqlgen.Name(v.Table.Schema, v.Table.Name), r, v.Table); err != nil {
				return err
			}
		}
	}
	return attachRuns(ctx, db, schemas, revs)
}

func schema(ctx context.Context, db *engine.DB, have map[string]bool, name string) error {
	if have[name] {
		return nil
	}
	have[name] = true
	return db.Exec(ctx, sqlgen.Format("CREATE SCHEMA IF NOT EXISTS {name}", sqlgen.Args{"name": sqlgen.Name(name)}))
}

const createRuns = `CREATE TABLE kith.runs (run VARCHAR, task VARCHAR, kind VARCHAR, subject VARCHAR, serial BIGINT,
	plan_hash VARCHAR, now TIMESTAMPTZ, committed_at TIMESTAMPTZ, inputs VARCHAR, outputs VARCHAR)`

func attachRuns(ctx context.Context, db *engine.DB, schemas map[string]bool, revs []lake.Revision) error {
	if err := schema(ctx, db, schemas, "kith"); err != nil {
		return err
	}
	if err := db.Exec(ctx, createRuns); err != nil {
		return err
	}
	rules := map[string]bool{}
	for _, r := range revs {
		if err := insertRun(ctx, db, r); err != nil {
			return err
		}
		if r.Kind == "IdentityRule" {
			rules[r.Subject] = true
		}
	}
	for rule := range rules {
		if err := schema(ctx, db, schemas, rule); err != nil {
			return err
		}
		err := db.Exec(ctx, sqlgen.Format(
			"CREATE VIEW {view} AS SELECT run, task, serial, now, committed_at, inputs, outputs FROM kith.runs WHERE kind = 'IdentityRule' AND subject = {rule}",
			sqlgen.Args{"view": sqlgen.Name(rule, "revisions"), "rule": rule}))
		if err != nil {
			return err
		}
	}
	return nil
}

func insertRun(ctx context.Context, db *engine.DB, r lake.Revision) error {
	inputs, err := json.Marshal(r.Inputs)
	if err != nil {
		return err
	}
	outputs, err := json.Marshal(r.Outputs)
	if err != nil {
		return err
	}
	return db.Exec(ctx, sqlgen.Format(
		`INSERT INTO kith.runs VALUES ({run}, {task}, {kind}, {subject}, {serial}, {hash}, {now}, {at}, {inputs}, {outputs})`,
		sqlgen.Args{"run": r.Run, "task": r.Task, "kind": r.Kind, "subject": r.Subject, "serial": r.Serial, "hash": r.PlanHash,
			"now": r.Now.UTC().Truncate(time.Microsecond), "at": r.CommittedAt, "inputs": string(inputs), "outputs": string(outputs)}))
}

// CheckReadOnly refuses SQL that is anything but one SELECT, so that a query never writes into the lake.
func CheckReadOnly(ctx context.Context, db *engine.DB, query string) error {
	var answer string
	err := db.Row(ctx, sqlgen.Format("SELECT CAST(json_serialize_sql({query}) AS VARCHAR)", sqlgen.Args{"query": query}), &answer)
	if err != nil {
		return err
	}
	var parsed struct {
		Error      bool              `json:"error"`
		Message    string            `json:"error_message"`
		Statements []json.RawMessage `json:"statements"`
	}
	if err := json.Unmarshal([]byte(answer), &parsed); err != nil {
		return err
	}
	if parsed.Error {
		return fault.New(fault.InvalidExpression, "the query is not a SELECT that DuckDB understands: %s", parsed.Message)
	}
	if len(parsed.Statements) != 1 {
		return fault.New(fault.InvalidExpression, "give one SELECT, not %d statements", len(parsed.Statements))
	}
	return nil
}
