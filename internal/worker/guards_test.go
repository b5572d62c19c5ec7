package worker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kith-dev/kith/internal/lake"
	"github.com/kith-dev/kith/internal/plan"
)

// TestGuards goes the whole way from the manifest to the decisions. A list that is empty and one that is not there are two things.
func TestGuards(t *testing.T) {
	for guards, want := range map[string]string{
		"{maxProfileRecords: 30}": "automatic 1", // the usual ones
		"{automatic: null}":       "automatic 1",
		"{automatic: []}":         "",
		"{automatic: [{per: email, distinct: city, above: 1}]}":                      "",
		"{automatic: [{per: email, distinct: surname, above: 5}]}":                   "automatic 1",
		"{automatic: [], limits: [{identifier: email, perProfile: 1, window: 49h}]}": "",
		"{automatic: [], limits: [{identifier: email, perProfile: 1, window: 50h}]}": "limit 1",
	} {
		t.Run(guards, func(t *testing.T) {
			t.Parallel()
			rule := "deterministic: [{identifiers: [customerId]}]"
			w := newTenant(t, rule, rule+"\n  guards: "+guards, "key: [id]", "key: [record]\n  timestamp: {column: at}",
				"- {column: city, semantic: city}", "- {column: city, semantic: city}\n  - {column: name, semantic: surname}")
			w.file(office())
			w.run(w.ingest())
			parts, err := plan.Pack(w.resolve())
			w.must(err)
			p, err := plan.Unpack(parts...)
			w.must(err)
			if got := guarded(w.run(p).Revision); got != want {
				t.Errorf("the guards decided %q, want %q", got, want)
			}
		})
	}
}

// office has 21 people with one email, and one more with two, 50 hours apart.
func office() string {
	text := "record,id,mail,city,name,at\n"
	for i := range 21 {
		text += fmt.Sprintf("%d,c%d,office@example.com,Bonn,Name%d,2026-01-01T00:00:00Z\n", i, i, i)
	}
	return text + "21,c21,a@example.com,Bonn,Weber,2026-01-01T00:00:00Z\n22,c21,b@example.com,Bonn,Weber,2026-01-03T02:00:00Z\n"
}

// guarded is how many decisions of each guard are among the outputs of a run: "automatic 1 limit 2".
func guarded(r *lake.Revision) string {
	var out []string
	for _, o := range r.Outputs {
		if guard, ok := strings.CutPrefix(o.Name, "guards/"); ok && guard != "ambiguous" {
			out = append(out, fmt.Sprint(guard, " ", o.Rows))
		}
	}
	return strings.Join(out, " ")
}
