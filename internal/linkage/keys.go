package linkage

import "github.com/kith-dev/kith/internal/linkage/parallel"

// Keys of the records in the blocks of a model: its rules, and for each record the keys in all of them beside each other, 0 for none. Two records are
// candidates if and only if they have the key of a rule in common. A record's keys depend on the record and the model alone. The error is
// ErrOutdated where the model does not fit.
func (r *Records) Keys(m *Model) (rules []string, keys []uint32, err error) {
	_, fitting, err := r.matching(m)
	if err != nil {
		return nil, nil, err
	}
	keys = make([]uint32, r.n*len(fitting))
	r.prepare(fitting)
	parallel.Each(len(fitting), func(i int) {
		g := grouping{records: r, largest: m.Largest, by: r.divisions(), frozen: m.Divided[i]}
		g.final = func(keyed []uint64) {
			for _, k := range keyed {
				keys[int(r.places[uint32(k)])*len(fitting)+i] = uint32(k >> 32)
			}
		}
		g.group(r.keyed(fitting[i]), 0)
	})
	return ruleNames(fitting), keys, nil
}

// Outgrown is the number of records in a block above which a model does not fit any more.
func (m *Model) Outgrown() int64 { return outgrown * m.Largest }
