package people

import (
	"errors"
	"fmt"
	"os"
)

// Options of Generate.
type Options struct {
	Out     string // folder, made when absent
	Records int
	Seed    uint64
	Country string // one of Countries
	Census  bool   // records of a census: without email and phone
}

// Summary is what was written.
type Summary struct{ Records, People int }

func (s Summary) String() string { return fmt.Sprintf("%d records of %d people", s.Records, s.People) }

// Generate writes people.csv and truth.csv. The last household may be cut off, so that there are as many records as asked for.
func Generate(o Options) (Summary, error) {
	c, err := countryOf(o.Country)
	if err != nil {
		return Summary{}, err
	}
	if o.Records < 1 {
		return Summary{}, errors.New("the number of records is not positive")
	}
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return Summary{}, err
	}
	out, err := newShuffle(o.Out, o.Records, o.Seed)
	if err != nil {
		return Summary{}, err
	}
	defer out.discard()
	m := newMaker(c, o.Seed)
	from := customers
	if o.Census {
		from = registers
	}
	s := Summary{}
	for n := uint64(0); s.Records < o.Records; n++ {
		for _, p := range m.household(n) {
			count := min(m.recordCount(p), o.Records-s.Records)
			if count > 0 {
				s.People++
			}
			for range count {
				rec := m.record(p, &from.list[from.by.draw(m.r)])
				s.Records++
				if err := out.add(&rec, "P"+digits(p.number, 8)); err != nil {
					return Summary{}, err
				}
			}
		}
	}
	return s, out.write(o.Out)
}
