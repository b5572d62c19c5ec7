package v1alpha1

import "time"

// Duration is a length of time such as 15m, 24h or 1h30m.
// +kubebuilder:validation:Pattern=`^([0-9]{1,5}(ms|s|m|h))+$`
// +kubebuilder:validation:MaxLength=32
type Duration string

// Value of the duration; 0 when d is nil or, which the schema prevents, malformed.
func (d *Duration) Value() time.Duration {
	if d == nil {
		return 0
	}
	v, err := time.ParseDuration(string(*d))
	if err != nil {
		return 0
	}
	return v
}
