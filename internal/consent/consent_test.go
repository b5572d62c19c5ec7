package consent

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/sqlgen"
)

var now = time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)

func ago(d time.Duration) time.Time { return now.Add(-d) }

const day = 24 * time.Hour

func TestDecide(t *testing.T) {
	email := func(s Status, at time.Time) Record {
		return Record{Identifier: "email", Value: "a", Purpose: "m", Status: s, Time: at}
	}
	phone := func(s Status, at time.Time) Record {
		return Record{Identifier: "phone", Value: "1", Purpose: "m", Status: s, Time: at}
	}
	year := Policy{Purpose: "m", ExpiresAfter: 365 * day}
	recent := Policy{Purpose: "m", Conflict: MostRecent}
	recentYear := Policy{Purpose: "m", Conflict: MostRecent, ExpiresAfter: 365 * day}
	strict := Policy{Purpose: "m"}
	for name, c := range map[string]struct {
		policy  Policy
		records []Record
		want    Reason
	}{
		"nothing recorded":                     {strict, nil, ConsentUnknown},
		"another purpose":                      {strict, []Record{{Identifier: "email", Purpose: "x", Status: Granted, Time: ago(day)}}, ConsentUnknown},
		"granted":                              {strict, []Record{email(Granted, ago(day))}, ConsentGranted},
		"granted, then withdrawn":              {strict, []Record{email(Granted, ago(2*day)), email(Withdrawn, ago(day))}, ConsentWithdrawn},
		"withdrawn, then granted again":        {strict, []Record{email(Granted, ago(day)), email(Withdrawn, ago(2*day))}, ConsentGranted},
		"two identifiers disagree":             {strict, []Record{email(Denied, ago(9*day)), phone(Granted, ago(day))}, ConsentDenied},
		"the most recent wins":                 {recent, []Record{email(Denied, ago(9*day)), phone(Granted, ago(day))}, ConsentGranted},
		"the most recent refuses":              {recent, []Record{email(Denied, ago(day)), phone(Granted, ago(9*day))}, ConsentDenied},
		"same time, one identifier":            {strict, []Record{email(Denied, ago(day)), email(Granted, ago(day))}, ConsentDenied},
		"same time, two identifiers":           {recent, []Record{phone(Granted, ago(day)), email(Withdrawn, ago(day))}, ConsentWithdrawn},
		"a grant on its last day":              {year, []Record{email(Granted, ago(365*day))}, ConsentGranted},
		"a grant that lapsed":                  {year, []Record{email(Granted, ago(365*day+time.Microsecond))}, ConsentExpired},
		"one lapsed, one fresh":                {year, []Record{email(Granted, ago(400*day)), phone(Granted, ago(day))}, ConsentExpired},
		"one lapsed, one fresh, most recent":   {recentYear, []Record{email(Granted, ago(400*day)), phone(Granted, ago(day))}, ConsentGranted},
		"a refusal never lapses":               {year, []Record{email(Denied, ago(900*day))}, ConsentDenied},
		"a grant of unknown age":               {strict, []Record{email(Granted, time.Time{})}, ConsentGranted},
		"a grant of unknown age where they do": {year, []Record{email(Granted, time.Time{})}, ConsentExpired},
		"a grant that is not in force yet":     {strict, []Record{email(Granted, now.Add(day))}, ConsentUnknown},
		"a refusal dated in the future":        {strict, []Record{email(Granted, ago(day)), email(Withdrawn, now.Add(day))}, ConsentWithdrawn},
		"a status nobody knows":                {strict, []Record{email("granted?", ago(day))}, ConsentDenied},
	} {
		if got := c.policy.Decide(c.records, now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestPermits(t *testing.T) {
	legitimate := Policy{WhenUnknown: Allow}
	for reason, want := range map[Reason][2]bool{
		ConsentGranted: {true, true}, ConsentUnknown: {false, true}, ConsentDenied: {}, ConsentWithdrawn: {}, ConsentExpired: {},
	} {
		if got := [2]bool{Policy{}.Permits(reason), legitimate.Permits(reason)}; got != want {
			t.Errorf("%s: permitted %v, want %v", reason, got, want)
		}
	}
}

// TestQueryAgrees compares the SQL with the Go twin on random histories, for every policy.
func TestQueryAgrees(t *testing.T) {
	ctx := context.Background()
	db, err := engine.Open(ctx, engine.Options{Scratch: t.TempDir(), Threads: 2, MemoryLimit: "1GB"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	people := histories(3000)
	load(t, db, people)
	seen := map[Reason]int{}
	for _, conflict := range []Conflict{MostRestrictive, MostRecent} {
		for _, expires := range []time.Duration{0, 30 * time.Minute, 2 * time.Hour} {
			p := Policy{Purpose: "m", Conflict: conflict, ExpiresAfter: expires}
			got := map[string]Reason{}
			err := db.Rows(ctx, p.Query(sqlgen.Name("consent"), now), func(scan func(...any) error) error {
				var id, reason string
				err := scan(&id, &reason)
				got[id] = Reason(reason)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for id, records := range people {
				want, sql := p.Decide(records, now), ConsentUnknown
				if r, ok := got[id]; ok {
					sql = r
				}
				seen[want]++
				if sql != want {
					t.Fatalf("%+v: SQL says %s, Go says %s for %+v", p, sql, want, records)
				}
			}
		}
	}
	for _, r := range reasons {
		if seen[r] < 100 {
			t.Errorf("only %d cases of %s: the histories do not exercise it", seen[r], r)
		}
	}
}

// histories makes people with few identifiers and few distinct times, so that ties and conflicts are frequent.
func histories(n int) map[string][]Record {
	r := rand.New(rand.NewPCG(1, 2))
	people := map[string][]Record{}
	for i := range n {
		var records []Record
		for range r.IntN(6) {
			rec := Record{Identifier: []string{"email", "phone"}[r.IntN(2)], Value: []string{"a", "b"}[r.IntN(2)], Purpose: "m",
				Status: []Status{Granted, Granted, Granted, Granted, Denied, Withdrawn, "?"}[r.IntN(7)]}
			if r.IntN(8) == 0 {
				rec.Purpose = "x"
			}
			if r.IntN(8) > 0 {
				rec.Time = now.Add(time.Duration(r.IntN(7)-5) * 30 * time.Minute).Add(time.Duration(r.IntN(2)) * time.Microsecond)
			}
			records = append(records, rec)
		}
		people[fmt.Sprint("p", i)] = records
	}
	return people
}

func load(t *testing.T, db *engine.DB, people map[string][]Record) {
	t.Helper()
	ctx := context.Background()
	err := db.Exec(ctx, `CREATE TABLE consent (profile_id VARCHAR, identifier VARCHAR, "value" VARCHAR, purpose VARCHAR,
		status VARCHAR, "time" TIMESTAMPTZ, source VARCHAR)`)
	if err != nil {
		t.Fatal(err)
	}
	a, err := db.Appender(ctx, "consent")
	if err != nil {
		t.Fatal(err)
	}
	for id, records := range people {
		for _, r := range records {
			var at any
			if !r.Time.IsZero() {
				at = r.Time
			}
			if err := a.Append(id, r.Identifier, r.Value, r.Purpose, string(r.Status), at, "src"); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
}
