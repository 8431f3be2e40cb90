// What is left out: rules made from patterns in the manner of .gitignore.
package scan

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// The group that matches the slash of a folder on the path, by which pathspec tells a match of it from one of the file.
const folderGroup = "ps_d"

// Rules are patterns as Python's pathspec translates them; the last that matches a path decides, as in its GitIgnoreSpec.
type Rules []rule

type rule struct {
	leavesOut  bool // or keeps what an earlier pattern leaves out
	expression *regexp.Regexp
	literal    string // that a path contains if the expression matches it
	folder     int    // the index of folderGroup, or -1
}

// ReadRules returns the rules in a file, each ended by NUL: + or -, for one that leaves out or keeps, and an expression.
func ReadRules(path string) (Rules, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the patterns: %w", err)
	}
	rules := Rules{}
	for text := range strings.SplitSeq(strings.TrimSuffix(string(content), "\x00"), "\x00") {
		one, err := newRule(text)
		if err != nil {
			return nil, fmt.Errorf("reading the pattern %q: %w", text, err)
		}
		rules = append(rules, one)
	}
	return rules, nil
}

func newRule(text string) (rule, error) {
	if text == "" || text[0] != '+' && text[0] != '-' {
		return rule{}, fmt.Errorf("it begins with neither + nor -")
	}
	expression, err := regexp.Compile(text[1:])
	if err != nil {
		return rule{}, err
	}
	return rule{text[0] == '+', expression, literalOf(text[1:]), expression.SubexpIndex(folderGroup)}, nil
}

// literalOf returns the longest text that is in all that an expression matches: to look for it is much quicker.
func literalOf(expression string) string {
	parsed, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return ""
	}
	longest := ""
	for _, one := range append([]*syntax.Regexp{parsed}, parsed.Sub...) {
		isPart := one == parsed || parsed.Op == syntax.OpConcat
		isText := one.Op == syntax.OpLiteral && one.Flags&syntax.FoldCase == 0
		// A byte that is not UTF-8 is a surrogate to the expression, and none in the path.
		text := string(one.Rune)
		if isPart && isText && len(text) > len(longest) && !strings.ContainsRune(text, utf8.RuneError) {
			longest = text
		}
	}
	return longest
}

// leaveOut tells whether a path is left out; that of a folder ends with a slash.
func (r Rules) leaveOut(path string) bool {
	decided, leftOut := false, false
	for i := len(r) - 1; i >= 0; i-- {
		matched, byFolder := r[i].match(path)
		switch {
		case matched && !byFolder:
			return r[i].leavesOut
		case matched && !decided:
			// A match of the path itself, by an earlier pattern, counts more.
			decided, leftOut = true, r[i].leavesOut
		}
	}
	return leftOut
}

// match tells whether the rule's pattern matches a path, and whether it is a folder on the path that matches.
func (r *rule) match(path string) (matched, byFolder bool) {
	if !strings.Contains(path, r.literal) {
		return false, false
	}
	var groups []int
	if utf8.ValidString(path) {
		groups = r.expression.FindStringSubmatchIndex(path)
	} else {
		groups = r.expression.FindReaderSubmatchIndex(&runes{path})
	}
	return groups != nil, groups != nil && r.folder >= 0 && groups[2*r.folder] >= 0
}

// runes reads a path as Python decodes it: a byte that is not UTF-8 is a surrogate of its own.
type runes struct {
	rest string
}

const surrogateEscape = 0xDC00

// ReadRune returns the next character.
func (r *runes) ReadRune() (rune, int, error) {
	if r.rest == "" {
		return 0, 0, io.EOF
	}
	one, size := utf8.DecodeRuneInString(r.rest)
	if one == utf8.RuneError && size == 1 {
		one = surrogateEscape + rune(r.rest[0])
	}
	r.rest = r.rest[size:]
	return one, size, nil
}
