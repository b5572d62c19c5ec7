package person

import "testing"

func TestGeneration(t *testing.T) {
	for _, c := range []struct {
		in, rest string
		want     int
	}{
		{"Smith Sr", "Smith", 1}, {"Smith, Sr.", "Smith", 1}, {"Dobbins Senior", "Dobbins", 1}, {"Smith JR.", "Smith", 2}, {"Robert Smith Jr", "Robert Smith", 2},
		{"Smith, Robert III", "Smith, Robert", 3}, {"Morris I", "Morris", 1}, {"Morris II", "Morris", 2}, {"Henry 4th", "Henry", 4},
		{"da Silva Neto", "da Silva", 3}, {"Souza Filho", "Souza", 2},
		{"Morris i", "Morris i", 0}, {"Morris I.", "Morris I.", 0}, {"Junior", "Junior", 0}, {"Sr", "Sr", 0}, {", Jr", ", Jr", 0}, {"", "", 0}, {"Smith", "Smith", 0},
		{"Vii", "Vii", 0}, {"Hawaii", "Hawaii", 0}, {"김 철수", "김 철수", 0}, {"Smith PhD", "Smith PhD", 0},
	} {
		if rest, got := Generation(c.in); rest != c.rest || got != c.want {
			t.Errorf("%q is %q of generation %d, want %q of %d", c.in, rest, got, c.rest, c.want)
		}
	}
}

func TestGenerationOfAFullName(t *testing.T) {
	for in, want := range map[string]int{"Robert Smith, Jr., PhD": 2, "Smith, Robert E. III": 3, "ROBERT SMITH SR": 1, "Robert Smith PhD": 0, "Robert Smith": 0} {
		if got := ParseName(in).Generation(); got != want {
			t.Errorf("%q is of generation %d, want %d", in, got, want)
		}
	}
}
