package cluster

import (
	"testing"

	"github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/hack/datagen/people/columns"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/linkage/quality"
)

// generated people and who they are.
func generated(t *testing.T, o people.Options) ([]linkage.Column, []string) {
	t.Helper()
	o.Out = t.TempDir()
	if _, err := people.Generate(o); err != nil {
		t.Fatal(err)
	}
	compared, who, err := columns.ReadFolder(o.Out)
	if err != nil {
		t.Fatal(err)
	}
	return compared, who
}

// resolve links and clusters columns.
func resolve(t *testing.T, columns []linkage.Column, limit int) []int32 {
	t.Helper()
	records := linkage.New(columns)
	m, err := records.Learn()
	if err != nil {
		t.Fatal(err)
	}
	edges, _, err := records.Weigh(m)
	if err != nil {
		t.Fatal(err)
	}
	f := NewSized(len(columns[0].IDs), limit)
	Refine(f, edges, Default())
	out := make([]int32, f.Len())
	for i := range out {
		out[i] = f.Find(int32(i))
	}
	return out
}

// People of one household share surname, address and telephone, and are told apart all the same: in several countries, with and without ways
// to reach them, and among few records as among many.
func TestHouseholdsAreToldApart(t *testing.T) {
	for name, c := range map[string]struct {
		people.Options
		pairs float64
	}{
		"United States":          {people.Options{Country: "us", Records: 20_000, Seed: 11}, 0.98},
		"Korea":                  {people.Options{Country: "kr", Records: 20_000, Seed: 12}, 0.95},
		"Germany, a census":      {people.Options{Country: "de", Records: 10_000, Seed: 13, Census: true}, 0.96},
		"France, few":            {people.Options{Country: "fr", Records: 2_000, Seed: 14}, 0.97},
		"United Kingdom, fewest": {people.Options{Country: "uk", Records: 500, Seed: 15, Census: true}, 0.95},
	} {
		t.Run(name, func(t *testing.T) {
			columns, who := generated(t, c.Options)
			q := quality.Of(resolve(t, columns, 50), who)
			t.Logf("%+v", q)
			if q.Pairs.F1 < c.pairs {
				t.Errorf("F1 of pairs is %.4f, and was to be %.4f", q.Pairs.F1, c.pairs)
			}
		})
	}
}

// The order of the records changes nothing.
func TestOrderOfRecordsDoesNotMatter(t *testing.T) {
	columns, who := generated(t, people.Options{Country: "us", Records: 3000, Seed: 21})
	before := resolve(t, columns, 50)
	n := len(who)
	at := func(i int) int { return (i*1009 + 17) % n } // where the record that is i-th now was before
	moved := make([]linkage.Column, len(columns))
	for j, c := range columns {
		moved[j] = linkage.NewColumn(c.Kind, c.Name, n)
		for i := range n {
			if id := c.IDs[at(i)]; id >= 0 {
				moved[j].Set(i, c.Values[id])
			}
		}
	}
	after := resolve(t, moved, 50)
	was := make([]int32, n)
	for i := range was {
		was[i] = before[at(i)]
	}
	if q := quality.Of(after, was); q.Pairs.F1 != 1 {
		t.Errorf("the partition differs: %+v", q)
	}
}
