package plan

// Mounts are what a worker must find to carry out a plan, beside the lake.
type Mounts struct {
	// Reads and Writes are names of claims; one that is written is not among those that are only read.
	Reads, Writes []string
	// Secrets by name.
	Secrets []string
}

// rule by which the plan makes people; nil for none.
func (p *Plan) rule() *ResolvePlan {
	if p.Canary != nil {
		return p.Canary.Candidate
	}
	return p.Resolve
}

// Mounts of the plan.
func (p *Plan) Mounts() Mounts {
	var m Mounts
	if p.Ingest != nil && !p.Ingest.Retract {
		switch c := p.Ingest.Source.Connector; {
		case c.Files != nil:
			m.Reads = append(m.Reads, c.Files.Volume.ClaimName)
		case c.Postgres != nil:
			m.Secrets = append(m.Secrets, c.Postgres.DSNSecretRef.Name)
		}
	}
	if r := p.rule(); r != nil {
		if f := modelFile(r.Rule.Probabilistic); f != nil {
			m.Reads = append(m.Reads, f.Volume.ClaimName)
		}
	}
	if p.Sync != nil {
		switch c := p.Sync.Connector; {
		case c.Files != nil:
			m.Writes = append(m.Writes, c.Files.Volume.ClaimName)
		case c.Webhook != nil && c.Webhook.CredentialsSecretRef != nil:
			m.Secrets = append(m.Secrets, c.Webhook.CredentialsSecretRef.Name)
		}
	}
	return m
}
