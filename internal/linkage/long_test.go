package linkage

import (
	"strings"
	"testing"
)

// Of a megabyte only a hash is kept, and values that differ anywhere in it are not the same.
func TestLongValuesAreShortened(t *testing.T) {
	long := strings.Repeat("ü", 1<<19)
	values := []string{long + "1", long + "2", "1" + long, long[:longValue], long + "1"}
	for name, fill := range map[string]func(*Column){
		"one after the other": func(c *Column) {
			for i, v := range values {
				c.Set(i, v)
			}
		},
		"in batches": func(c *Column) {
			columns := []Column{*c}
			Fill(columns).Set([]int32{0, 1, 2, 3, 4}, func(_, at int) string { return values[at] })
			*c = columns[0]
		},
	} {
		c := NewColumn(Text, "note", len(values))
		fill(&c)
		if len(c.Values) != 4 || c.IDs[0] != c.IDs[4] {
			t.Errorf("%s: %d values, want 4 of which the first and the last are the same", name, len(c.Values))
		}
		for _, v := range c.Values {
			if len(v) > longValue {
				t.Errorf("%s: a value of %d bytes is kept", name, len(v))
			}
		}
		if c.Values[3] != values[3] {
			t.Errorf("%s: a value of %d bytes was changed", name, longValue)
		}
	}
}
