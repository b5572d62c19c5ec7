//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	generated "github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/internal/linkage/quality"
	"github.com/kith-dev/kith/test/kithtest"
)

const desk = "desk"

// stewards look after people who are brought together by probability: their decisions hold, in runs that look at what they touch and at no more, by a
// model that they have pinned; and the figures in the rule's status are those of the truth.
func (w *world) stewards(dir string) {
	s := &stewarded{world: w, dir: filepath.Join(dir, desk)}
	s.begin()
	first := s.members()
	s.judged(first)

	// Two records of one person that share an email, and two of different people.
	one, other := s.pair(first, func(a, b string) bool { return first[a] == first[b] })
	mine, yours := s.pair(first, func(a, b string) bool {
		return first[a] != first[b] && a != one && b != one && a != other && b != other
	})
	s.decide(fmt.Sprintf("Split,people,%s,people,%s,two customers,2026-01-02T10:00:00Z", one, other), fmt.Sprintf("Merge,people,%s,people,%s,she called,2026-01-02T11:00:00Z", mine, yours))
	s.runNow(desk, "datasources", "decisions", long)
	w.ready(desk, long)
	second := s.members()
	if second[one] == second[other] || second[mine] != second[yours] {
		w.t.Errorf("the decisions did not take effect: split %v, merged %v", second[one] != second[other], second[mine] == second[yours])
	}
	s.lookedAtLess(first)

	w.mustKubectl("patch", "identityrule", "customers", "-n", desk, "--type=merge", "-p", `{"spec":{"probabilistic":{"model":{"version":1}}}}`)
	w.ready(desk, long)
	third := s.members()
	for record, profile := range second {
		if third[record] != profile {
			w.t.Fatalf("the pinned model is the one that was in use, and record %s went from %s to %s", record, profile, third[record])
		}
	}
	s.trial(third)
	w.mustKubectl("delete", "namespace", desk, "--timeout=3m")
}

// trial puts another rule beside the one in use: it is measured on a share, and changes nobody.
func (s *stewarded) trial(inUse map[string]string) {
	s.t.Helper()
	s.mustKubectl("patch", "identityrule", "customers", "-n", desk, "--type=merge", "-p",
		`{"spec":{"canary":{"percent":20,"deterministic":[{"identifiers":["email"]}]}}}`)
	s.must(long+short, "kubectl", "wait", "--for=condition=Canary", "--timeout="+long.String(), "identityrule/customers", "-n", desk)
	kept := s.query("SELECT count(*) FROM customers.canary_members")[0][0]
	told := s.mustKubectl("get", "identityrule", "customers", "-n", desk, "-o", "jsonpath={.status.canary.records}")
	changed := s.mustKubectl("get", "identityrule", "customers", "-n", desk, "-o", "jsonpath={.status.canary.changed}")
	if n, err := strconv.Atoi(kept); err != nil || told != kept || n < 300 || n > 900 || changed == "" || changed == "0" {
		s.t.Errorf("a fifth of 3000 records: %s are kept, the status tells of %s, and that %q people would change", kept, told, changed)
	}
	for record, profile := range s.members() {
		if inUse[record] != profile {
			s.t.Fatalf("the trial took record %s from %s to %s", record, inUse[record], profile)
		}
	}
}

type stewarded struct {
	*world
	dir string
}

// begin declares the tenant with generated people, and waits for them.
func (s *stewarded) begin() {
	s.t.Helper()
	for _, claim := range []string{"lake", "data"} {
		s.folder(filepath.Join(s.dir, claim))
	}
	if _, err := generated.Generate(generated.Options{Out: filepath.Join(s.dir, "data"), Country: "de", Records: 3000, Seed: 3}); err != nil {
		s.t.Fatal(err)
	}
	s.decide()
	s.volumes(desk, s.dir, "lake", "data")
	b, err := os.ReadFile(filepath.Join("testdata", "desk.yaml"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.apply(string(b))
	s.ready(desk, long)
}

// decide writes the decisions that hold from now on.
func (s *stewarded) decide(rows ...string) {
	s.t.Helper()
	text := "decision,source_a,key_a,source_b,key_b,reason,decided_at\n" + strings.Join(append(rows, ""), "\n")
	if err := os.WriteFile(filepath.Join(s.dir, "data", "stewardship.csv"), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stewarded) query(sql string) [][]string {
	s.t.Helper()
	return kithtest.Query(s.t, filepath.Join(kithtest.Root(), "bin", "kith"), filepath.Join(s.dir, "lake"), sql)
}

// members are the profiles of records.
func (s *stewarded) members() map[string]string {
	s.t.Helper()
	out := map[string]string{}
	for _, row := range s.query("SELECT record_key, profile_id FROM customers.members") {
		out[row[0]] = row[1]
	}
	if len(out) != 3000 {
		s.t.Fatalf("%d records are members of profiles", len(out))
	}
	return out
}

// pair finds two records about which something holds, by the order of their keys.
func (s *stewarded) pair(members map[string]string, is func(a, b string) bool) (string, string) {
	s.t.Helper()
	for i := range 3000 {
		for j := range i {
			a, b := fmt.Sprintf("R%09d", j+1), fmt.Sprintf("R%09d", i+1)
			if members[a] != "" && members[b] != "" && is(a, b) {
				return a, b
			}
		}
	}
	s.t.Fatal("there are no two such records")
	return "", ""
}

// judged compares the figures in the status with those of the generator's truth.
func (s *stewarded) judged(members map[string]string) {
	s.t.Helper()
	var found, right []string
	for _, row := range kithtest.ReadCSV(s.t, filepath.Join(s.dir, "data", "truth.csv")) {
		found, right = append(found, members[row["record_id"]]), append(right, row["person_id"])
	}
	want := quality.Of(found, right)
	if want.Pairs.F1 < 0.9 {
		s.t.Errorf("pairwise F1 is %.4f", want.Pairs.F1)
	}
	out := s.mustKubectl("get", "identityrule", "customers", "-n", desk, "-o", "jsonpath={.status.quality.labels}")
	var labels struct {
		Records       int
		Pairs, BCubed struct{ F1 string }
	}
	if err := json.Unmarshal([]byte(out), &labels); err != nil {
		s.t.Fatalf("%s: %v", out, err)
	}
	if f1 := fmt.Sprintf("%.4f", want.Pairs.F1); labels.Records != 3000 || labels.Pairs.F1 != f1 || labels.BCubed.F1 != fmt.Sprintf("%.4f", want.BCubed.F1) {
		s.t.Errorf("the status says %s; the truth says F1 %s of pairs and %.4f of B-cubed", out, f1, want.BCubed.F1)
	}
}

// lookedAtLess checks that the last run did not look at everything, and left the other profiles as they were.
func (s *stewarded) lookedAtLess(before map[string]string) {
	s.t.Helper()
	var looked []int64
	for _, row := range s.query("SELECT outputs FROM kith.runs WHERE subject = 'customers' AND task = 'Resolve' ORDER BY serial") {
		var outputs []struct {
			Name string
			Rows int64
		}
		if err := json.Unmarshal([]byte(row[0]), &outputs); err != nil {
			s.t.Fatal(err)
		}
		for _, o := range outputs {
			if o.Name == "resolved" {
				looked = append(looked, o.Rows)
			}
		}
	}
	if len(looked) < 2 || looked[0] != 3000 || looked[len(looked)-1] > 100 {
		s.t.Errorf("two decisions are about few records, and the runs looked at %v", looked)
	}
	same := 0
	for record, profile := range s.members() {
		if before[record] == profile {
			same++
		}
	}
	if same < 2900 {
		s.t.Errorf("only %d of 3000 records have the profile that they had", same)
	}
}
