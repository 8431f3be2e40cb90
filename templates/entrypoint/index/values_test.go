// Values as text and JSON, compared with the standard library.

package index

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"strconv"
	"testing"
)

func TestAppendStrictReplacesNaNOutsideOfStrings(t *testing.T) {
	for text, expected := range map[string]string{
		`{"a": NaN, "NaN": [Infinity, -Infinity, 1.5]}`: `{"a": null, "NaN": [null, null, 1.5]}`,
		`["\"NaN\", Infinity", NaN]`:                    `["\"NaN\", Infinity", null]`,
		`["\\", NaN, "\\\" NaN"]`:                       `["\\", null, "\\\" NaN"]`,
		`-1`:                                            `-1`,
		`[]`:                                            `[]`,
	} {
		found := appendStrict(nil, []byte(text))
		if string(found) != expected || !json.Valid(found) {
			t.Errorf("%s: got %s, want %s", text, found, expected)
		}
	}
}

func TestAppendIntegerReturnsSameAsStandardLibrary(t *testing.T) {
	values := []int64{0, 9, 10, 99, 100, math.MaxInt64, math.MinInt64, math.MinInt64 + 1}
	for power := int64(1); power < math.MaxInt64/10; power *= 10 {
		values = append(values, power-1, power, power+1, 7*power)
	}
	for _, value := range values {
		for _, signed := range []int64{value, -value} {
			if found := string(AppendInteger([]byte("x"), signed)); found != "x"+strconv.FormatInt(signed, 10) {
				t.Errorf("%d is printed as %s", signed, found)
			}
		}
	}
}

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
