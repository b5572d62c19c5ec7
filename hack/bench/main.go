// Command bench runs kith on a generated tenant and prints the time and the peak memory of each stage.
//
//	go run ./hack/bench -people 1000000
//	go run ./hack/bench -tenant people -people 1000000
//
// The tenant retail is that of examples/retail, with that many customers. The tenant people has that many records of people in one file, which are resolved
// with every default, and then once more after one record in a hundred has changed.
//
// It measures whole runs as a user would see them; docs/benchmarks.md keeps the figures with the machine they were taken on.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kith-dev/kith/hack/receiver/receiver"
)

func main() {
	name := flag.String("tenant", "retail", "retail or people")
	people := flag.Int("people", 1_000_000, "people, or records of people, to generate")
	dir := flag.String("dir", "", "folder for data and lake; a new temporary one without it, removed afterwards")
	memory := flag.String("memory", "5GB", "memory limit of the engine")
	flag.Parse()
	if err := bench(*name, *people, *dir, *memory); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// tenant is what a bench generates and runs.
type tenant struct {
	generate     func(dir string, people int) error
	declarations string
	claim        string // whose volume has the data
	change       func(dir string) error
}

var tenants = map[string]tenant{
	"retail": {generate: generateRetail, declarations: "examples/retail", claim: "retail-data"},
	"people": {generate: generatePeople, declarations: "hack/bench/people", claim: "people-data", change: changePhones},
}

func generateRetail(dir string, people int) error {
	return command("go", "run", "./hack/datagen", "-out", dir, "-people", strconv.Itoa(people), "-anonymous", strconv.Itoa(people*9/20), "-seed", "1", "-day", "1")
}

func generatePeople(dir string, records int) error {
	return command("go", "run", "./hack/datagen", "people", "-out", dir, "-records", strconv.Itoa(records), "-seed", "1")
}

func bench(name string, people int, dir, memory string) error {
	t, ok := tenants[name]
	if !ok {
		return fmt.Errorf("there is no tenant %q: retail and people are there", name)
	}
	if dir == "" {
		tmp, err := os.MkdirTemp("", "kith-bench-*")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(tmp) }()
		dir = tmp
	}
	fmt.Printf("%s/%s, %d processors, %s\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), memoryOfMachine())
	began := time.Now()
	if err := t.generate(filepath.Join(dir, "data"), people); err != nil {
		return err
	}
	fmt.Printf("generated %d people in %s\n", people, time.Since(began).Round(time.Second))
	if err := command("go", "build", "-o", filepath.Join(dir, "kith"), "./cmd/kith"); err != nil {
		return err
	}
	handler, err := receiver.Open(receiver.Options{Dir: filepath.Join(dir, "receiver"), Token: "bench", Key: "email_sha256"})
	if err != nil {
		return err
	}
	defer func() { _ = handler.Close() }()
	server := &http.Server{Addr: "127.0.0.1:8099", Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.ListenAndServe() }()
	defer func() { _ = server.Close() }()
	if err := secret(dir); err != nil {
		return err
	}
	if err := measure(t, dir, memory); err != nil || t.change == nil {
		return err
	}
	if err := t.change(filepath.Join(dir, "data")); err != nil {
		return err
	}
	fmt.Println("\nafter a change of one record in a hundred:")
	return measure(t, dir, memory)
}

func secret(dir string) error {
	for _, d := range []string{"out", "secrets/esp"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, "secrets", "esp", "token"), []byte("bench"), 0o600)
}

// measure runs kith and reads its output line by line: a line is the end of a stage.
func measure(t tenant, dir, memory string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "kith"), "run", "-f", t.declarations, "--lake", filepath.Join(dir, "lake"),
		"--volume", t.claim+"="+filepath.Join(dir, "data"), "--volume", "retail-out="+filepath.Join(dir, "out"),
		"--secrets", filepath.Join(dir, "secrets"), "--now", "2026-11-02T00:00:00Z", "--memory", memory)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	var peak, highest atomic.Int64
	done := make(chan struct{})
	go sample(cmd.Process.Pid, &peak, &highest, done)
	last := began
	stages := true
	for s := bufio.NewScanner(out); s.Scan(); {
		line := s.Text()
		stages = stages && line != ""
		if !stages || strings.Contains(line, " of ") {
			fmt.Println(line)
			continue
		}
		fmt.Printf("%7.1f s  %6d MiB  %s\n", time.Since(last).Seconds(), peak.Swap(0)>>20, line)
		last = time.Now()
	}
	err = cmd.Wait()
	close(done)
	fmt.Printf("whole run: %.1f s, peak memory %d MiB\n", time.Since(began).Seconds(), highest.Load()>>20)
	return err
}

// sample reads the resident memory of a process until done.
func sample(pid int, peak, highest *atomic.Int64, done <-chan struct{}) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case <-tick.C:
			rss := resident(pid)
			if rss > peak.Load() {
				peak.Store(rss)
			}
			if rss > highest.Load() {
				highest.Store(rss)
			}
		}
	}
}

func resident(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}

func memoryOfMachine() string {
	b, _ := os.ReadFile("/proc/meminfo")
	line, _, _ := strings.Cut(string(b), "\n")
	return strings.Join(strings.Fields(line), " ")
}

func command(name string, args ...string) error {
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}
