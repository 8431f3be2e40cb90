// Tests of the parts of a key.

package query

import "testing"

func TestSuffixBeforeACompressionHasLettersAndDigitsAlone(t *testing.T) {
	for _, letter := range "09azAZ" {
		if found := string(Suffix([]byte("a/b." + string(letter) + ".gz"))); found != "."+string(letter)+".gz" {
			t.Errorf("the suffix of a file with %q is %q", letter, found)
		}
	}
	for _, other := range ":`{@[-é" {
		if found := string(Suffix([]byte("a/b.c" + string(other) + ".gz"))); found != ".gz" {
			t.Errorf("the suffix of a file with %q is %q", other, found)
		}
	}
}
