package segment

import (
	"context"
	"slices"

	"github.com/kith-dev/kith/internal/fault"
	"github.com/kith-dev/kith/internal/segment/lang"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// hold keeps the last members of the Segments of a level that went over their budgets: for every purpose, whichever it was for,
// because what a class of purposes makes of a Segment is one thing. What needs such a Segment reads the members it keeps, as it does of one
// that is suspended.
func (r *run) hold(ctx context.Context, level []lang.Item) error {
	for _, item := range level {
		s := r.segment(item.Name)
		if item.Kind != "Segment" || s.MaxChangePercent <= 0 || r.kept(s) {
			continue
		}
		over, err := r.overBudget(ctx, s)
		if err != nil {
			return err
		}
		if over == nil {
			continue
		}
		r.held[s.Name] = true
		r.result.Errors = append(r.result.Errors, Failure{"Segment", s.Name, over})
		if err := r.exec(ctx, "DELETE FROM eval_members WHERE segment = {s}", sqlgen.Args{"s": r.segmentNumber(s.Name)}); err != nil {
			return err
		}
	}
	r.failWithout()
	return nil
}

const spent = `SELECT purpose, CAST(sum(had) AS BIGINT), CAST(sum(entered) AS BIGINT), CAST(sum(gone) AS BIGINT) FROM (
	SELECT purpose, 1 AS had, 0 AS entered, 0 AS gone FROM eval_old WHERE segment = {s}
	UNION ALL SELECT m.purpose, 0, 1, 0 FROM eval_members m
		ANTI JOIN eval_old o ON o.segment = m.segment AND o.purpose = m.purpose AND o.n = m.n WHERE m.segment = {s}
	UNION ALL SELECT o.purpose, 0, 0, 1 FROM eval_old o
		ANTI JOIN eval_members m ON o.segment = m.segment AND o.purpose = m.purpose AND o.n = m.n WHERE o.segment = {s}
) GROUP BY purpose`

// overBudget is the error of a Segment whose members change too much for one of its purposes, else nil.
func (r *run) overBudget(ctx context.Context, s *Segment) (over, err error) {
	type change struct{ before, entered, left int64 }
	changes := map[int]change{}
	err = r.DB.Rows(ctx, sqlgen.Format(spent, sqlgen.Args{"s": r.segmentNumber(s.Name)}), func(scan func(...any) error) error {
		var purpose int
		var c change
		err := scan(&purpose, &c.before, &c.entered, &c.left)
		changes[purpose] = c
		return err
	})
	for _, p := range s.Purposes {
		c := changes[r.purposeNumber(p)]
		if Over(s.MaxChangePercent, c.before, c.entered, c.left) {
			return fault.New(fault.BudgetExceeded, "for purpose %s %d would enter and %d would leave, of %d members, more than the %d percent that budget.maxChangePercent allows; it keeps its members until the run is approved or the budget is raised",
				p, c.entered, c.left, c.before, s.MaxChangePercent), err
		}
	}
	return nil, err
}

// Over says whether so many of the members before may not enter and leave at once; 0 percent is no limit. Where nobody was a member there
// is no budget: that is how a Segment begins.
func Over(maxChangePercent, before, entered, left int64) bool {
	return maxChangePercent > 0 && before > 0 && 100*(entered+left) > maxChangePercent*before
}

// failWithout fails what needs the members that a held Segment does not have: it was never evaluated for any of the purposes of
// a class, and nobody would be taken for a member. What needs one that failed so fails too.
func (r *run) failWithout() {
	if len(r.held) == 0 {
		return
	}
	for _, level := range r.space.Levels {
		for _, item := range level {
			k := lang.Key(item.Kind, item.Name)
			if why := r.lacks(item); why != "" && r.space.Failed[k] == nil {
				r.lost[k] = true
				r.space.Failed[k] = fault.New(fault.ReferenceNotFound, "it needs %s, which has no result for one of its purposes: a Segment is over its budget", why)
				r.result.Errors = append(r.result.Errors, Failure{item.Kind, item.Name, r.space.Failed[k]})
			}
		}
	}
}

// lacks names what an item needs and can't have, empty when there is nothing.
func (r *run) lacks(item lang.Item) string {
	for _, name := range needed(item) {
		if r.lost[lang.Key("Segment", name)] || r.held[name] && !r.keptFor(name, item) {
			return lang.Key("Segment", name)
		}
	}
	for _, t := range r.Traits {
		k := lang.Key("Trait", t.Name)
		reads := func(e *lang.Compiled) bool { return e != nil && slices.Contains(e.Profile, t.Attribute) }
		if r.lost[k] && (reads(item.Value) || reads(item.Rank)) {
			return k
		}
	}
	return ""
}

// keptFor says whether a held Segment has members, be it none, for every class that an item is evaluated for.
func (r *run) keptFor(name string, item lang.Item) bool {
	s := r.segment(name)
	for _, c := range r.Classes {
		if item.Kind == "Segment" && len(r.segment(item.Name).purposesIn(c)) == 0 {
			continue
		}
		if in := s.purposesIn(c); len(in) > 0 && !slices.ContainsFunc(in, func(p string) bool { return r.before(name, p) }) {
			return false
		}
	}
	return true
}
