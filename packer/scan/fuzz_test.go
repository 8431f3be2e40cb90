// Any rules and paths.
package scan

import (
	"strings"
	"testing"
)

// What is skipped because of a rule's literal would not match.
func FuzzRuleMatch(f *testing.F) {
	for _, rule := range gitignore {
		f.Add(rule[1:], "sub/keep.tmp")
	}
	f.Add(`^sub\-(?:/.+)?/éa(?P<ps_d>/)`, "sub-/\xff/éa/")
	f.Add(`^[^/]+x{2}|y\n?\z`, "xx\n")
	f.Add(`(?i)^tmp`, "tmp")
	f.Add(`^a\x{DCFF}`, "a\xff")
	f.Fuzz(func(t *testing.T, expression, path string) {
		with, err := newRule("+" + expression)
		if err != nil || strings.ContainsRune(expression, 0) {
			return
		}
		without := with
		without.literal = ""
		matched, byFolder := with.match(path)
		if expected, folder := without.match(path); matched != expected || byFolder != folder {
			t.Errorf("%q and %q: %v and %v with the literal %q, %v and %v without",
				expression, path, matched, byFolder, with.literal, expected, folder)
		}
		if got := (Rules{with}).leaveOut(path); got != matched {
			t.Errorf("%q and %q: left out: %v, though matched: %v", expression, path, got, matched)
		}
	})
}
