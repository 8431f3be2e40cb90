// Tests of standard JSON.

package index

import (
	"encoding/json"
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
