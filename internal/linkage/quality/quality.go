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
	q := Quality{Records: len(clusters)}
	var both, found, right int
	var precision, recall float64
	for k, n := range cells {
		both += pairs(n)
		precision += float64(n) * float64(n) / float64(byCluster[k.cluster])
		recall += float64(n) * float64(n) / float64(byPerson[k.person])
	}
	for _, n := range byCluster {
		found += pairs(n)
		q.Largest = max(q.Largest, n)
	}
	for _, n := range byPerson {
		right += pairs(n)
	}
	q.Pairs = share(float64(both), float64(found), float64(both), float64(right))
	all := float64(len(clusters))
	q.BCubed = share(precision, all, recall, all)
	return q
}

func pairs(n int) int { return n * (n - 1) / 2 }

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
