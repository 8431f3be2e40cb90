// Any rules and paths.
package scan

import (
	"strings"
	"testing"
)

// What a rule looks at first, the end of a path and a text in it, changes nothing of what it matches.
func FuzzRuleMatch(f *testing.F) {
	for _, pattern := range gitignore {
		f.Add(pattern, "sub/keep.tmp")
	}
	f.Add("sub-**/[!é]a/", "sub-/\xff/éa/")
	f.Add("[[:alpha:]]?x*y", "xx\ny")
	f.Add(`a/**/\b`, "a/b")
	f.Add("**/*a**/b**", "b/a/b")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		cut, err := newRule(pattern)
		if err != nil {
			return
		}
		text := strings.TrimSuffix(strings.TrimPrefix(pattern, "!"), "/")
		whole, _ := newGlob(strings.TrimPrefix(text, "/")[len(cut.prefix):])
		rest, begins := strings.CutPrefix(path, cut.prefix)
		if got, want := cut.match(path), begins && whole.match(rest); got != want {
			t.Errorf("%q and %q: %v with the suffix %q and the text %q, %v without", pattern, path, got, cut.suffix, cut.text, want)
		}
		(Rules{cut}).leaveOut(path)
	})
}
