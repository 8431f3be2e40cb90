// What is left out: the patterns of .gitignore, as git matches them, on bytes.
package scan

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// IgnoreFile is the dataset's own file of patterns; those of the configuration come before it.
const IgnoreFile = ".datacontainerignore"

// A PatternError names a pattern that no path can match.
type PatternError struct {
	Pattern string
}

func (e PatternError) Error() string {
	return fmt.Sprintf("%q is not a pattern as in a .gitignore file: correct it in `exclude` or in %s", e.Pattern, IgnoreFile)
}

// Rules are patterns, the last of which decides about a path that it matches.
type Rules []rule

// A rule is one pattern, cut into what a name begins with, what it ends with, and what lies between, with the text in it.
type rule struct {
	leavesOut      bool // or keeps what an earlier pattern leaves out
	foldersOnly    bool
	wholePath      bool // or the last name of the path alone
	prefix, suffix string
	middle         glob
	text           string
}

// ReadRules returns the patterns of a file, or none for "", followed by those of the dataset's own file.
//
// It fails with a PatternError for one that is wrong.
func ReadRules(root, configured string) (Rules, error) {
	var rules Rules
	for _, path := range []string{configured, ownFile(root)} {
		if path == "" {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the patterns: %w", err)
		}
		if rules, err = appendRules(rules, content); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

// ownFile returns the path of the dataset's own file of patterns, or "" where it has none.
func ownFile(root string) string {
	path := filepath.Join(root, IgnoreFile)
	status, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ELOOP) || err == nil && !status.Mode().IsRegular() {
		return ""
	}
	return path
}

// appendRules adds a rule for each line that is neither empty nor a comment.
func appendRules(rules Rules, content []byte) (Rules, error) {
	content = bytes.TrimPrefix(content, []byte("\ufeff"))
	for line := range strings.SplitSeq(string(content), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		line, _, _ = strings.Cut(strings.TrimSuffix(line, "\r"), "\x00")
		if line = trimSpaces(line); line == "" {
			continue
		}
		one, err := newRule(line)
		if err != nil {
			return nil, err
		}
		rules = append(rules, one)
	}
	return rules, nil
}

// trimSpaces removes the spaces at a line's end, but for one behind a backslash.
func trimSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		escaped := line[i] == '\\'
		if escaped || line[i] != ' ' {
			end = i + 1
		}
		if escaped && i+1 < len(line) {
			i++
			end++
		}
	}
	return line[:end]
}

// newRule returns the rule of a pattern. Source: gitignore(5), and dir.c of git for what it leaves open.
func newRule(pattern string) (rule, error) {
	var r rule
	text, keeps := strings.CutPrefix(pattern, "!")
	r.leavesOut = !keeps
	text, r.foldersOnly = strings.CutSuffix(text, "/")
	r.wholePath = strings.Contains(text, "/")
	nothing := text == "" && !r.foldersOnly
	text = strings.TrimPrefix(text, "/")
	literal := strings.IndexAny(text+"*", `*?[\`)
	r.prefix = text[:literal]
	middle, ok := newGlob(text[literal:])
	if nothing || !ok {
		return r, PatternError{pattern}
	}
	r.middle, r.suffix = middle.cutSuffix()
	r.text = r.middle.longestText()
	return r, nil
}

// leaveOut tells whether a path is left out, the folders around which are not; that of a folder ends with a slash.
func (r Rules) leaveOut(path string) bool {
	path, folder := strings.CutSuffix(path, "/")
	name := path[strings.LastIndexByte(path, '/')+1:]
	for i := len(r) - 1; i >= 0; i-- {
		text := name
		if r[i].wholePath {
			text = path
		}
		if (folder || !r[i].foldersOnly) && r[i].match(text) {
			return r[i].leavesOut
		}
	}
	return false
}

func (r *rule) match(text string) bool {
	rest, begins := strings.CutPrefix(text, r.prefix)
	rest, ends := strings.CutSuffix(rest, r.suffix)
	return begins && ends && strings.Contains(rest, r.text) && r.middle.match(rest)
}
