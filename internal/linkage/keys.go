package linkage

// Keys of the records in the blocks of a model: its rules, and for each record the keys in all of them beside each other, 0 for none. Two records are
// candidates if and only if they have a key of a rule in common. A record's keys depend on the record and the model alone. The error is
// ErrOutdated where the model does not fit.
func (r *Records) Keys(m *Model) (rules []string, keys []uint32, err error) {
	_, fitting, err := r.fit(m)
	if err != nil {
		return nil, nil, err
	}
	for _, rule := range fitting {
		rules = append(rules, rule.name)
	}
	return rules, r.block(fitting, m.Largest, m.Divided).keys, nil
}

// Outgrown is the number of records in a block above which a model does not fit any more.
func (m *Model) Outgrown() int64 { return outgrown * m.Largest }
