package record

import "github.com/kith-dev/kith/internal/normalise"

// overrideAt are the places of what a row of kind Override says: each is needed.
type overrideAt struct{ decision, firstSource, firstKey, secondSource, secondKey, reason int }

func (s *Schema) findOverride() (overrideAt, error) {
	var at overrideAt
	for semantic, place := range map[string]*int{
		normalise.SemanticDecision: &at.decision, normalise.SemanticReason: &at.reason,
		normalise.SemanticFirstSource: &at.firstSource, normalise.SemanticFirstKey: &at.firstKey,
		normalise.SemanticSecondSource: &at.secondSource, normalise.SemanticSecondKey: &at.secondKey,
	} {
		if *place = s.bySemantic(semantic); *place < 0 {
			return at, s.invalid("records of kind Override need a field with the semantic %s", semantic)
		}
	}
	return at, nil
}

// broken is the rule that the values of an Override break, and why; empty for none.
func (at overrideAt) broken(values []any) (rule, reason string) {
	first, second := [2]any{values[at.firstSource], values[at.firstKey]}, [2]any{values[at.secondSource], values[at.secondKey]}
	for _, v := range [...]any{first[0], first[1], second[0], second[1]} {
		if v == nil {
			return RuleRecord, "a record is not named by its source and its key"
		}
	}
	switch {
	case first == second:
		return RuleRecord, "both records are the same"
	case values[at.decision] == nil:
		return RuleDecision, "the decision is missing or is none of Merge, Split and Withdraw"
	case values[at.reason] == nil:
		return RuleReason, "the reason is missing"
	}
	return "", ""
}
