package v1alpha1

// Declared is an object of a kind that people declare, which is every kind but Run.
// +kubebuilder:object:generate=false
type Declared interface {
	// CommonStatus is the part of the status that all these kinds have. It is the object's own, not a copy.
	CommonStatus() *Status
}

// CommonStatus of a Workspace.
func (o *Workspace) CommonStatus() *Status { return &o.Status }

// CommonStatus of a DataSource.
func (o *DataSource) CommonStatus() *Status { return &o.Status.Status }

// CommonStatus of an IdentityRule.
func (o *IdentityRule) CommonStatus() *Status { return &o.Status.Status }

// CommonStatus of a Trait.
func (o *Trait) CommonStatus() *Status { return &o.Status }

// CommonStatus of a Segment.
func (o *Segment) CommonStatus() *Status { return &o.Status.Status }

// CommonStatus of a Destination.
func (o *Destination) CommonStatus() *Status { return &o.Status }

// CommonStatus of an Activation.
func (o *Activation) CommonStatus() *Status { return &o.Status.Status }
