package cluster

// Sized are groups of which nothing is known but how many records they may have.
type Sized struct {
	parent []int32
	size   []int
	limit  int
}

// NewSized makes a group of each record.
func NewSized(records, limit int) *Sized {
	s := &Sized{parent: make([]int32, records), size: make([]int, records), limit: limit}
	for i := range s.parent {
		s.parent[i], s.size[i] = int32(i), 1
	}
	return s
}

// Len is the number of records.
func (s *Sized) Len() int { return len(s.parent) }

// Find is the root of a record's group.
func (s *Sized) Find(x int32) int32 {
	for s.parent[x] != x {
		s.parent[x] = s.parent[s.parent[x]]
		x = s.parent[x]
	}
	return x
}

// Union joins groups unless they are too large together.
func (s *Sized) Union(roots ...int32) (int32, bool) {
	n := 0
	for _, r := range roots {
		n += s.size[r]
	}
	if n > s.limit {
		return 0, false
	}
	for _, r := range roots[1:] {
		s.parent[r] = roots[0]
	}
	s.size[roots[0]] = n
	return roots[0], true
}
