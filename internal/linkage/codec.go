package linkage

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A model is a JSON document. What it has many of are numbers, which stand in it as base64 of little-endian bytes.

// Counts of values, by their hash.
type Counts map[uint64]int32

// MarshalJSON writes each hash of eight bytes with its count of four, in order of hash.
func (c Counts) MarshalJSON() ([]byte, error) {
	b := make([]byte, 0, 12*len(c))
	for _, h := range slices.Sorted(maps.Keys(c)) {
		b = binary.LittleEndian.AppendUint64(b, h)
		b = binary.LittleEndian.AppendUint32(b, uint32(c[h]))
	}
	return json.Marshal(base64.StdEncoding.EncodeToString(b))
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (c *Counts) UnmarshalJSON(text []byte) error {
	b, err := numbers(text, 12)
	if err != nil {
		return fmt.Errorf("the counts of a model: %w", err)
	}
	*c = make(Counts, len(b)/12)
	for ; len(b) > 0; b = b[12:] {
		(*c)[binary.LittleEndian.Uint64(b)] = int32(binary.LittleEndian.Uint32(b[8:]))
	}
	return nil
}

// MarshalJSON writes a list of texts, of four bytes for each key.
func (d Divided) MarshalJSON() ([]byte, error) {
	out := make([]string, len(d))
	for i, keys := range d {
		b := make([]byte, 0, 4*len(keys))
		for _, k := range keys {
			b = binary.LittleEndian.AppendUint32(b, k)
		}
		out[i] = base64.StdEncoding.EncodeToString(b)
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (d *Divided) UnmarshalJSON(text []byte) error {
	var all []json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	*d = make(Divided, len(all))
	for i, t := range all {
		b, err := numbers(t, 4)
		if err != nil {
			return fmt.Errorf("the divided blocks of a model: %w", err)
		}
		for ; len(b) > 0; b = b[4:] {
			(*d)[i] = append((*d)[i], binary.LittleEndian.Uint32(b))
		}
	}
	return nil
}

// numbers are the bytes of numbers of some width.
func numbers(text []byte, width int) ([]byte, error) {
	var s string
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(s)
	if err == nil && len(b)%width != 0 {
		err = fmt.Errorf("%d bytes are no numbers of %d", len(b), width)
	}
	return b, err
}
