package scan

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rulesOf parses lines of a pattern file.
func rulesOf(t *testing.T, lines ...string) Rules {
	t.Helper()
	rules, err := appendRules(nil, []byte(strings.Join(lines, "\n")))
	must(t, err)
	return rules
}

var gitignore = []string{"*.tmp", "!keep.tmp", "/logs/"}

func TestRunExcludedFoldersAreNotListed(t *testing.T) {
	root := made(t, "a.tmp", "keep.tmp", "logs/x", "sub/logs", "sub/b.tmp/keep.tmp", "only/c.tmp")
	wantEqual(t, paths(t, root, rulesOf(t, gitignore...)), []string{"keep.tmp", "only", "sub/logs"})
}

func (r Rules) excludes(path string) bool {
	start := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/') + 1
	return r.excludedBy(path[:start], path[start:]) != included
}

// tests/unit/scan/test_excludes.py compares random patterns with git.
func TestExcludesMatchesLikeGit(t *testing.T) {
	for _, one := range []struct{ pattern, excluded, kept string }{
		{"a", "a a/ b/a", "ab ba A"},
		{"/a", "a a/", "b/a"},
		{"a/", "a/ b/a/", "a b/a"},
		{"a/b", "a/b a/b/", "c/a/b b a/bc"},
		{"**/a/b", "a/b c/a/b c/d/a/b", "ca/b"},
		{"a/**", "a/b a/b/c", "a a/ b/a/c"},
		{"a/**/b", "a/b a/c/b a/c/d/b", "ab a/cb b"},
		{"a/*/b", "a/c/b", "a/b a/c/d/b"},
		{"*", "a a/ .x b/a", ""},
		{"*.tmp", ".tmp a.tmp b/a.tmp", "a.tmpx tmp"},
		{"a?c", "abc", "ac a/c abbc aéc"},
		{"a[b-d!]e", "abe ade a!e", "ae aee"},
		{"a[!b-d]e a[^b-d]e", "aae", "abe a/e"},
		{"[]a] [!]b]", "a ] c", "b"},
		{"[[:digit:]x-][a-]", "1a -a x-", "aa"},
		{"[\\]\\-z]", "] - z", "\\"},
		{"\\#a \\!b", "#a !b", "a"},
		{"#a", "", "#a a"},
		{"a\\*", "a*", "ab"},
		{"?\xff", "x\xff", "\xff xx"},
		{"a?c/d a[!b]d/e", "abc/d acd/e", "a/c/d a/d/e"},
		{"?a**/b", "xac/b xa/b", "xa/c/b"},
		// The literal prefix of the pattern is removed before asterisks are parsed.
		{"a**/b", "ab axx/y/b", "xb"},
	} {
		rules := rulesOf(t, strings.Fields(one.pattern)...)
		for want, paths := range map[bool]string{true: one.excluded, false: one.kept} {
			for _, path := range strings.Fields(paths) {
				if got := rules.excludes(path); got != want {
					t.Errorf("%q and %q: got %v, want %v", one.pattern, path, got, want)
				}
			}
		}
	}
}

func TestExcludesLastMatchingRuleDecides(t *testing.T) {
	rules := rulesOf(t, "*", "!*/", "!a", "/b/a")
	for path, want := range map[string]bool{"a": false, "b": true, "b/": false, "b/a": true, "c/a": false, "c/b": true} {
		if got := rules.excludes(path); got != want {
			t.Errorf("%q: got %v, want %v", path, got, want)
		}
	}
}

func TestAppendRulesLineEndsAndCommentsAreRemoved(t *testing.T) {
	rules := rulesOf(t, "\ufeffbom", "# comment", "", "  ", "/", "spaces  ", `kept\ `, `two\\ `, "tab\t", "cr\r", "nul\x00x")
	for _, path := range []string{"bom", "spaces", "kept ", `two\`, "tab\t", "cr", "nul"} {
		if !rules.excludes(path) {
			t.Errorf("%q is not excluded", path)
		}
	}
	wantEqual(t, len(rules), 8)
}

func TestReadRulesIgnoreFileOverridesConfiguration(t *testing.T) {
	root := made(t, "x")
	configured := filepath.Join(t.TempDir(), "exclude")
	must(t, os.WriteFile(configured, []byte("*.tmp\n"), 0o644), os.WriteFile(ignorePath(root), []byte("!a.tmp"), 0o644))
	rules, err := ReadRules(root, configured)
	must(t, err)
	wantEqual(t, []bool{rules.excludes("a.tmp"), rules.excludes("b.tmp")}, []bool{false, true})
	_, err = ReadRules(root, "/no/such")
	wantEqual(t, err.Error(), "reading the exclude patterns: open /no/such: no such file or directory")
}

func ignorePath(root string) string {
	return filepath.Join(root, IgnoreFile)
}

func TestReadRulesIgnoreFileThatIsNotRegularIsSkipped(t *testing.T) {
	for _, make := range []func(path string) error{
		func(path string) error { return nil },
		func(path string) error { return os.Mkdir(path, 0o755) },
		func(path string) error { return os.Symlink(IgnoreFile, path) },
		func(path string) error { return syscall.Mkfifo(path, 0o644) },
	} {
		root := t.TempDir()
		must(t, make(ignorePath(root)))
		rules, err := ReadRules(root, "")
		must(t, err)
		wantEqual(t, len(rules), 0)
	}
}

func TestReadRulesInvalidPatternReturnsPatternError(t *testing.T) {
	for _, pattern := range []string{`a\`, "!", "[z-a]", "[a", "[[:letter:]]", "[!", `[\`, `a\/`} {
		root := t.TempDir()
		must(t, os.WriteFile(ignorePath(root), []byte("ok\n"+pattern+"\n"), 0o644))
		_, err := ReadRules(root, "")
		if want := (PatternError{pattern}); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	wantEqual(t, PatternError{`a\`}.Error(),
		`"a\\" is not a valid gitignore pattern: correct it in `+"`exclude` or in .datacontainerignore")
}

func TestExcludesHostilePatternIsFast(t *testing.T) {
	rules := rulesOf(t, strings.Repeat("*a", 200)+"b", strings.Repeat("**/a*/", 100)+"b")
	path := strings.Repeat(strings.Repeat("a", 200)+"/", 18)
	began := time.Now()
	if rules.excludes(path[:len(path)-1]) || time.Since(began) > 10*time.Second {
		t.Errorf("excluded, or slow: %v", time.Since(began))
	}
}
