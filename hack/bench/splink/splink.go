// Package splink runs Splink, from PyPI, on a file of people and reads what it took and how good it was, so that Kith is compared with
// what a skilled user of Splink gets on the same machine and in the same hour. The settings are in the Python files beside this one.
package splink

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

//go:embed *.py requirements.txt
var files embed.FS

// Environment is a virtual environment of Python that has Splink, outside the repository.
type Environment struct{ dir string }

// Installed returns the environment where Install has made it: in $KITH_CACHE (~/.cache/kith when unset), by the versions that
// requirements.txt pins.
func Installed() (Environment, bool, error) {
	pinned, err := files.ReadFile("requirements.txt")
	if err != nil {
		return Environment{}, false, err
	}
	cache := os.Getenv("KITH_CACHE")
	if cache == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return Environment{}, false, err
		}
		cache = filepath.Join(home, ".cache", "kith")
	}
	e := Environment{filepath.Join(cache, "splink", fmt.Sprintf("%x", sha256.Sum256(pinned))[:8])}
	_, err = os.Stat(e.complete())
	return e, err == nil, nil
}

// complete is a file that is there when everything is installed.
func (e Environment) complete() string { return filepath.Join(e.dir, "complete") }

// Install makes the environment where it is missing; it needs python3 and PyPI.
func Install(ctx context.Context) (Environment, error) {
	e, is, err := Installed()
	if err != nil || is {
		return e, err
	}
	pinned, err := files.ReadFile("requirements.txt")
	if err != nil {
		return e, err
	}
	if err := os.MkdirAll(e.dir, 0o755); err != nil {
		return e, err
	}
	requirements := filepath.Join(e.dir, "requirements.txt")
	if err := os.WriteFile(requirements, pinned, 0o644); err != nil {
		return e, err
	}
	for _, args := range [][]string{
		{"python3", "-m", "venv", "--clear", filepath.Join(e.dir, "venv")},
		{e.python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", requirements},
	} {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return e, fmt.Errorf("%s: %w\n%s", cmd, err, bytes.TrimSpace(out))
		}
	}
	return e, os.WriteFile(e.complete(), nil, 0o644)
}

func (e Environment) python() string { return filepath.Join(e.dir, "venv", "bin", "python") }

// Job is a file and how to treat it.
type Job struct {
	Profile string // of people.py or public.py
	Records string // people.csv; for a public profile, the folder of the public files
	Truth   string // truth.csv, or that folder again; empty: only times
	Threads int    // of Splink's engine; 0: as it likes
}

// Run does a job in a process of its own.
func (e Environment) Run(ctx context.Context, job Job) (Result, error) {
	scripts, err := os.MkdirTemp("", "kith-splink-*")
	if err != nil {
		return Result{}, err
	}
	defer func() { _ = os.RemoveAll(scripts) }()
	if err := os.CopyFS(scripts, files); err != nil {
		return Result{}, err
	}
	args := []string{filepath.Join(scripts, "run.py"), "--profile", job.Profile, "--records", job.Records, "--truth", job.Truth, "--threads", fmt.Sprint(job.Threads)}
	cmd := exec.CommandContext(ctx, e.python(), args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		return Result{}, fmt.Errorf("splink, profile %s: %w\n%s", job.Profile, err, last(errOut.Bytes(), 2000))
	}
	return parse(out.Bytes())
}

func last(b []byte, n int) []byte { return bytes.TrimSpace(b[max(0, len(b)-n):]) }

// Result is what run.py prints.
type Result struct {
	Profile    string      `json:"profile"`
	Splink     string      `json:"splink"` // versions
	DuckDB     string      `json:"duckdb"`
	Python     string      `json:"python"`
	Processors int         `json:"processors"`
	Records    int         `json:"records"`
	Pairs      int         `json:"pairs"` // compared
	Edges      int         `json:"edges"` // pairs above the lowest threshold
	Seconds    Seconds     `json:"seconds"`
	CPUSeconds float64     `json:"cpu_seconds"` // of the whole process until then, which other work on the machine disturbs least
	PeakMiB    int         `json:"peak_mib"`    // resident, of the whole process, until it had clustered once
	Thresholds []Threshold `json:"thresholds"`
}

// Seconds by step. Cluster is the time at the best threshold, Total the sum.
type Seconds struct {
	Read    float64 `json:"read"`
	Prior   float64 `json:"prior"`
	U       float64 `json:"u"`
	EM      float64 `json:"em"`
	Predict float64 `json:"predict"`
	Cluster float64 `json:"cluster"`
	Total   float64 `json:"total"`
}

// Threshold is the quality of the clusters at a match weight (log2 of the odds): pairwise and, by record, B-cubed.
type Threshold struct {
	Weight      float64 `json:"weight"`
	Precision   float64 `json:"precision"`
	Recall      float64 `json:"recall"`
	F1          float64 `json:"f1"`
	B3Precision float64 `json:"b3_precision"`
	B3Recall    float64 `json:"b3_recall"`
	B3F1        float64 `json:"b3_f1"`
	Largest     int     `json:"largest"` // records in the largest cluster
	Best        bool    `json:"best"`    // by F1
}

// Best is the threshold that a user would choose who knew the truth; the zero value where the job had none.
func (r Result) Best() Threshold {
	for _, t := range r.Thresholds {
		if t.Best {
			return t
		}
	}
	return Threshold{}
}

func parse(out []byte) (Result, error) {
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	var r Result
	if err := json.Unmarshal(lines[len(lines)-1], &r); err != nil {
		return r, fmt.Errorf("splink printed no result: %w", err)
	}
	if r.Records == 0 || r.Seconds.Total == 0 {
		return r, errors.New("splink printed a result without records or times")
	}
	return r, nil
}
