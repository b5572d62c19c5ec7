package linkage

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Filling sets the values of columns from several goroutines at once.
type Filling struct {
	columns []Column
	locks   []sync.Mutex
	first   atomic.Int64
}

// Fill columns. They are not to be used until it is done.
func Fill(columns []Column) *Filling {
	return &Filling{columns: columns, locks: make([]sync.Mutex, len(columns))}
}

// Set the values of some records: value gives that of a column for the record at a place in the list, empty for none. New values are copied.
func (f *Filling) Set(records []int32, value func(column, at int) string) {
	hashes := make([]uint64, len(records))
	// Each call begins with another column, so that they do not all wait for the same.
	first := int(f.first.Add(1))
	for i := range f.columns {
		j := (first + i) % len(f.columns)
		for at := range records {
			hashes[at] = maphash.String(seed, shortened(value(j, at)))
		}
		f.set(j, records, hashes, value)
	}
}

func (f *Filling) set(j int, records []int32, hashes []uint64, value func(column, at int) string) {
	f.locks[j].Lock()
	defer f.locks[j].Unlock()
	c := &f.columns[j]
	c.index.load(hashes, c.Values)
	for at, record := range records {
		if v := shortened(value(j, at)); v != "" {
			c.set(int(record), hashes[at], v)
		}
	}
}
