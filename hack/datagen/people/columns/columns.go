// Package columns reads generated people as what linkage compares, with the truth. It is apart from the generator, which knows nothing of Kith.
package columns

import (
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/kith-dev/kith/internal/linkage"
)

// Kinds of the columns that are compared.
var Kinds = map[string]linkage.Kind{
	"given_name": linkage.GivenName, "middle_name": linkage.MiddleName, "surname": linkage.Surname, "birth_date": linkage.BirthDate,
	"gender": linkage.Gender, "email": linkage.Email, "phone": linkage.Phone, "street": linkage.Street, "house_number": linkage.HouseNumber,
	"city": linkage.City, "postcode": linkage.Postcode, "region": linkage.Region,
}

// Read the compared columns of a file of people, and the ids of its records.
func Read(file string) (columns []linkage.Column, ids []string, err error) {
	n := -1
	if err := rows(file, func([]string) { n++ }); err != nil {
		return nil, nil, err
	}
	var at []int
	record := -1
	err = rows(file, func(row []string) {
		if record < 0 {
			for j, name := range row {
				if k, ok := Kinds[name]; ok {
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

// Truth gives the person of each record, by the file that stands beside the people, or another.
func Truth(file string, ids []string) ([]string, error) {
	person := make(map[string]string, len(ids))
	if err := rows(file, func(row []string) { person[strings.Clone(row[0])] = strings.Clone(row[1]) }); err != nil {
		return nil, err
	}
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = person[id]
	}
	return out, nil
}

// ReadFolder reads what people.Generate has written to a folder.
func ReadFolder(dir string) (columns []linkage.Column, persons []string, err error) {
	columns, ids, err := Read(filepath.Join(dir, "people.csv"))
	if err != nil {
		return nil, nil, err
	}
	persons, err = Truth(filepath.Join(dir, "truth.csv"), ids)
	return columns, persons, err
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
