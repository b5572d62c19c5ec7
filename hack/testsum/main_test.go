package main

import (
	"strings"
	"testing"
)

func TestSummary(t *testing.T) {
	for name, c := range map[string]struct {
		in, want       string
		passed, failed int
	}{
		"all three outcomes": {
			`{"Action":"output","Package":"p","Test":"A","Output":"noise\n"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"B","Output":"    b_test.go:1: wrong\n"}
{"Action":"output","Package":"p","Test":"B","Output":"--- FAIL: B\n"}
{"Action":"fail","Package":"p","Test":"B"}
{"Action":"output","Package":"p","Test":"C","Output":"    c_test.go:1: run make kube\n"}
{"Action":"output","Package":"p","Test":"C","Output":"--- SKIP: C\n"}
{"Action":"skip","Package":"p","Test":"C"}
{"Action":"output","Package":"p","Output":"FAIL\tp\t0.1s\n"}
{"Action":"fail","Package":"p"}
`,
			"    b_test.go:1: wrong\n--- FAIL: B\nFAIL\tp\t0.1s\nskipped p C: c_test.go:1: run make kube\n1 passed, 1 failed, 1 skipped\n", 1, 1,
		},
		"a panic in a test that never ends": {
			`{"Action":"pass","Package":"p","Test":"A"}
{"Action":"fail","Package":"p","Test":"B"}
{"Action":"output","Package":"q","Test":"C","Output":"panic: boom\n"}
{"Action":"fail","Package":"q"}
`,
			"panic: boom\n1 passed, 2 failed, 0 skipped\n", 1, 2,
		},
		"a build that fails": {
			`{"ImportPath":"p","Action":"build-output","Output":"p.go:1: undefined: x\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p"}
`,
			"p.go:1: undefined: x\nFAIL\tp [build failed]\n0 passed, 1 failed, 0 skipped\n", 0, 1,
		},
		"go test itself fails": {"go: no such module\n", "go: no such module\n0 passed, 0 failed, 0 skipped\n", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			s := &summary{out: &out, output: map[test][]string{}, failedIn: map[string]bool{}}
			if err := s.read(strings.NewReader(c.in)); err != nil {
				t.Fatal(err)
			}
			s.close()
			if out.String() != c.want || s.passed != c.passed || s.failed != c.failed {
				t.Errorf("got %q (%d, %d), want %q", out.String(), s.passed, s.failed, c.want)
			}
		})
	}
}

func TestFollow(t *testing.T) {
	var out strings.Builder
	s := &summary{out: &out, follow: true, output: map[test][]string{}, failedIn: map[string]bool{}}
	in := `{"Action":"output","Package":"p","Test":"A","Output":"step one\n"}
{"Action":"pass","Package":"p","Test":"A"}
{"Action":"output","Package":"p","Test":"B","Output":"wrong\n"}
{"Action":"fail","Package":"p","Test":"B"}
{"Action":"output","Package":"p","Test":"C","Output":"panic: boom\n"}
{"Action":"fail","Package":"p"}
`
	if err := s.read(strings.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	s.close()
	if want := "step one\nwrong\npanic: boom\n1 passed, 1 failed, 0 skipped\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
