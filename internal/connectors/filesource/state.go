package filesource

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// seenFile is a file that a committed run has read.
type seenFile struct {
	Path string
	Size int64
	// Changed is the time of the last change in nanoseconds; 0 where the file was read so soon after it that another
	// change could have the same time, so that only the content tells.
	Changed int64
	Hash    string // xxhash of the content, in hex
}

// MarshalJSON writes a list rather than an object: there may be many.
func (f seenFile) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{f.Path, f.Size, f.Changed, f.Hash})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *seenFile) UnmarshalJSON(b []byte) error {
	parts := []any{&f.Path, &f.Size, &f.Changed, &f.Hash}
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) != 4 {
		return fmt.Errorf("a file has %d parts instead of 4", len(parts))
	}
	return nil
}

type state struct {
	Files []seenFile `json:"files"`
}

func decodeState(text string) (map[string]seenFile, error) {
	if text == "" {
		return map[string]seenFile{}, nil
	}
	var s state
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return nil, err
	}
	out := make(map[string]seenFile, len(s.Files))
	for _, f := range s.Files {
		out[f.Path] = f
	}
	return out, nil
}

// maxGone bounds the removed files that a state remembers, so that a file that comes back is known; rows of one that was
// forgotten are still told by their keys.
const maxGone = 1000

// encodeState lists the files that are there and, within bounds, those that were.
func encodeState(now, gone []seenFile) (string, error) {
	byPath := func(a, b seenFile) int { return strings.Compare(a.Path, b.Path) }
	slices.SortFunc(gone, byPath)
	all := append(slices.Clone(now), gone[max(0, len(gone)-maxGone):]...)
	slices.SortFunc(all, byPath)
	text, err := json.Marshal(state{all})
	return string(text), err
}

// settled is how old a change must be for the time of a later one to differ for sure, with the coarse clocks of file systems.
const settled = 100 * time.Millisecond
