// Command datagen writes the data of the example tenant in examples/retail, of any size, and the truth about it.
// With the word people first it writes records of people alone, with realistic names, families and errors, and who is who.
//
// The same flags write the same bytes on any machine. Day one writes everything up to -now; day two, run on the same folder
// afterwards, replaces the CRM export and adds what arrived during the 24 hours after -now.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/kith-dev/kith/hack/datagen/retail"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return
		}
		fmt.Fprintln(os.Stderr, "datagen:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) > 0 && args[0] == "people" {
		return runPeople(args[1:])
	}
	flags := flag.NewFlagSet("datagen", flag.ContinueOnError)
	out := flags.String("out", "", "folder to write to; made when absent")
	people := flags.Int("people", 20000, "customers")
	anonymous := flags.Int("anonymous", 9000, "visitors of the web shop whom nobody knows on day one")
	seed := flags.Uint64("seed", 1, "seed of every choice")
	day := flags.Int("day", 1, "1 or 2")
	now := flags.String("now", retail.DefaultNow, "date at whose start, in UTC, day one ends")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *out == "" || flags.NArg() > 0 {
		return errors.New("usage: datagen -out DIR [-people N] [-anonymous N] [-seed N] [-day 1|2] [-now YYYY-MM-DD]")
	}
	at, err := time.Parse(time.DateOnly, *now)
	if err != nil {
		return fmt.Errorf("-now is a date such as %s: %w", retail.DefaultNow, err)
	}
	o := retail.Options{Out: *out, People: *people, Anonymous: *anonymous, Seed: *seed, Day: *day, Now: at}
	summary, err := retail.Generate(o)
	if err != nil {
		return err
	}
	fmt.Println(summary)
	return nil
}
