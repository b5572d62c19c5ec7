package figures

import "testing"

func TestOutputsHoldFigures(t *testing.T) {
	for _, f := range []Figure{
		Make(Records, "", 1234567), Make(Jitter, "", 0.0000014), Make(SharedValues, "email", 3), Make(PairF1, "", 2.0/3),
	} {
		name, rows := f.Output()
		if got, ok := FromOutput(name, rows); !ok || got != f {
			t.Errorf("%+v is output %s %d and comes back as %+v", f, name, rows, got)
		}
	}
	if name, rows := Make(PairF1, "", 2.0/3).Output(); name != "quality/pairF1" || rows != 666667 {
		t.Errorf("%s %d", name, rows)
	}
	if _, ok := FromOutput("records", 7); ok {
		t.Error("an output that is no figure was read as one")
	}
}

func TestFiguresOfOneName(t *testing.T) {
	all := All{Make(SharedValues, "email", 3), Make(SharedValues, "phone", 4), Make(Jitter, "", 0.25), Make(BCubedF1, "", 0.99996)}
	if n := all.Count(SharedValues); n != 7 {
		t.Errorf("%d shared values", n)
	}
	if got := [3]string{all.Text(Jitter), all.Text(BCubedF1), all.Text(PairF1)}; got != [3]string{"0.2500", "1.0000", ""} {
		t.Errorf("%q", got)
	}
}
