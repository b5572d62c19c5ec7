// Command pairwise compares people as they were resolved with people as they are known to be:
//
//	kith query --lake DIR -o csv "SELECT source, record_key, profile_id FROM people.members" | go run ./hack/pairwise -key truthset-load1-key.csv
//
// Every pair of records is either of one person or of two. Precision is how many of the pairs that were put together belong together, recall
// how many of those that belong together were put together. It fails where a record is missing, and with -max-false where more
// pairs than that were put together wrongly.
package main

import (
	"encoding/csv"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "pairwise:", err)
		os.Exit(1)
	}
}

func run(args []string, members io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("pairwise", flag.ContinueOnError)
	keyFile := flags.String("key", "", "CSV file with the columns DATA_SOURCE, RECORD_ID and CLUSTER_ID")
	maxFalse := flags.Int("max-false", -1, "fail above this many pairs that were put together wrongly; any number is fine when negative")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *keyFile == "" || flags.NArg() > 0 {
		return errors.New("usage: pairwise -key FILE [-max-false N] < members.csv")
	}
	f, err := os.Open(*keyFile)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	truth, err := read(f, "DATA_SOURCE", "RECORD_ID", "CLUSTER_ID")
	if err != nil {
		return fmt.Errorf("%s: %w", *keyFile, err)
	}
	found, err := read(members, "source", "record_key", "profile_id")
	if err != nil {
		return fmt.Errorf("members: %w", err)
	}
	s, err := compare(found, truth)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, s); err != nil {
		return err
	}
	if *maxFalse >= 0 && len(s.wrong) > *maxFalse {
		return fmt.Errorf("%d pairs were put together wrongly: %s", len(s.wrong), strings.Join(s.wrong[:min(10, len(s.wrong))], ", "))
	}
	return nil
}

// read gives each record's group. Records are named SOURCE/key, whatever the case of the source.
func read(in io.Reader, source, key, group string) (map[string]string, error) {
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.New("the input is empty")
	}
	at := func(name string) int { return slices.Index(rows[0], name) }
	s, k, g := at(source), at(key), at(group)
	if s < 0 || k < 0 || g < 0 {
		return nil, fmt.Errorf("the columns %s, %s and %s are needed; there are %s", source, key, group, strings.Join(rows[0], ", "))
	}
	out := map[string]string{}
	for _, r := range rows[1:] {
		out[strings.ToUpper(r[s])+"/"+r[k]] = r[g]
	}
	return out, nil
}

// score counts pairs of records.
type score struct {
	records         int
	together, right int      // put together; of these, rightly
	belong          int      // belong together
	wrong           []string // put together wrongly
}

func (s score) String() string {
	return fmt.Sprintf("%d records; %d pairs put together, %d belong together, %d are both; precision %.4f, recall %.4f",
		s.records, s.together, s.belong, s.right, ratio(s.right, s.together), ratio(s.right, s.belong))
}

// ratio of nothing is 1: no pair, no mistake.
func ratio(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

func compare(found, truth map[string]string) (score, error) {
	records := slices.Sorted(maps.Keys(truth))
	for _, r := range records {
		if _, ok := found[r]; !ok {
			return score{}, fmt.Errorf("record %s is missing among the members", r)
		}
	}
	if len(found) != len(truth) {
		return score{}, fmt.Errorf("there are %d members, and %d records in the key file", len(found), len(truth))
	}
	s := score{records: len(records)}
	for i, a := range records {
		for _, b := range records[i+1:] {
			together, belong := found[a] == found[b], truth[a] == truth[b]
			if belong {
				s.belong++
			}
			if !together {
				continue
			}
			s.together++
			if belong {
				s.right++
			} else {
				s.wrong = append(s.wrong, a+" and "+b)
			}
		}
	}
	return s, nil
}
