package scan

import (
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

func (r Rules) excludes(path string) bool {
	start := strings.LastIndexByte(strings.TrimSuffix(path, "/"), '/') + 1
	return r.excludedBy(path[:start], path[start:]) != included
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

func TestReadRulesIgnoreFileThatIsNotRegularIsSkipped(t *testing.T) {
	for _, make := range []func(path string) error{
		func(path string) error { return nil },
		func(path string) error { return os.Mkdir(path, 0o755) },
		func(path string) error { return os.Symlink(IgnoreFile, path) },
		func(path string) error { return syscall.Mkfifo(path, 0o644) },
	} {
		root := t.TempDir()
		must(t, make(filepath.Join(root, IgnoreFile)))
		rules, err := ReadRules(root, "")
		must(t, err)
		wantEqual(t, len(rules), 0)
	}
}

func TestExcludesHostilePatternIsFast(t *testing.T) {
	rules := rulesOf(t, strings.Repeat("*a", 200)+"b", strings.Repeat("**/a*/", 100)+"b")
	path := strings.Repeat(strings.Repeat("a", 200)+"/", 18)
	began := time.Now()
	if rules.excludes(path[:len(path)-1]) || time.Since(began) > 10*time.Second {
		t.Errorf("excluded, or slow: %v", time.Since(began))
	}
}
