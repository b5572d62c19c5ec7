package plan

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/kith-dev/kith/internal/fault"
)

// large is a plan whose expressions do not compress, so that it needs several parts.
func large(t *testing.T) *Plan {
	t.Helper()
	o := tenant()
	revs := Revisions{ResolveSubject("customers"): {Run: "customers-resolve-1", Serial: 1}}
	p, wait := Evaluate(o, &o.IdentityRules[0], revs, noon)
	if wait != nil {
		t.Fatal(wait)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		text := make([]byte, 4000)
		for i := range text {
			text[i] = byte(rng.IntN(256))
		}
		p.Evaluate.Segments = append(p.Evaluate.Segments, Segment{Name: "s", Where: hex.EncodeToString(text)})
	}
	return p
}

func TestPackUnpack(t *testing.T) {
	o := tenant()
	for name, p := range map[string]*Plan{"small": Ingest(o, &o.DataSources[0], Revisions{}, noon), "large": large(t)} {
		parts, err := Pack(p)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Pack(p)
		if err != nil || !reflect.DeepEqual(parts, again) {
			t.Errorf("%s: the same plan gives other parts: %v", name, err)
		}
		if (len(parts) > 2) != (name == "large") {
			t.Errorf("%s: %d parts", name, len(parts))
		}
		for _, part := range parts {
			if len(part) == 0 || len(part) > PartSize {
				t.Errorf("%s: a part of %d bytes", name, len(part))
			}
		}
		q, err := Unpack(parts...)
		if err != nil || !reflect.DeepEqual(p, q) {
			t.Errorf("%s: the plan changed on its way: %v", name, err)
		}
		for what, broken := range map[string][][]byte{
			"no part": nil, "a part that is missing": parts[:len(parts)-1], "a part twice": append(parts[:1:1], parts...),
			"no gzip": {[]byte("plan")},
		} {
			if _, err := Unpack(broken...); !fault.Is(err, fault.InvalidManifest) {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
	if PartName(2) != "plan.json.gz.002" {
		t.Error(PartName(2))
	}
}

func TestUnpackIsBounded(t *testing.T) {
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	zeros := make([]byte, 1<<20)
	for range 65 {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Unpack(bomb.Bytes()); !fault.Is(err, fault.InvalidManifest) {
		t.Errorf("%d bytes unfolded: %v", bomb.Len(), err)
	}
}
