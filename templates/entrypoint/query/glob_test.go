// Tests of the patterns of `like`; tests/unit/entrypoint compares them with Python's fnmatch.

package query

import "testing"

func TestGlobMatchesWholeText(t *testing.T) {
	for _, one := range []struct {
		pattern, text             string
		matches, matchesAnyCaseOf bool
	}{
		{"", "", true, true}, {"", "a", false, false}, {"*", "", true, true}, {"**a**", "ba/c", true, true}, {"?", "é", true, true},
		{"?", "\xff", true, true}, {"[\xff]", "\xff", true, true}, {"[!a-c]", "d", true, true}, {"[!a-c]", "b", false, false},
		{"[]]", "]", true, true}, {"[a-]", "-", true, true}, {"[z-a]", "m", false, false}, {"[", "[", true, true}, {"[*]", "*", true, true},
		{"[*]", "x", false, false}, {"a*b*c", "abcbd", false, false}, {"a*b*c", "axbxbc", true, true}, {"[!]a]", "]", false, false},
		{"STRASSE", "strasse", false, true}, {"K", "\u212a", false, true}, {"[a-c]", "B", false, true}, {"[!a-c]", "B", true, false},
		{"É*", "éa", false, true}, {"ẞ", "ß", false, true}, {`\*`, `\x`, true, true},
	} {
		if found := newGlob(one.pattern, false).matches([]byte(one.text)); found != one.matches {
			t.Errorf("%q matches %q: %v", one.pattern, one.text, found)
		}
		if found := newGlob(one.pattern, true).matches([]byte(one.text)); found != one.matchesAnyCaseOf {
			t.Errorf("%q matches %q regardless of case: %v", one.pattern, one.text, found)
		}
	}
}
