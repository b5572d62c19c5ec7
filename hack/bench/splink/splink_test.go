package splink

import (
	"os"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	const printed = `a warning
{"profile": "usual", "records": 5, "pairs": 7, "seconds": {"u": 2.5, "total": 3.0}, "thresholds": [{"weight": -2, "f1": 0.5}, {"weight": 3, "precision": 0.9, "f1": 0.8, "best": true}]}
`
	r, err := parse([]byte(printed))
	if err != nil || r.Pairs != 7 || r.Seconds.U != 2.5 || r.Best().Weight != 3 || r.Best().Precision != 0.9 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, bad := range []string{"", "Traceback", `{"records": 5}`} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("%q is taken for a result", bad)
		}
	}
}

func TestEnvironmentIsOutsideTheRepository(t *testing.T) {
	cache := t.TempDir()
	t.Setenv("KITH_CACHE", cache)
	e, is, err := Installed()
	if err != nil || is || !strings.HasPrefix(e.dir, cache) {
		t.Fatalf("%v, installed %v, %v", e, is, err)
	}
	if err := os.MkdirAll(e.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(e.complete(), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, is, err := Installed(); err != nil || !is {
		t.Errorf("installed %v, %v", is, err)
	}
}
