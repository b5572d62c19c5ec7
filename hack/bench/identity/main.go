// Command identity measures identity resolution on generated people: time, memory and quality of each system on the same file.
//
//	go run ./hack/bench/identity -records 1000000
//
// Splink, which it installs once from PyPI, is what Kith is compared with. docs/benchmarks.md keeps the figures.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/kith-dev/kith/hack/bench/splink"
	"github.com/kith-dev/kith/hack/datagen/people"
)

func main() {
	records := flag.Int("records", 1_000_000, "records to generate")
	country := flag.String("country", "us", "whose names and addresses: "+strings.Join(people.Countries(), ", "))
	seed := flag.Uint64("seed", 1, "seed of the records")
	profiles := flag.String("profiles", "capped,usual,wide", "settings of Splink, see hack/bench/splink/people.py and public.py")
	public := flag.String("public", "", "folder of the public files; given, profiles are those of public.py and nothing is generated")
	own := flag.String("kith", "", "resolve this file with Kith and print what it took; what this command starts for itself")
	truth := flag.String("truth", "", "who the records of that file are")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *own != "" {
		if err := resolve(ctx, *own, *truth); err != nil {
			fmt.Fprintln(os.Stderr, "identity:", err)
			os.Exit(1)
		}
		return
	}
	b := bench{public: *public, profiles: strings.Split(*profiles, ",")}
	b.people = people.Options{Records: *records, Country: *country, Seed: *seed}
	if err := b.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "identity:", err)
		os.Exit(1)
	}
}

type bench struct {
	public   string
	profiles []string
	people   people.Options
}

// figures are a line of the table: what one system took for one file, and what came out. Total is the comparable part: reading,
// training, scoring and clustering, without writing anything.
type figures struct {
	system                             string
	read, train, score, cluster, total float64 // seconds by the clock
	cpu                                float64 // seconds of all processors
	peakMiB, pairs                     int
	best                               splink.Threshold
}

// system resolves records, and is told the truth only to be judged by it.
type system func(ctx context.Context, records, truth string) (figures, error)

// systems in the order of the table.
func (b bench) systems(environment splink.Environment) []system {
	var all []system
	if b.public == "" {
		all = append(all, kith)
	}
	for _, profile := range b.profiles {
		if profile == "" {
			continue
		}
		all = append(all, func(ctx context.Context, records, truth string) (figures, error) {
			r, err := environment.Run(ctx, splink.Job{Profile: profile, Records: records, Truth: truth})
			return ofSplink(r), err
		})
	}
	return all
}

func (b bench) run(ctx context.Context) error {
	environment, err := splink.Install(ctx)
	if err != nil {
		return err
	}
	records, truth := b.public, b.public
	if b.public == "" {
		dir, err := os.MkdirTemp("", "kith-identity-*")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		began := time.Now()
		b.people.Out = dir
		summary, err := people.Generate(b.people)
		if err != nil {
			return err
		}
		fmt.Printf("%s, %s, generated in %.1f s\n", summary, b.people.Country, time.Since(began).Seconds())
		records, truth = filepath.Join(dir, "people.csv"), filepath.Join(dir, "truth.csv")
	}
	fmt.Printf("%s/%s, %d processors\n\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	fmt.Println("| system | read | train | score | cluster | total | processor | peak memory | pairs | best threshold | P | R | F1 | B³ | largest |")
	fmt.Println("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
	for _, resolve := range b.systems(environment) {
		f, err := resolve(ctx, records, truth)
		if err != nil {
			return err
		}
		f.print()
	}
	return nil
}

func ofSplink(r splink.Result) figures {
	s := r.Seconds
	return figures{
		system: fmt.Sprintf("Splink %s, %s", r.Splink, r.Profile), read: s.Read, train: s.Prior + s.U + s.EM, score: s.Predict, cluster: s.Cluster, total: s.Total, cpu: r.CPUSeconds,
		peakMiB: r.PeakMiB, pairs: r.Pairs, best: r.Best(),
	}
}

func (f figures) print() {
	fmt.Printf("| %s | %.1f s | %.1f s | %.1f s | %.1f s | **%.1f s** | %.1f s | %.1f GiB | %d | %g | %.3f | %.3f | **%.3f** | %.3f | %d |\n",
		f.system, f.read, f.train, f.score, f.cluster, f.total, f.cpu, float64(f.peakMiB)/1024, f.pairs, f.best.Weight, f.best.Precision, f.best.Recall, f.best.F1, f.best.B3F1, f.best.Largest)
}
