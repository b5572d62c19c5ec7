package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/kith-dev/kith/hack/datagen/people/columns"
	"github.com/kith-dev/kith/internal/engine"
	"github.com/kith-dev/kith/internal/linkage"
	"github.com/kith-dev/kith/internal/sqlgen"
)

// read the compared columns of a file of people and the ids of its records, as a run of Kith reads its sources: with the engine, in batches.
func read(ctx context.Context, file string) ([]linkage.Column, []string, error) {
	lines, err := linesOf(file)
	if err != nil {
		return nil, nil, err
	}
	db, err := engine.Open(ctx, engine.Options{Scratch: engine.DefaultScratch(), Allowed: []string{filepath.Dir(file)}})
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = db.Close() }()
	source := sqlgen.Format("FROM read_csv({file}, all_varchar = true, header = true)", sqlgen.Args{"file": file})
	all, err := db.Columns(ctx, source)
	if err != nil {
		return nil, nil, err
	}
	var compared []linkage.Column
	selected := []sqlgen.Ident{sqlgen.Name(all[0].Name)} // the first is the id
	for _, c := range all {
		if kind, ok := columns.Kinds[c.Name]; ok {
			compared, selected = append(compared, linkage.NewColumn(kind, c.Name, lines)), append(selected, sqlgen.Name(c.Name))
		}
	}
	ids, filling := make([]string, lines), linkage.Fill(compared)
	var n atomic.Int32
	err = db.Batches(ctx, sqlgen.Format("SELECT {selected} {source}", sqlgen.Args{"selected": selected, "source": source}), func(b *engine.Batch) error {
		records, end := make([]int32, b.Len()), n.Add(int32(b.Len()))
		for row := range records {
			records[row] = end - int32(b.Len()) + int32(row)
			ids[records[row]] = strings.Clone(b.Text(0, row))
		}
		filling.Set(records, func(column, row int) string { return b.Text(column+1, row) })
		return nil
	})
	for j := range compared {
		compared[j].IDs = compared[j].IDs[:n.Load()]
	}
	return compared, ids[:n.Load()], err
}

// linesOf a file are as many as it has records, and one or some more.
func linesOf(file string) (n int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }()
	buffer := make([]byte, 1<<16)
	for {
		k, err := f.Read(buffer)
		n += bytes.Count(buffer[:k], []byte{'\n'})
		if err == io.EOF {
			return n + 1, nil
		}
		if err != nil {
			return 0, err
		}
	}
}
