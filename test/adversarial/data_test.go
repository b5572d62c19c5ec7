package adversarial

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/test/kithtest"
)

// data of a case: its file, and who its records are.
type data struct {
	t       *testing.T
	dir     string
	header  []string
	rows    [][]string
	truth   map[string]string // by record
	changed map[string]bool   // people of whom a record has changed
}

func newData(t *testing.T, name string, records int) *data {
	d := &data{t: t, dir: t.TempDir(), truth: map[string]string{}, changed: map[string]bool{}}
	if err := people.WriteCase(d.dir, name, records); err != nil {
		t.Fatal(err)
	}
	for _, r := range kithtest.ReadCSV(t, filepath.Join(d.dir, "truth.csv")) {
		d.truth[r["record_id"]] = r["person_id"]
	}
	f, err := os.Open(filepath.Join(d.dir, "people.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	d.header, d.rows = all[0], all[1:]
	return d
}

// change a few records: one has another phone, one is gone, and somebody new comes who uses what many use.
func (d *data) change() {
	column := func(name string) int { return slices.Index(d.header, name) }
	id := func(row []string) string { return row[column("record_id")] }
	other := d.rows[10]
	other[column("phone")] = "(907) 555-0142"
	gone := id(d.rows[12])
	d.changed[d.truth[id(other)]], d.changed[d.truth[gone]] = true, true
	delete(d.truth, gone)
	d.rows = slices.Delete(d.rows, 12, 13)

	somebody := make([]string, len(d.header))
	for name, v := range map[string]string{
		"record_id": "R999999999", "source": "crm", "given_name": "Zebulon", "surname": "Quixworth", "birth_date": "1931-07-03", "gender": "M", "phone": "(907) 555-0199",
		"street": "Tern Lane", "house_number": "7", "city": "Nome", "postcode": "99762", "region": "AK", "updated_at": "2025-07-01T12:00:00Z",
	} {
		somebody[column(name)] = v
	}
	for _, shared := range []string{"email", "device_id"} {
		at, users := column(shared), 0
		for _, row := range d.rows {
			if row[at] == d.rows[0][at] {
				users++
			}
		}
		if users > limit {
			somebody[at] = d.rows[0][at]
		}
	}
	d.rows, d.truth["R999999999"] = append(d.rows, somebody), "somebody"

	f, err := os.Create(filepath.Join(d.dir, "people.csv"))
	if err != nil {
		d.t.Fatal(err)
	}
	out := csv.NewWriter(f)
	if err := out.WriteAll(append([][]string{d.header}, d.rows...)); err != nil {
		d.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		d.t.Fatal(err)
	}
}
