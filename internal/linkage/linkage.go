package linkage

// Link finds the candidates among the records, learns a model from them and weighs them. The order of the edges is not defined.
func (r *Records) Link() (*Model, []Edge, error) {
	cs, err := r.comparisons()
	if err != nil {
		return nil, nil, err
	}
	b := r.block(r.rules())
	s := r.sample(b, cs)
	random := r.random(cs)
	m := train(cs, s.seen, random, r.n, s.share)
	kept := b.worthwhile(s, m, cs, r.n)
	edges := r.weigh(cs, m, kept)
	return m, edges, nil
}
