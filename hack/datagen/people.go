package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"github.com/kith-dev/kith/hack/datagen/people"
)

// runPeople writes records of people and the truth about who is who, for measuring identity resolution.
func runPeople(args []string) error {
	flags := flag.NewFlagSet("datagen people", flag.ContinueOnError)
	out := flags.String("out", "", "folder to write people.csv and truth.csv to; made when absent")
	records := flags.Int("records", 20000, "records")
	seed := flags.Uint64("seed", 1, "seed of every choice")
	country := flags.String("country", "us", "whose names and addresses: "+strings.Join(people.Countries(), ", "))
	census := flags.Bool("census", false, "records as of a census, without email and phone")
	adversarial := flags.String("adversarial", "", "instead of a population, a case that is hard to survive: "+strings.Join(people.CaseNames(), ", "))
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() > 0 {
		return errors.New("usage: datagen people -out DIR [-records N] [-seed N] [-country CODE] [-census] [-adversarial CASE]")
	}
	if *adversarial != "" {
		return people.WriteCase(*out, *adversarial, *records)
	}
	summary, err := people.Generate(people.Options{Out: *out, Records: *records, Seed: *seed, Country: *country, Census: *census})
	if err != nil {
		return err
	}
	fmt.Println(summary)
	return nil
}
