package cluster

import (
	"slices"
	"testing"

	"github.com/kith-dev/kith/hack/datagen/people"
	"github.com/kith-dev/kith/hack/datagen/people/columns"
	"github.com/kith-dev/kith/internal/linkage"
)

// Among records of which no two are of one person there is nobody to learn from how people agree with themselves. What has most in common by chance, such as
// two people of one street, is not taken for them.
func TestStrangersStayStrangers(t *testing.T) {
	for _, records := range []int{300, 3000, 20_000} {
		dir := t.TempDir()
		if err := people.WriteCase(dir, "shared-email", records); err != nil {
			t.Fatal(err)
		}
		compared, _, err := columns.ReadFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		// The email that all have identifies nobody: a guard takes it out before anything is compared.
		compared = slices.DeleteFunc(compared, func(c linkage.Column) bool { return c.Kind == linkage.Email })
		found := map[int32]bool{}
		for _, root := range resolve(t, compared, 50) {
			found[root] = true
		}
		if len(found) < records-2 {
			t.Errorf("%d strangers are taken for %d people", records, len(found))
		}
	}
}
