package worker

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/kith-dev/kith/api/v1alpha1"
	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/plan"
	"github.com/kith-dev/kith/internal/segment"
)

func (t task) evaluate(ctx context.Context) (Outcome, error) {
	c, err := t.evaluation(ctx)
	if err != nil {
		return Outcome{}, err
	}
	tx, err := t.env.Lake.Begin(ctx, t.db, t.lakePlan())
	if err != nil {
		return Outcome{}, err
	}
	defer tx.Rollback()
	if done := tx.Done(); done != nil {
		return Outcome{Revision: done}, nil
	}
	result, err := segment.Run(ctx, segment.Env{Lake: t.env.Lake, DB: t.db, Progress: t.env.Progress}, tx, c)
	if err != nil {
		return Outcome{}, err
	}
	var state evaluateState
	for _, f := range result.Errors {
		state.Failed = append(state.Failed, Part{Kind: f.Kind, Name: f.Name, Class: fault.ClassOf(f.Err), Message: f.Err.Error()})
	}
	encoded, err := json.Marshal(state)
	if err != nil {
		return Outcome{}, err
	}
	rev, err := tx.Commit(ctx, result.Outputs(), string(encoded))
	return Outcome{Revision: rev}, err
}

// evaluation is the plan as the segment package takes it.
func (t task) evaluation(ctx context.Context) (segment.Config, error) {
	e := t.plan.Evaluate
	c := segment.Config{Rule: e.Rule, Now: t.plan.Now, TimeZone: e.TimeZone, Run: t.plan.Run, IdentifierOrder: e.IdentifierOrder}
	var err error
	if c.Identity, err = t.inputOf(ctx, "IdentityRule", e.Rule); err != nil {
		return c, err
	}
	for _, s := range e.Sources {
		if s.RecordKind != v1alpha1.RecordEvent && s.RecordKind != v1alpha1.RecordTransaction {
			continue
		}
		source := segment.Source{Name: s.Name, RecordKind: string(s.RecordKind)}
		for _, a := range s.Attributes {
			source.Attributes = append(source.Attributes, segment.Attribute{Name: a.Name, Type: a.Type, Identifier: a.Identifier})
		}
		if source.Revision, err = t.inputOf(ctx, "DataSource", s.Name); err != nil {
			return c, err
		}
		c.Sources = append(c.Sources, source)
	}
	for _, class := range e.Classes {
		c.Classes = append(c.Classes, segment.Class(class))
	}
	for _, tr := range e.Traits {
		c.Traits = append(c.Traits, segment.Trait(tr))
	}
	for _, s := range e.Segments {
		out := segmentOf(s)
		if slices.Contains(t.plan.Approved, s.Name) {
			out.MaxChangePercent = 0
		}
		c.Segments = append(c.Segments, out)
	}
	return c, nil
}

func segmentOf(s plan.Segment) segment.Segment {
	out := segment.Segment{Name: s.Name, Where: s.Where, Purposes: s.Purposes, Due: !s.Suspended, MaxChangePercent: int64(s.MaxChangePercent)}
	if s.Rank != nil {
		out.Rank = &segment.Rank{By: s.Rank.By, Descending: s.Rank.Order != "Ascending", Limit: s.Rank.Limit}
	}
	return out
}
