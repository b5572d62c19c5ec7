package plan

import (
	"time"

	"github.com/kith-dev/kith/api/v1alpha1"
)

// RemoveMembers plans to take the people of an Activation that is being deleted out of its destination. A Destination that is
// gone already is taken from last, the newest plan of the Activation; the result is nil when there is none either.
func RemoveMembers(o *Objects, a *v1alpha1.Activation, last *Plan, revs Revisions, now time.Time) *Plan {
	spec := *a.Spec.DeepCopy()
	spec.Common, spec.Interval, spec.DeletionPolicy = v1alpha1.Common{}, nil, ""
	s := &SyncPlan{Rule: o.RuleOf(a), Activation: spec, Destination: a.Spec.DestinationRef.Name, TimeZone: "UTC", RemoveMembers: true}
	p := &Plan{Subject: SyncSubject(a.Name), Sync: s, Lake: o.lake()}
	switch d := o.Destination(a.Spec.DestinationRef.Name); {
	case d != nil:
		s.Connector, s.Delivery = d.Spec.Connector, d.Spec.Delivery
	case last != nil && last.Sync != nil:
		s.Connector, s.Delivery = last.Sync.Connector, last.Sync.Delivery
	default:
		return nil
	}
	return p.undo(last, revs, now)
}

// Retract plans to empty the tables of a DataSource that is being deleted. The result is nil when nothing tells where the lake is.
func Retract(o *Objects, d *v1alpha1.DataSource, last *Plan, revs Revisions, now time.Time) *Plan {
	p := &Plan{Subject: IngestSubject(d.Name), Lake: o.lake()}
	if o.Workspace != nil {
		p.Ingest = ingestPlan(o, d)
	} else if last != nil && last.Ingest != nil {
		in := *last.Ingest
		p.Ingest = &in
	} else {
		return nil
	}
	p.Ingest.Retract = true
	return p.undo(last, revs, now)
}

func (p *Plan) undo(last *Plan, revs Revisions, now time.Time) *Plan {
	if p.Lake == nil && last != nil {
		p.Lake = last.Lake
	}
	if p.Lake == nil {
		return nil
	}
	return p.number(revs.last(p.Subject), now)
}

// lake is the volume of the tenant's lake, nil without a Workspace.
func (o *Objects) lake() *v1alpha1.Volume {
	if o.Workspace == nil {
		return nil
	}
	return o.Workspace.Spec.Lake.Volume
}
