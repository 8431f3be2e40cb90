// Containing compared with strings.Contains, for keys with shared prefixes.

package index_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

func TestContainingRandomTermsFindsSameAsStringsContains(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	word := func(most int, letters string) string {
		var text strings.Builder
		for range random.IntN(most) + 1 {
			text.WriteByte(letters[random.IntN(len(letters))])
		}
		return text.String()
	}
	for range 200 {
		var rows []indextest.Row
		for range random.IntN(60) + 1 {
			// Whole blocks lack a letter that a term needs, unless the mount contains it.
			rows = append(rows, indextest.Row{Path: "x" + word(12, []string{"a/", "ab/"}[random.IntN(20)/19])})
		}
		ix, err := index.Open(indextest.Build([]string{"/a", "/ab"}[random.IntN(2)], nil, rows))
		if err != nil {
			t.Fatal(err)
		}
		from := random.IntN(len(rows))
		to := from + random.IntN(len(rows)-from+1)
		term := word(6, "ab/")
		var expected, found []int
		for row, key := range ix.Keys(from, to) {
			if strings.Contains(string(key), term) {
				expected = append(expected, row)
			}
		}
		for row, key := range ix.Containing([]byte(term), from, to) {
			if found = append(found, row); string(key) != string(ix.AppendKey(nil, row)) {
				t.Fatalf("row %d has the key %q, not %q", row, ix.AppendKey(nil, row), key)
			}
		}
		if !slices.Equal(found, expected) {
			t.Fatalf("%q from %d to %d: found %v, expected %v", term, from, to, found, expected)
		}
	}
}
