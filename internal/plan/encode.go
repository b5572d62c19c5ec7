package plan

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"

	"github.com/kith-dev/kith/internal/fault"
)

// A plan travels in ConfigMaps, which hold at most a megabyte each: it is compressed and cut into parts. They are mounted as files
// of one folder.
const (
	// PartSize is the most bytes of a part. A ConfigMap with one of them stays below the API's limit in base64 too.
	PartSize = 700_000
	// PartPrefix begins the name of every part; what follows is its number.
	PartPrefix = "plan.json.gz."
	// maxDocument bounds what is decompressed: a worker must not be brought down by a few bytes that unfold without end.
	maxDocument = 64 << 20
)

// PartName is the key and file name of the i-th part, from 0. Names are in the order of their numbers.
func PartName(i int) string { return fmt.Sprintf("%s%03d", PartPrefix, i) }

// Pack is the plan's document, compressed and cut. The same plan gives the same bytes.
func Pack(p *Plan) ([][]byte, error) {
	document, err := p.Encode()
	if err != nil {
		return nil, fault.New(fault.Internal, "encode plan %s: %w", p.Run, err)
	}
	if len(document) > maxDocument {
		return nil, fault.New(fault.InvalidManifest, "the plan of %s %s is larger than %d MiB: there are too many or too long declarations for one run", p.Subject.Kind, p.Subject.Name, maxDocument>>20)
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(document)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fault.New(fault.Internal, "compress plan %s: %w", p.Run, err)
	}
	var parts [][]byte
	for rest := packed.Bytes(); len(rest) > 0; {
		n := min(len(rest), PartSize)
		parts, rest = append(parts, rest[:n:n]), rest[n:]
	}
	return parts, nil
}

// Unpack reads a plan from all of its parts, in order. The class is InvalidManifest when they do not make one.
func Unpack(parts ...[]byte) (*Plan, error) {
	packed := bytes.NewReader(bytes.Join(parts, nil))
	unpacked, err := gzip.NewReader(packed)
	if err != nil {
		return nil, fault.New(fault.InvalidManifest, "the plan can't be decompressed: %w", err)
	}
	unpacked.Multistream(false)
	document, err := io.ReadAll(io.LimitReader(unpacked, maxDocument+1))
	if err != nil {
		return nil, fault.New(fault.InvalidManifest, "the plan can't be decompressed (is a part missing?): %w", err)
	}
	if len(document) > maxDocument {
		return nil, fault.New(fault.InvalidManifest, "the plan is larger than %d MiB", maxDocument>>20)
	}
	if packed.Len() > 0 {
		return nil, fault.New(fault.InvalidManifest, "there is more behind the end of the plan: are its parts those of one plan?")
	}
	return Decode(document)
}
