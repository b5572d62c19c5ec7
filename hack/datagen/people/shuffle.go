package people

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kith-dev/kith/hack/datagen/draw"
)

// rowsPerPart is how many rows are in memory at a time.
const rowsPerPart = 100_000

// shuffle puts rows into a random order without holding them all: each goes into a file by the upper bits of its random key, and one
// file after the other is read back and sorted. Only then a row gets its record_id, which so tells nothing of the person.
type shuffle struct {
	dir   string
	parts []*os.File
	to    []*bufio.Writer
	keys  draw.RNG
	row   []byte
}

func newShuffle(dir string, rows int, seed uint64) (*shuffle, error) {
	tmp, err := os.MkdirTemp(dir, ".parts-*")
	if err != nil {
		return nil, err
	}
	s := &shuffle{dir: tmp, keys: draw.New(seed, streamOrder, 0)}
	for i := range rows/rowsPerPart + 1 {
		f, err := os.Create(filepath.Join(tmp, digits(int64(i), 1)))
		if err != nil {
			s.discard()
			return nil, err
		}
		s.parts, s.to = append(s.parts, f), append(s.to, bufio.NewWriterSize(f, 1<<16))
	}
	return s, nil
}

// discard closes and removes the files.
func (s *shuffle) discard() {
	for _, f := range s.parts {
		_ = f.Close()
	}
	_ = os.RemoveAll(s.dir)
}

// add a row: its key, its length, the person and the values but the record_id.
func (s *shuffle) add(rec *Record, person string) error {
	key := s.keys.Uint64()
	values := rec.values()
	s.row = append(s.row[:0], person...)
	for _, v := range values[1:] {
		s.row = append(s.row, ',')
		s.row = appendValue(s.row, v)
	}
	var head [12]byte
	binary.LittleEndian.PutUint64(head[:], key)
	binary.LittleEndian.PutUint32(head[8:], uint32(len(s.row)))
	w := s.to[key>>32*uint64(len(s.to))>>32]
	_, errHead := w.Write(head[:])
	_, err := w.Write(s.row)
	return errors.Join(errHead, err)
}

// appendValue quotes a value of a CSV file where it must be.
func appendValue(row []byte, v string) []byte {
	if !strings.ContainsAny(v, ",\"\r\n") {
		return append(row, v...)
	}
	row = append(row, '"')
	row = append(row, strings.ReplaceAll(v, `"`, `""`)...)
	return append(row, '"')
}

// write people.csv and truth.csv into dir.
func (s *shuffle) write(dir string) error {
	people, err := createText(dir, "people.csv", strings.Join(Columns, ","))
	if err != nil {
		return err
	}
	truth, err := createText(dir, "truth.csv", "record_id,person_id")
	if err != nil {
		return err
	}
	number := int64(0)
	for i := range s.parts {
		rows, err := s.read(i)
		if err != nil {
			return err
		}
		for _, r := range rows {
			number++
			id := "R" + digits(number, 9)
			person, values, _ := strings.Cut(r.text, ",")
			people.line(id, ",", values)
			truth.line(id, ",", person)
		}
	}
	return errors.Join(people.close(), truth.close())
}

type keyed struct {
	key  uint64
	text string
}

func (s *shuffle) read(part int) ([]keyed, error) {
	if err := s.to[part].Flush(); err != nil {
		return nil, err
	}
	if _, err := s.parts[part].Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(s.parts[part], 1<<16)
	var rows []keyed
	for {
		var head [12]byte
		if _, err := io.ReadFull(in, head[:]); err == io.EOF {
			break
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", s.parts[part].Name(), err)
		}
		text := make([]byte, binary.LittleEndian.Uint32(head[8:]))
		if _, err := io.ReadFull(in, text); err != nil {
			return nil, fmt.Errorf("%s: %w", s.parts[part].Name(), err)
		}
		rows = append(rows, keyed{binary.LittleEndian.Uint64(head[:]), string(text)})
	}
	slices.SortFunc(rows, func(a, b keyed) int { return cmp.Compare(a.key, b.key) })
	return rows, nil
}

// text is a file of lines. Its first error sticks and comes out of close.
type text struct {
	f   *os.File
	w   *bufio.Writer
	err error
}

func createText(dir, name, header string) (*text, error) {
	f, err := os.Create(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	t := &text{f: f, w: bufio.NewWriterSize(f, 1<<18)}
	t.line(header)
	return t, nil
}

func (t *text) line(parts ...string) {
	for _, p := range append(parts, "\n") {
		if _, err := t.w.WriteString(p); t.err == nil {
			t.err = err
		}
	}
}

func (t *text) close() error { return errors.Join(t.err, t.w.Flush(), t.f.Close()) }
