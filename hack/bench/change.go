package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// changePhones gives one record in a hundred another phone.
func changePhones(dir string) error {
	path := filepath.Join(dir, "people.csv")
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }()
	to, err := os.Create(path + ".new")
	if err != nil {
		return err
	}
	defer func() { _ = to.Close() }()
	if err := copyChanged(to, from); err != nil {
		return err
	}
	if err := to.Close(); err != nil {
		return err
	}
	return os.Rename(to.Name(), path)
}

func copyChanged(to io.Writer, from io.Reader) error {
	in, out := csv.NewReader(bufio.NewReader(from)), csv.NewWriter(to)
	header, err := in.Read()
	if err != nil {
		return err
	}
	phone := slices.Index(header, "phone")
	if phone < 0 {
		return errors.New("people.csv has no column phone")
	}
	for row := header; err == nil; row, err = in.Read() {
		if line, _ := in.FieldPos(0); line%100 == 0 {
			row[phone] = fmt.Sprintf("(303) %03d-%04d", 200+line/100%800, line/100%10000)
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	out.Flush()
	return out.Error()
}
