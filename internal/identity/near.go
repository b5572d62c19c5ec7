package identity

import (
	"context"

	"github.com/kith-dev/kith/internal/lake"
)

var linkColumns = append(strs("source", "record_key", "other_source", "other_record_key"), lake.Column{Name: "weight", Type: "double"})

func (r *run) seedMatches(ctx context.Context, p *part) (bool, error) {
	return !r.cfg.Probabilistic, nil
}
