package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/linkage/cluster"
	"github.com/kith-dev/kith/internal/linkage/quality"
)

// kithResult is what one process of Kith took for a file of generated people.
type kithResult struct {
	Read, Train, Score, Cluster float64
	Pairs                       int
	Quality                     quality.Quality
}

// kinds of the columns of generated people.
var kinds = map[string]linkage.Kind{
	"given_name": linkage.GivenName, "middle_name": linkage.MiddleName, "surname": linkage.Surname, "birth_date": linkage.BirthDate,
	"gender": linkage.Gender, "email": linkage.Email, "phone": linkage.Phone, "street": linkage.Street, "house_number": linkage.HouseNumber,
	"city": linkage.City, "postcode": linkage.Postcode, "region": linkage.Region,
}

// kith resolves a file in a process of its own, so that its memory is its own too. It is the part that can be compared: from a file to
// clusters in memory. What a Run does beside it (ids, lineage, profiles, the lake) Splink does not do.
func kith(ctx context.Context, records, truth string) (figures, error) {
	self, err := os.Executable()
	if err != nil {
		return figures{}, err
	}
	cmd := exec.CommandContext(ctx, self, "-kith", records, "-truth", truth)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil {
		return figures{}, fmt.Errorf("kith: %w", err)
	}
	var r kithResult
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		return figures{}, err
	}
	f := figures{
		system: "Kith", read: r.Read, train: r.Train, score: r.Score, cluster: r.Cluster, total: r.Read + r.Train + r.Score + r.Cluster,
		peakMiB: int(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss / 1024), pairs: r.Pairs,
	}
	f.best.Precision, f.best.Recall, f.best.F1 = r.Quality.Pairs.Precision, r.Quality.Pairs.Recall, r.Quality.Pairs.F1
	f.best.B3F1, f.best.Largest = r.Quality.BCubed.F1, r.Quality.Largest
	return f, nil
}

// resolve is what that process does.
func resolve(records, truth string) error {
	var r kithResult
	lap := stopwatch()
	columns, ids, err := read(records)
	if err != nil {
		return err
	}
	all := linkage.New(columns)
	r.Read = lap()
	model, err := all.Learn()
	if err != nil {
		return err
	}
	r.Train = lap()
	edges, _, err := all.Weigh(model)
	if err != nil {
		return err
	}
	r.Score, r.Pairs = lap(), len(edges)
	groups := cluster.NewSized(len(ids), 50)
	cluster.Refine(groups, edges, cluster.Default())
	clusters := make([]int32, len(ids))
	for i := range clusters {
		clusters[i] = groups.Find(int32(i))
	}
	r.Cluster = lap()
	person := map[string]string{}
	if err := rows(truth, func(row []string) { person[row[0]] = row[1] }); err != nil {
		return err
	}
	people := make([]string, len(ids))
	for i, id := range ids {
		people[i] = person[id]
	}
	r.Quality = quality.Of(clusters, people)
	return json.NewEncoder(os.Stdout).Encode(r)
}

// stopwatch gives the seconds since it was asked last.
func stopwatch() func() float64 {
	last := time.Now()
	return func() float64 {
		now := time.Now()
		d := now.Sub(last).Seconds()
		last = now
		return d
	}
}

// read the columns of a file that are compared, and the ids of its records.
func read(file string) (columns []linkage.Column, ids []string, err error) {
	n := -1
	if err := rows(file, func([]string) { n++ }); err != nil {
		return nil, nil, err
	}
	var at []int
	record := -1
	err = rows(file, func(row []string) {
		if record < 0 {
			for j, name := range row {
				if k, ok := kinds[name]; ok {
					at = append(at, j)
					columns = append(columns, linkage.NewColumn(k, name, n))
				}
			}
		} else {
			ids = append(ids, strings.Clone(row[0]))
			for c, j := range at {
				columns[c].Set(record, row[j])
			}
		}
		record++
	})
	return columns, ids, err
}

// rows of a CSV file, the header among them. They are valid until the next.
func rows(file string, each func(row []string)) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	r := csv.NewReader(f)
	r.ReuseRecord = true
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		each(row)
	}
}
