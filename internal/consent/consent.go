// Package consent decides whether a person may be reached for a purpose, from what was recorded for each of the person's
// identifiers. The decision exists twice: Policy.Decide for one person (explain, tests) and Policy.Query for everybody
// at once. Both give the same answer, which a property test holds them to.
//
// What does not live here: reading consent records (ingest), attaching them to people (identity) and what becomes of somebody
// who may not be reached (activation).
package consent

import (
	"time"

	"github.com/kith-dev/kith/internal/sqlgen"
)

// Status is what a record says. Anything that is not Granted is a refusal.
type Status string

// The statuses.
const (
	Granted   Status = "Granted"
	Denied    Status = "Denied"
	Withdrawn Status = "Withdrawn"
)

// Conflict says whose word counts where the identifiers of one person disagree.
type Conflict string

// The ways to settle a conflict.
const (
	// MostRestrictive lets any refusal, and after it any lapsed grant, win.
	MostRestrictive Conflict = "MostRestrictive"
	// MostRecent lets the latest record of all identifiers win; of two at the same time, the more restrictive.
	MostRecent Conflict = "MostRecent"
)

// Unknown says what holds for somebody of whom nothing was recorded for the purpose.
type Unknown string

// The answers to silence.
const (
	Deny  Unknown = "Deny"
	Allow Unknown = "Allow"
)

// Reason is the outcome of a decision.
type Reason string

// The reasons. Only ConsentGranted, and ConsentUnknown where the policy allows it, permit reaching the person.
const (
	ConsentGranted   Reason = "ConsentGranted"
	ConsentDenied    Reason = "ConsentDenied"
	ConsentWithdrawn Reason = "ConsentWithdrawn"
	ConsentExpired   Reason = "ConsentExpired"
	ConsentUnknown   Reason = "ConsentUnknown"
)

// Policy is how a purpose is decided.
type Policy struct {
	Purpose     string
	WhenUnknown Unknown  // Deny unless it is Allow
	Conflict    Conflict // MostRestrictive unless it is MostRecent
	// ExpiresAfter is how long a grant holds; 0 is for ever. A grant without a time is of unknown age and has lapsed
	// where grants lapse at all. A lapsed grant does not permit, WhenUnknown notwithstanding.
	ExpiresAfter time.Duration
}

// Record is one row of an identity space's consent relation.
type Record struct {
	Identifier string // its kind: email, phone, loyaltyCard, ...
	Value      string
	Purpose    string
	Status     Status
	Time       time.Time // zero when the source gave none: older than any other
	Source     string
}

// severity orders what a record amounts to; the SQL twin uses the same numbers.
type severity int

const (
	granted severity = iota
	expired
	denied
	withdrawn
)

var reasons = map[severity]Reason{
	granted: ConsentGranted, expired: ConsentExpired, denied: ConsentDenied, withdrawn: ConsentWithdrawn,
}

// Permits says whether somebody with this reason may be reached.
func (p Policy) Permits(r Reason) bool {
	return r == ConsentGranted || r == ConsentUnknown && p.WhenUnknown == Allow
}

// Decide gives the reason that holds at now for a person with these records; records for other purposes are left out.
func (p Policy) Decide(records []Record, now time.Time) Reason {
	type identifier struct{ kind, value string }
	latest := map[identifier]standing{}
	for _, r := range records {
		s, counts := p.weigh(r, now)
		if !counts {
			continue
		}
		id := identifier{r.Identifier, r.Value}
		if had, ok := latest[id]; !ok || had.before(s) {
			latest[id] = s
		}
	}
	if len(latest) == 0 {
		return ConsentUnknown
	}
	var wins standing
	first := true
	for _, s := range latest {
		over := s.severity > wins.severity
		if p.Conflict == MostRecent {
			over = wins.before(s)
		}
		if first || over {
			wins, first = s, false
		}
	}
	return reasons[wins.severity]
}

type standing struct {
	at       time.Time
	severity severity
}

func (s standing) before(o standing) bool {
	return s.at.Before(o.at) || s.at.Equal(o.at) && s.severity < o.severity
}

// weigh is what one record amounts to at now. A grant dated later does not hold yet; a refusal dated later does count,
// because a clock or a time zone that is off must never reach somebody who said no.
func (p Policy) weigh(r Record, now time.Time) (standing, bool) {
	s := standing{at: r.Time.Truncate(time.Microsecond)}
	now = now.Truncate(time.Microsecond)
	switch {
	case r.Purpose != p.Purpose || r.Status == Granted && s.at.After(now):
		return s, false
	case r.Status == Withdrawn:
		s.severity = withdrawn
	case r.Status != Granted:
		s.severity = denied
	case p.ExpiresAfter > 0 && (r.Time.IsZero() || now.Sub(s.at) > p.ExpiresAfter):
		s.severity = expired
	}
	return s, true
}

const query = `
WITH weighed AS (
	SELECT profile_id, identifier, "value",
		struct_pack(at := coalesce("time", TIMESTAMPTZ '0001-01-01 00:00:00+00'), severity := {severity}) AS standing
	FROM {consent}
	WHERE profile_id IS NOT NULL AND purpose = {purpose} AND ({refuses} OR "time" IS NULL OR "time" <= {now})
), latest AS (
	SELECT profile_id, max(standing) AS standing FROM weighed GROUP BY profile_id, identifier, "value"
), decided AS (
	SELECT profile_id, {wins} AS severity FROM latest GROUP BY profile_id
)
SELECT profile_id, CASE severity WHEN 0 THEN 'ConsentGranted' WHEN 1 THEN 'ConsentExpired'
	WHEN 2 THEN 'ConsentDenied' ELSE 'ConsentWithdrawn' END AS reason
FROM decided`

// Query gives (profile_id, reason) for everybody in a consent relation of whom something is recorded for the purpose; whoever is
// not in it is ConsentUnknown.
func (p Policy) Query(consent sqlgen.Ident, now time.Time) sqlgen.Query {
	now = now.Truncate(time.Microsecond)
	at, status := sqlgen.Col("time"), sqlgen.Col("status")
	refuses := sqlgen.Op("IS DISTINCT FROM", status, sqlgen.Lit(string(Granted)))
	lapsed := sqlgen.Lit(false)
	if p.ExpiresAfter > 0 {
		age := sqlgen.Op("<", at, sqlgen.Lit(now.Add(-p.ExpiresAfter)))
		lapsed = sqlgen.Or(sqlgen.IsNull(at), age)
	}
	severity := sqlgen.If(sqlgen.Op("IS NOT DISTINCT FROM", status, sqlgen.Lit(string(Withdrawn))), sqlgen.Lit(int(withdrawn)),
		sqlgen.If(refuses, sqlgen.Lit(int(denied)), sqlgen.If(lapsed, sqlgen.Lit(int(expired)), sqlgen.Lit(int(granted)))))
	wins := sqlgen.Query("max(standing.severity)")
	if p.Conflict == MostRecent {
		wins = "max(standing).severity"
	}
	return sqlgen.Format(query, sqlgen.Args{
		"consent": consent, "purpose": p.Purpose, "now": now, "severity": severity, "refuses": refuses, "wins": wins,
	})
}
