package linkage

import (
	"crypto/sha256"
	"encoding/hex"
)

// longValue is more bytes than a name or an address has. Forms and parts of a value take many times its memory, and a source may send a megabyte.
const longValue = 1024

// shortened is what is compared of a value: all of it, or, of one that is too long, how it begins and a hash of all of it, so that only equal ones are equal.
func shortened(v string) string {
	if len(v) <= longValue {
		return v
	}
	sum := sha256.Sum256([]byte(v))
	return firstLetters(v, longValue/4) + " " + hex.EncodeToString(sum[:])
}
