package main

import (
	"bytes"
	"context"
	"encoding/csv"
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
	header, lines, err := look(file)
	if err != nil {
		return nil, nil, err
	}
	db, err := engine.Open(ctx, engine.Options{Scratch: engine.DefaultScratch(), Allowed: []string{filepath.Dir(file)}})
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = db.Close() }()
	var compared []linkage.Column
	selected := []sqlgen.Ident{sqlgen.Name(header[0])} // the first is the id
	var types []sqlgen.Query
	for _, name := range header {
		types = append(types, sqlgen.Format("{name}: 'VARCHAR'", sqlgen.Args{"name": name}))
		if kind, ok := columns.Kinds[name]; ok {
			compared, selected = append(compared, linkage.NewColumn(kind, name, lines)), append(selected, sqlgen.Name(name))
		}
	}
	source := sqlgen.Format("FROM read_csv({file}, header = true, delim = ',', quote = '\"', escape = '\"', auto_detect = false, columns = { {types} })",
		sqlgen.Args{"file": file, "types": types})
	ids, filling := make([]string, lines), linkage.Fill(compared)
	var n atomic.Int32
	err = db.Batches(ctx, sqlgen.Format("SELECT {selected} {source}", sqlgen.Args{"selected": selected, "source": source}), func(b *engine.Batch) error {
		records, end := make([]int32, b.Len()), n.Add(int32(b.Len()))
		var room strings.Builder // for the ids of a batch, which are not to be kept as the engine's
		for row := range records {
			records[row] = end - int32(b.Len()) + int32(row)
			before := room.Len()
			room.WriteString(b.Text(0, row))
			ids[records[row]] = room.String()[before:]
		}
		filling.Set(records, func(column, row int) string { return b.Text(column+1, row) })
		return nil
	})
	for j := range compared {
		compared[j].IDs = compared[j].IDs[:n.Load()]
	}
	return compared, ids[:n.Load()], err
}

// look at a file: the names of its columns, and as many lines as it has records, or one or some more.
func look(file string) (header []string, lines int, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = f.Close() }()
	if header, err = csv.NewReader(f).Read(); err != nil {
		return nil, 0, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, 0, err
	}
	buffer := make([]byte, 1<<20)
	for {
		k, err := f.Read(buffer)
		lines += bytes.Count(buffer[:k], []byte{'\n'})
		if err == io.EOF {
			return header, lines + 1, nil
		}
		if err != nil {
			return nil, 0, err
		}
	}
}
