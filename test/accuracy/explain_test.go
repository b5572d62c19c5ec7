package accuracy

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/kith-dev/kith/test/kithtest"
)

// kith explain pair says why two records are one person, why two are not, and which mistakes it was given.
func TestExplainPair(t *testing.T) {
	kith, file, lake := sets["fake_1000"].resolved(t)
	pair := func(a, b string, more ...string) kithtest.Result {
		return kithtest.Command(t, kith, nil, append([]string{"explain", "pair", "people", a, b, "-f", file, "--lake", lake}, more...)...)
	}

	// Robert Alan and Robert Allen, born a month apart in writing.
	r := pair("part-0/0", "part-0/1")
	for _, want := range []string{"are one person", "no deterministic rule", "candidates by", "similar (alan, allen)", "one edit or day and month swapped", "bits: one person"} {
		if r.Code != 0 || !strings.Contains(r.Out, want) {
			t.Errorf("exit %d, without %q:\n%s%s", r.Code, want, r.Out, r.Err)
		}
	}
	var x struct {
		Profiles [2]string
		Match    struct {
			Weight float64
			Steps  []struct{ Bits float64 }
		}
		Between *struct{ Compared int }
	}
	r = pair("part-0/0", "part-0/900", "-o", "json")
	if err := json.Unmarshal([]byte(r.Out), &x); err != nil {
		t.Fatalf("%v\n%s%s", err, r.Out, r.Err)
	}
	sum := 0.0
	for _, s := range x.Match.Steps {
		sum += s.Bits
	}
	if x.Profiles[0] == x.Profiles[1] || x.Between == nil || x.Match.Weight > -5 || math.Abs(sum-x.Match.Weight) > 1e-9 {
		t.Errorf("two strangers: %+v", x)
	}
	for _, bad := range []struct{ a, b, says string }{
		{"part-0/0", "part-0/nobody", "has no Profile record part-0/nobody"}, {"part-0/0", "part-0/0", "given twice"}, {"part-0/0", "x", "give SOURCE/KEY"},
	} {
		if r := pair(bad.a, bad.b); r.Code == 0 || !strings.Contains(r.Err, bad.says) {
			t.Errorf("%s and %s: exit %d, %s", bad.a, bad.b, r.Code, r.Err)
		}
	}
}
