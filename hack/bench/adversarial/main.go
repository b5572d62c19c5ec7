// Command adversarial runs kith on data that is hard to survive, and prints what each case takes beside as many ordinary records.
//
//	go run ./hack/bench/adversarial -records 400000
//
// Each case is resolved from nothing, and again after one record has changed. docs/benchmarks.md keeps the figures.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/kith-dev/kith/hack/datagen/people"
)

func main() {
	records := flag.Int("records", 400_000, "records of each case; of the case huge, whose values have 1 MB, a thousandth")
	cases := flag.String("cases", strings.Join(people.CaseNames(), ","), "cases to run")
	flag.Parse()
	if err := bench(*records, strings.Split(*cases, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "adversarial:", err)
		os.Exit(1)
	}
}

func bench(records int, cases []string) error {
	dir, err := os.MkdirTemp("", "kith-adversarial-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	kith := filepath.Join(dir, "kith")
	if out, err := exec.Command("go", "build", "-o", kith, "./cmd/kith").CombinedOutput(); err != nil {
		return fmt.Errorf("building kith: %w\n%s", err, out)
	}
	fmt.Printf("%s/%s, %d processors\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Println("| case | records | profiles | largest | processor | peak memory | processor of an increment |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|")
	ordinary, err := runCase(kith, dir, "ordinary", records, nil)
	if err != nil {
		return err
	}
	for _, name := range cases {
		n := records
		if name == "huge" {
			n /= 1000
		}
		if _, err := runCase(kith, dir, name, n, ordinary); err != nil {
			return fmt.Errorf("case %s: %w", name, err)
		}
	}
	return nil
}

// usage is what one run took.
type usage struct {
	processor time.Duration
	peakMiB   int64
}

// runCase generates a case, resolves it twice and prints its line, with what it takes of what an ordinary one of as many records does.
func runCase(kith, dir, name string, records int, ordinary []usage) ([]usage, error) {
	data, lake := filepath.Join(dir, "data"), filepath.Join(dir, "lake")
	defer func() { _, _ = os.RemoveAll(data), os.RemoveAll(lake) }()
	if err := generate(data, name, records); err != nil {
		return nil, err
	}
	var took []usage
	for day, change := range []func(string) error{nil, changeOne} {
		if change != nil {
			if err := change(filepath.Join(data, "people.csv")); err != nil {
				return nil, err
			}
		}
		u, err := run(kith, "run", "-f", "hack/bench/adversarial", "--lake", lake, "--volume", "people-data="+data, "--now", fmt.Sprintf("2026-11-%02dT00:00:00Z", day+1))
		if err != nil {
			return nil, err
		}
		took = append(took, u)
	}
	out, err := exec.Command(kith, "query", "--lake", lake, "-o", "csv", "SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM people.members GROUP BY profile_id)").Output()
	if err != nil {
		return nil, err
	}
	lines := strings.Fields(string(out))
	profiles, largest, _ := strings.Cut(lines[len(lines)-1], ",")
	ratio := func(i int, of func(usage) float64) string {
		if ordinary == nil || name == "huge" {
			return ""
		}
		return fmt.Sprintf(" (%.1f)", of(took[i])/of(ordinary[i]))
	}
	processor, peak := func(u usage) float64 { return u.processor.Seconds() }, func(u usage) float64 { return float64(u.peakMiB) }
	fmt.Printf("| %s | %d | %s | %s | %.1f s%s | %d MiB%s | %.1f s%s |\n", name, records, profiles, largest,
		processor(took[0]), ratio(0, processor), took[0].peakMiB, ratio(0, peak), processor(took[1]), ratio(1, processor))
	return took, nil
}

func generate(dir, name string, records int) error {
	if name != "ordinary" {
		return people.WriteCase(dir, name, records)
	}
	if _, err := people.Generate(people.Options{Out: dir, Records: records, Seed: 1, Country: "us"}); err != nil {
		return err
	}
	// The declarations have a column more.
	return rewrite(filepath.Join(dir, "people.csv"), func(line int, text []byte) []byte {
		if line == 0 {
			return append(text, ",device_id"...)
		}
		return append(text, ',')
	})
}

// changeOne gives the last record another time, and so makes it one that has changed: every record has one that ends with its seconds and a Z.
func changeOne(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	z := bytes.LastIndex(text, []byte("Z,"))
	if z < 2 {
		return fmt.Errorf("%s has no time in its last line", path)
	}
	text[z-1] = '0' + (text[z-1]-'0'+1)%10
	return os.WriteFile(path, text, 0o600)
}

func rewrite(path string, edit func(line int, text []byte) []byte) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	for i, l := range bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n")) {
		out.Write(edit(i, bytes.Clone(l)))
		out.WriteByte('\n')
	}
	return os.WriteFile(path, out.Bytes(), 0o600)
}

func run(command string, args ...string) (usage, error) {
	cmd := exec.Command(command, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return usage{}, fmt.Errorf("%w\n%s", err, out)
	}
	own := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return usage{cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), own.Maxrss >> 10}, nil
}
