package linkage

import (
	"hash/maphash"
	"strings"
)

// seed of the hashes of values while columns are filled. They tell values apart and nothing more: that they are others each time changes nothing.
var seed = maphash.MakeSeed()

// index finds the place of a value among values, by a hash of it.
type index struct {
	slots []slot // their number is a power of two, and at least half of them are free
	n     int
	room  strings.Builder // holds copies of values, until it is full
	// loaded is of no use, but that nothing is left out that it comes from.
	loaded uint32
}

// slot has a part of the hash of a value and its place, from 1; 0 is a free one.
type slot struct{ hash, place uint32 }

func newIndex(values int) *index {
	size := 16
	for size < 2*values {
		size *= 2
	}
	return &index{slots: make([]slot, size)}
}

// find the place of a value. One that is not there gets the next place, at which the caller puts it.
func (x *index) find(hash uint64, value string, values []string) (place int32, ok bool) {
	s := x.slot(uint32(hash>>32), func(place uint32) bool { return values[place-1] == value })
	if s.place != 0 {
		return int32(s.place - 1), true
	}
	x.n++
	*s = slot{uint32(hash >> 32), uint32(x.n)}
	if 2*x.n > len(x.slots) {
		x.grow()
	}
	return int32(x.n - 1), false
}

// load the slots of some hashes, and the values that probably have them, into the processor's cache, where they are needed next: reading them together
// takes little longer than reading one.
func (x *index) load(hashes []uint64, values []string) {
	mask := uint32(len(x.slots) - 1)
	sum := uint32(0)
	for _, h := range hashes {
		sum += x.slots[uint32(h>>32)&mask].place
	}
	for _, h := range hashes {
		if s := x.slots[uint32(h>>32)&mask]; s.place > 0 && s.hash == uint32(h>>32) {
			sum += uint32(len(values[s.place-1]))
		}
	}
	for _, h := range hashes {
		if s := x.slots[uint32(h>>32)&mask]; s.place > 0 && s.hash == uint32(h>>32) {
			sum += uint32(values[s.place-1][0])
		}
	}
	x.loaded += sum
}

// slot that holds what has the hash and is the same, or the free one that is to hold it.
func (x *index) slot(hash uint32, same func(place uint32) bool) *slot {
	mask := uint32(len(x.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		if s := &x.slots[at]; s.place == 0 || s.hash == hash && same(s.place) {
			return s
		}
	}
}

func (x *index) grow() {
	old := x.slots
	x.slots = make([]slot, 2*len(old))
	for _, s := range old {
		if s.place != 0 {
			*x.slot(s.hash, func(uint32) bool { return false }) = s
		}
	}
}

// roomSize is how many bytes are set aside for copies of values at once.
const roomSize = 1 << 16

// copied is a copy of a value that lies beside others.
func (x *index) copied(value string) string {
	if x.room.Cap()-x.room.Len() < len(value) {
		if len(value) > roomSize/16 {
			return strings.Clone(value)
		}
		x.room = strings.Builder{}
		x.room.Grow(roomSize)
	}
	start := x.room.Len()
	x.room.WriteString(value)
	return x.room.String()[start:]
}
