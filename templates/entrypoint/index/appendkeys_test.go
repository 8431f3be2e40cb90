// AppendKeys compared with Keys.

package index_test

import (
	"fmt"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

func TestAppendKeysAnyRangeReturnsSameAsKeys(t *testing.T) {
	var rows []indextest.Row
	for i := range 70 {
		rows = append(rows, indextest.Row{Path: fmt.Sprintf("sub-%02d/%d\xff", i/7, i*i)})
	}
	ix, err := index.Open(indextest.Build("/data", nil, rows))
	if err != nil {
		t.Fatal(err)
	}
	for from := range ix.Rows {
		for to := from; to <= ix.Rows; to++ {
			expected := "before"
			for _, key := range ix.Keys(from, to) {
				expected += string(key) + "\x00"
			}
			if found := string(ix.AppendKeys([]byte("before"), from, to, 0)); found != expected {
				t.Fatalf("from %d to %d: %q\nexpected %q", from, to, found, expected)
			}
		}
	}
}
