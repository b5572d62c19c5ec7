// Package kithtest runs the real kith binary for tests: it builds it once for each set of build tags and runs commands of it.
package kithtest

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// Root is the repository's root folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(filepath.Dir(filepath.Dir(file)))
}

// Shared is the folder of public test data beside the repository. Where it is not there the test is skipped, except in CI, where
// it fails.
func Shared(t *testing.T, path string) string {
	t.Helper()
	full := filepath.Join(Root(), "..", "shared", "data", path)
	if _, err := os.Stat(full); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("test data is missing: %v", err)
		}
		t.Skipf("test data is missing: %v", err)
	}
	return full
}

var (
	mu     sync.Mutex
	binary = map[string]string{}
)

// Build makes the binary with the given build tags and returns its path. It is removed by Cleanup.
func Build(t *testing.T, tags ...string) string {
	t.Helper()
	mu.Lock()
	defer mu.Unlock()
	key := strings.Join(tags, ",")
	if path, ok := binary[key]; ok {
		return path
	}
	dir, err := os.MkdirTemp("", "kithtest-*")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "kith")
	cmd := exec.Command("go", "build", "-tags", key, "-o", path, "./cmd/kith")
	cmd.Dir = Root()
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building kith: %v\n%s", err, out)
	}
	binary[key] = path
	return path
}

// Cleanup removes what Build made. Call it from TestMain.
func Cleanup() {
	for _, path := range binary {
		_ = os.RemoveAll(filepath.Dir(path))
	}
}

// Result of one command.
type Result struct {
	Out, Err string
	Code     int // -1 when a signal ended it
}

// Command runs kith at path with args, with a deadline of five minutes. env has the form "K=V".
func Command(t *testing.T, path string, env []string, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Env = append(os.Environ(), env...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s %v: %v", path, args, err)
	}
	if ctx.Err() != nil {
		t.Fatalf("kith %v did not end in time\n%s\n%s", args, out.String(), stderr.String())
	}
	return Result{Out: out.String(), Err: stderr.String(), Code: cmd.ProcessState.ExitCode()}
}

// Must is Command, and fails the test unless it exits with 0.
func Must(t *testing.T, path string, args ...string) string {
	t.Helper()
	r := Command(t, path, nil, args...)
	if r.Code != 0 {
		t.Fatalf("kith %v: exit %d\n%.4000s\n%s", args, r.Code, r.Out, r.Err)
	}
	return r.Out
}

// Query reads the lake and returns the rows without the header.
func Query(t *testing.T, path, lake, sql string) [][]string {
	t.Helper()
	out := Must(t, path, "query", "--lake", lake, "-o", "csv", sql)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatalf("kith query %q: %v", sql, err)
	}
	return rows[1:]
}

// ReadCSV reads a file of test data: one map for each row.
func ReadCSV(t *testing.T, path string) []map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, c := range rows[0] {
			m[c] = r[i]
		}
		out = append(out, m)
	}
	return out
}

// CopyTree copies a folder's files, passing each text through edit.
func CopyTree(t *testing.T, from, to string, edit func(name, text string) string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if edit != nil {
			b = []byte(edit(rel, string(b)))
		}
		return os.WriteFile(target, b, 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
}
