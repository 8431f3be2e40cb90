// Tests of selections; tests/unit/entrypoint compares them with DuckDB.

package query

import (
	"fmt"
	"slices"
	"testing"

	"entrypoint/index/indextest"
)

func keys(s *Selection) []string {
	var found []string
	for _, key := range s.All() {
		found = append(found, string(key))
	}
	return found
}

func TestSelectTermWithMountInsideOfKeyIsFound(t *testing.T) {
	ix := open(t, indextest.Row{Path: "x/data/y"}, indextest.Row{Path: "data/z"}, indextest.Row{Path: "other"})
	if !ix.MountInside {
		t.Fatal("MountInside is false, but two keys contain the mount")
	}
	found := keys(Select(ix, Criteria{Get: "/data/y", Limit: NoLimit}))
	if !slices.Equal(found, []string{"/data/x/data/y"}) {
		t.Errorf("found %v", found)
	}
}

func TestInOrderWriteErrorStops(t *testing.T) {
	broken := fmt.Errorf("closed")
	writes := 0
	err := InOrder(100*rangePlaces, func(buffer []byte, from, _ int) []byte { return append(buffer, byte(from)) },
		func([]byte) error { writes++; return broken })
	if err != broken || writes != 1 {
		t.Errorf("error %v after %d writes", err, writes)
	}
}
