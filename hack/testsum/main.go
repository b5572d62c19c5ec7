// Command testsum reads `go test -json` and prints what a reader needs: the line of each package, the whole output of what
// failed, what was skipped and why, and how many tests passed and failed. With -follow it prints the whole output of everything, as it
// comes: tests that take minutes say what they do.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	follow := flag.Bool("follow", false, "print all output as it comes")
	flag.Parse()
	s := &summary{out: os.Stdout, follow: *follow, output: map[test][]string{}, failedIn: map[string]bool{}}
	if err := s.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testsum:", err)
		os.Exit(1)
	}
	s.close()
	if s.failed > 0 || s.passed == 0 {
		os.Exit(1)
	}
}

type event struct {
	Action, Package, ImportPath, Test, Output string
}

type test struct{ pkg, name string }

type summary struct {
	out            io.Writer
	follow         bool
	output         map[test][]string // of tests that have not ended
	failedIn       map[string]bool   // packages
	skipped        []string
	passed, failed int
}

func (s *summary) read(r io.Reader) error {
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadString('\n')
		if line != "" {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil {
				s.add(e)
			} else {
				s.print(line) // go test itself, before any test ran
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (s *summary) add(e event) {
	t := test{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		s.print(e.Output)
	case "output":
		if e.Test != "" {
			s.output[t] = append(s.output[t], e.Output)
			if s.follow {
				s.print(e.Output)
			}
		} else if e.Output != "PASS\n" {
			s.print(e.Output)
		}
	case "pass":
		if e.Test != "" {
			s.passed++
			delete(s.output, t)
		}
	case "skip":
		if e.Test != "" {
			s.skipped = append(s.skipped, e.Package+" "+e.Test+": "+reason(s.output[t]))
			delete(s.output, t)
		}
	case "fail":
		s.fail(t)
	}
}

// fail prints a test that failed. A package that fails takes along the tests that never ended, as after a panic.
func (s *summary) fail(t test) {
	if t.name != "" {
		s.failed++
		s.failedIn[t.pkg] = true
		s.explain(t)
		return
	}
	explained := s.failedIn[t.pkg]
	for other := range s.output {
		if other.pkg == t.pkg {
			s.explain(other)
		}
	}
	if !explained {
		s.failed++ // no test says so: the build, a panic or TestMain failed
	}
}

// explain prints the output of a test that failed, unless it was printed as it came.
func (s *summary) explain(t test) {
	if !s.follow {
		s.print(strings.Join(s.output[t], ""))
	}
	delete(s.output, t)
}

// reason is what a skipped test said last before the line that says it was skipped.
func reason(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		text := strings.TrimSpace(lines[i])
		if text != "" && !strings.HasPrefix(text, "--- SKIP") && !strings.HasPrefix(text, "=== ") {
			return text
		}
	}
	return "no reason given"
}

func (s *summary) print(text string) { fmt.Fprint(s.out, text) }

func (s *summary) close() {
	for _, line := range s.skipped {
		fmt.Fprintln(s.out, "skipped", line)
	}
	fmt.Fprintf(s.out, "%d passed, %d failed, %d skipped\n", s.passed, s.failed, len(s.skipped))
}
