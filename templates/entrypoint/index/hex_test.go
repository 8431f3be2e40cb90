// appendHex compared with the standard library.

package index

import (
	"encoding/hex"
	"testing"
)

func TestAppendHexReturnsSameAsStandardLibrary(t *testing.T) {
	var digest []byte
	for c := range 1024 {
		digest = append(digest, byte(c*37+c>>3))
		if found := string(appendHex([]byte("x"), digest)); found != "x"+hex.EncodeToString(digest) {
			t.Fatalf("%x is printed as %s", digest, found)
		}
	}
	for c := range 256 {
		if found := string(appendHex(nil, []byte{byte(c), 0, byte(c), 255})); found != hex.EncodeToString([]byte{byte(c), 0, byte(c), 255}) {
			t.Fatalf("%x is printed as %s", c, found)
		}
	}
}
