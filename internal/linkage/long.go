package linkage

import (
	"crypto/sha256"
	"encoding/hex"
)

// longValue is more bytes than a name or an address has.
const longValue = 1024

// shortened is what is compared of a value: a hash of one that is too long to mean anything but itself, so that only equal ones are alike. Forms and parts of
// a value take many times its memory, and a source may send a megabyte.
func shortened(v string) string {
	if len(v) <= longValue {
		return v
	}
	sum := sha256.Sum256([]byte(v))
	return hex.EncodeToString(sum[:])
}
