package people

import (
	"path/filepath"
	"reflect"
	"testing"
)

func TestCasesAreWhatTheySay(t *testing.T) {
	distinct := func(c Case, of func(Record) string) int {
		seen := map[string]bool{}
		for _, r := range c.Records {
			seen[of(r)] = true
		}
		return len(seen)
	}
	persons := func(c Case) int {
		seen := map[string]bool{}
		for _, p := range c.Truth {
			seen[p] = true
		}
		return len(seen)
	}
	for name, build := range cases {
		n := 200
		if name == "huge" {
			n = 9
		}
		c := build(n)
		if len(c.Records) != n || len(c.Truth) != n || distinct(c, func(r Record) string { return r.ID }) != n {
			t.Fatalf("%s: %d records, %d truths, want %d", name, len(c.Records), len(c.Truth), n)
		}
		if !reflect.DeepEqual(c, build(n)) {
			t.Errorf("%s differs when built again", name)
		}
	}
	if c := SharedEmail(300); distinct(c, func(r Record) string { return r.Email }) != 1 || persons(c) != 300 {
		t.Error("SharedEmail: not one email of 300 people")
	}
	if c := Kiosk(300); persons(c) >= 300 || persons(c) < 260 || distinct(c, func(r Record) string { return r.Device }) != 1+300-persons(c) {
		t.Errorf("Kiosk: %d people", persons(c))
	}
	if c := SameNameCity(300); persons(c) != 150 || distinct(c, func(r Record) string { return r.Given + r.Surname + r.City }) != 1 {
		t.Error("SameNameCity: more than one name")
	}
	if c := EmptyRecords(50); persons(c) != 50 || distinct(c, func(r Record) string {
		r.ID = ""
		return r.Given + r.Surname + r.BirthDate + r.Email + r.Phone + r.Street + r.City
	}) != 1 {
		t.Error("EmptyRecords are not empty")
	}
	if c := Twins(400); persons(c) != 200 || distinct(c, func(r Record) string { return r.Surname + r.BirthDate + r.Street + r.HouseNumber + r.Phone }) != 100 {
		t.Error("Twins are not 100 pairs")
	}
	if c := HouseholdPhone(400); persons(c) != 200 || distinct(c, func(r Record) string { return r.Phone }) != 40 {
		t.Error("HouseholdPhone: not 40 families of five")
	}
}

func TestHugeValuesDifferAtTheEnd(t *testing.T) {
	c := HugeValues(16)
	for i, r := range c.Records {
		longest := ""
		for _, v := range r.values() {
			if len(v) > len(longest) {
				longest = v
			}
		}
		if len(longest) != hugeValue || longest[hugeValue-8:] != digits(int64(i), 8) {
			t.Errorf("record %d: the longest value has %d bytes", i, len(longest))
		}
	}
}

func TestWriteCase(t *testing.T) {
	dir := t.TempDir()
	if err := WriteCase(dir, "kiosk", 100); err != nil {
		t.Fatal(err)
	}
	all := rows(t, filepath.Join(dir, "people.csv"))
	truth := rows(t, filepath.Join(dir, "truth.csv"))
	if len(all) != 100 || len(truth) != 100 || all[0]["device_id"] != "kiosk-0001" || all[0]["record_id"] != truth[0]["record_id"] {
		t.Errorf("%d records, %d truths, the first %v", len(all), len(truth), all[0])
	}
	if WriteCase(dir, "nothing", 1) == nil {
		t.Error("a case of no such name is accepted")
	}
}
