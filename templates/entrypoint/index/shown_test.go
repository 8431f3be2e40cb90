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
				if c < 0x20 || c >= 0x7f || c == '"' && at == 0 {
					expected = strconv.Quote(expected)
				}
				if found := string(AppendShown(nil, key)); found != expected {
					t.Fatalf("%q is shown as %s, not %s", key, found, expected)
				}
			}
		}
	}
	for _, key := range []string{"é 🍅 漢字", "/data/a b\"c'\\", "'"} {
		if found := string(AppendShown(nil, []byte(key))); found != key {
			t.Errorf("%s is shown as %s", key, found)
		}
	}
	for _, text := range []string{`"quoted"`, "\u202etxt.exe", "a\u009b31m", "\x1b]0;title\a"} {
		if found := string(AppendShown(nil, []byte(text))); found != strconv.Quote(text) {
			t.Errorf("%q is shown as %s", text, found)
		}
	}
	if found := Escaped("\x1b[1m\"\n\\n\u202e é"); found != `\x1b[1m"`+"\n"+`\n\u202e é` {
		t.Errorf("escaped as %s", found)
	}
}
