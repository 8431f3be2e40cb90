// Fuzz test of rules with any patterns and paths.
package scan

import (
	"strings"
	"testing"
)

// A rule first compares its suffix and its longest literal: this must not change the result.
func FuzzRuleMatch(f *testing.F) {
	for _, pattern := range []string{"*.tmp", "!keep.tmp", "/logs/"} {
		f.Add(pattern, "sub/keep.tmp")
	}
	f.Add("sub-**/[!é]a/", "sub-/\xff/éa/")
	f.Add("[[:alpha:]]?x*y", "xx\ny")
	f.Add(`a/**/\b`, "a/b")
	f.Add("**/*a**/b**", "b/a/b")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		r, err := newRule(pattern)
		if err != nil {
			return
		}
		text := strings.TrimSuffix(strings.TrimPrefix(pattern, "!"), "/")
		whole, _ := newGlob(strings.TrimPrefix(text, "/")[len(r.prefix):])
		rest, hasPrefix := strings.CutPrefix(path, r.prefix)
		if got, want := r.match(path), hasPrefix && whole.match(rest); got != want {
			t.Errorf("%q and %q: %v with suffix %q and text %q, %v without", pattern, path, got, r.suffix, r.text, want)
		}
		(Rules{r}).excludes(path)
	})
}
