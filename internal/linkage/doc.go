// Package linkage finds which records are about one person, in memory and without any labels: the method of Fellegi and Sunter (1969). Records
// come as columns of distinct values and, for each record, the number of its value. Pairs that agree in some combination of parts of their
// values are candidates; each candidate is compared in every respect; how much each level of agreement tells is learned from the candidates
// themselves and from random pairs; and each candidate gets a match weight, in bits: log2 of the odds that both are one person.
//
//	linkage.go               a model learned, and pairs weighed by one: how the rest goes together
//	columns.go, filling.go, index.go, records.go   what is compared
//	parts.go, scripts.go     full names and addresses in parts, names in other letters
//	similarity.go            how alike two texts are
//	comparison.go, names.go, namesakes.go, dates.go   the respects in which records are compared, derived from the kinds of columns
//	declared.go, levels.go, spelled.go, mistakes.go   what a rule spells out of that, and of which records are candidates
//	features.go              parts and forms of values that candidates agree in
//	blocking.go, blocks.go, budget.go, keys.go   which records are candidates
//	compare.go               the levels of all candidates
//	model.go, frequencies.go, train.go, codec.go   how much a level and a value tell, how that is learned and kept
//	fit.go, table.go         whether a model fits the records, and what it says, for people
//	weigh.go, explain.go     match weights, and each step of one
//
// The result depends on neither the order of the records nor that of the columns' values. With a model given, the weight of a pair depends on
// the pair and the model alone.
//
// What does not live here: making people out of weighted pairs (cluster), reading and writing tables (identity), and normal forms of values
// that everything uses (normalise).
package linkage
