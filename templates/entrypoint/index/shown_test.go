// AppendShown with every byte at every place.

package index

import (
	"bytes"
	"strconv"
	"testing"
)

func TestAppendShownQuotesUnprintableKeys(t *testing.T) {
	for size := 1; size < 20; size++ {
		for at := range size {
			for c := range 256 {
				key := bytes.Repeat([]byte("x"), size)
				key[at] = byte(c)
				expected := string(key)
				if c < 0x20 || c >= 0x7f {
					expected = strconv.Quote(expected)
				}
				if found := string(AppendShown(nil, key)); found != expected {
					t.Fatalf("%q is shown as %s, not %s", key, found, expected)
				}
			}
		}
	}
	for _, key := range []string{"é 🍅 漢字", "/data/a b\"c'\\"} {
		if found := string(AppendShown(nil, []byte(key))); found != key {
			t.Errorf("%s is shown as %s", key, found)
		}
	}
}
