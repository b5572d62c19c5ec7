package identity

import "testing"

func TestRun(t *testing.T) {
	w := newWorld(t)
	w.source("crm", Profile, 1, text("@email", "@phone", "city"), "1|0|a@x.io|+1|Bonn", "2|1|a@x.io||Ulm", "3||b@x.io|+1|", "4|||+3|Rom")
	w.source("web", Event, 9, text("@anonymousId", "@email"), "e1|2|v1|a@x.io", "e2|3|v2|", "e3|4|v3|z@x.io", "e4|4|v1|", "e5|4|v4|b@x.io", "e6|5|v4|a@x.io")
	w.cfg.Deterministic = [][]string{{"email"}, {"phone"}}
	rev := w.run()
	t.Log(rev.Outputs)
	t.Log(w.profiles())
	for _, rel := range []string{"identifiers", "lineage", "guard_events", "edges", "profiles", "provenance"} {
		for _, r := range w.rows(rel, "SELECT [to_json(t)::VARCHAR] FROM {t} t") {
			t.Log(rel, r)
		}
	}
	w.run()
	t.Log(w.events())
}
