package scan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// rulesOf returns the rules with the given texts.
func rulesOf(t *testing.T, texts ...string) Rules {
	t.Helper()
	file := filepath.Join(t.TempDir(), "rules")
	must(t, os.WriteFile(file, []byte(strings.Join(texts, "\x00")+"\x00"), 0o644))
	rules, err := ReadRules(file)
	must(t, err)
	return rules
}

// As pathspec translates the patterns *.tmp, !keep.tmp, /logs/.
var gitignore = []string{
	`+^(?:.+/)?[^/]*\.tmp(?:(?P<ps_d>/)|\n?\z)`, `-^(?:.+/)?keep\.tmp(?:(?P<ps_d>/)|\n?\z)`, `+^logs(?P<ps_d>/)`,
}

func TestRunLeftOutFoldersAreNotListed(t *testing.T) {
	root := made(t, "a.tmp", "keep.tmp", "logs/x", "sub/logs", "sub/b.tmp/keep.tmp", "only/c.tmp")
	wantEqual(t, paths(t, root, rulesOf(t, gitignore...)), []string{"keep.tmp", "only", "sub/logs"})
}

func TestLeaveOutMatchOfThePathCountsMoreThanOfItsFolder(t *testing.T) {
	rules := rulesOf(t, `-^keep(?:(?P<ps_d>/)|\n?\z)`, `+^(?:.+/)?a(?:(?P<ps_d>/)|\n?\z)`, `-^keep(?P<ps_d>/)`)
	for path, want := range map[string]bool{"a": true, "a/b": true, "keep/a": true, "keep/b": false, "c": false} {
		if got := rules.leaveOut(path); got != want {
			t.Errorf("%q: got %v, want %v", path, got, want)
		}
	}
}

func TestLeaveOutNameThatIsNotUTF8IsSeenAsPythonDecodesIt(t *testing.T) {
	for expression, want := range map[string]bool{
		`+^x[^/]\z`: true, `+^x[\x{4E00}-\x{FFFF}]\z`: true, `+^x[\x{E000}-\x{FFFF}]\z`: false, "+^x\uFFFD\\z": false,
		`+^x[^a]\z`: true, `+^x[^/][^/]\z`: false,
	} {
		if got := rulesOf(t, expression).leaveOut("x\xff"); got != want {
			t.Errorf("%q: got %v, want %v", expression, got, want)
		}
	}
}

func TestLiteralOfIsInAllThatMatches(t *testing.T) {
	for expression, want := range map[string]string{
		`^(?:.+/)?[^/]*\.tmp(?:(?P<ps_d>/)|\n?\z)`: ".tmp", `^sub\-(?:/.+)?/éa(?P<ps_d>/)`: "sub-", `^[ab]*c?`: "",
		`.`: "", `(?:a|b)`: "", `abc`: "abc", `a|bc`: "",
	} {
		wantEqual(t, literalOf(expression), want)
	}
}

func TestReadRulesWrongOnesAreNamed(t *testing.T) {
	for text, want := range map[string]string{
		"x":      `reading the pattern "x": it begins with neither + nor -`,
		"+(?=a)": "reading the pattern \"+(?=a)\": error parsing regexp: invalid or unsupported Perl syntax: `(?=`",
	} {
		file := filepath.Join(t.TempDir(), "rules")
		must(t, os.WriteFile(file, []byte(text+"\x00"), 0o644))
		_, err := ReadRules(file)
		wantEqual(t, err.Error(), want)
	}
	if _, err := ReadRules("/no/such"); err == nil || !strings.Contains(err.Error(), "reading the patterns: open /no/such") {
		t.Errorf("got %v", err)
	}
}
