// Package quality measures how well clusters agree with the truth, where it is known: pairwise precision and recall, and those of B-cubed (Bagga and
// Baldwin, 1998). Both come from the table of how many records each cluster and each person have in common; pairs are counted, never made.
package quality

// Share of what was found that is right (precision), of what is right that was found (recall), and the harmonic mean of both. Where there is nothing
// to find or nothing was found, the share is 1.
type Share struct {
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// Quality of clusters.
type Quality struct {
	Records int `json:"records"`
	// Pairs of records in one cluster, and of one person.
	Pairs Share `json:"pairs"`
	// BCubed is the mean over records: of a record's cluster the share that is of its person, and of its person's records those that are in its cluster.
	BCubed Share `json:"bCubed"`
	// Largest cluster.
	Largest int `json:"largest"`
}

// Counts of the table of how many records each cluster and each person have in common.
type Counts struct {
	Records int64
	// Found are the pairs of records in one cluster, Right those of one person, and Both those that are in one cluster and of one person.
	Found, Right, Both int64
	// Precision and Recall are sums over records: of a record's cluster the share that is of its person, and of its person's records the share that is in
	// its cluster.
	Precision, Recall float64
}

// Pairs of records in one cluster, and of one person.
func (c Counts) Pairs() Share {
	return share(float64(c.Both), float64(c.Found), float64(c.Both), float64(c.Right))
}

// BCubed is the mean over records.
func (c Counts) BCubed() Share {
	return share(c.Precision, float64(c.Records), c.Recall, float64(c.Records))
}

// Of clusters, given for each record its cluster and its person.
func Of[C, P comparable](clusters []C, people []P) Quality {
	type cell struct {
		cluster C
		person  P
	}
	cells, byCluster, byPerson := map[cell]int{}, map[C]int{}, map[P]int{}
	for i, c := range clusters {
		cells[cell{c, people[i]}]++
		byCluster[c]++
		byPerson[people[i]]++
	}
	c, largest := Counts{Records: int64(len(clusters))}, 0
	for k, n := range cells {
		c.Both += pairs(n)
		c.Precision += float64(n) * float64(n) / float64(byCluster[k.cluster])
		c.Recall += float64(n) * float64(n) / float64(byPerson[k.person])
	}
	for _, n := range byCluster {
		c.Found += pairs(n)
		largest = max(largest, n)
	}
	for _, n := range byPerson {
		c.Right += pairs(n)
	}
	return Quality{Records: len(clusters), Pairs: c.Pairs(), BCubed: c.BCubed(), Largest: largest}
}

func pairs(n int) int64 { return int64(n) * int64(n-1) / 2 }

func share(precise, found, recalled, right float64) Share {
	s := Share{Precision: 1, Recall: 1}
	if found > 0 {
		s.Precision = precise / found
	}
	if right > 0 {
		s.Recall = recalled / right
	}
	if sum := s.Precision + s.Recall; sum > 0 {
		s.F1 = 2 * s.Precision * s.Recall / sum
	}
	return s
}
