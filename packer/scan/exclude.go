// Exclusion of paths by gitignore patterns, which are matched on bytes with the same result as in git.
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

// IgnoreFile is the pattern file in the dataset's folder. Its patterns come after those of the configuration.
const IgnoreFile = ".datacontainerignore"

// A PatternError is an invalid pattern.
type PatternError struct {
	Pattern string
}

func (e PatternError) Error() string {
	return fmt.Sprintf("%q is not a valid gitignore pattern: correct it in `exclude` or in %s", e.Pattern, IgnoreFile)
}

// Rules are patterns in order; the last matching pattern decides whether a path is excluded.
type Rules []rule

// included is the result of Rules.excludedBy for a path that is not excluded.
const included = -1

// A rule is one pattern: a literal prefix and suffix, and a glob between them.
type rule struct {
	excludes       bool // false for a pattern with "!", which includes again what an earlier pattern excludes
	foldersOnly    bool
	wholePath      bool // true to match the whole path, false to match its last name
	prefix, suffix string
	middle         glob
	text           string // the longest literal in middle
}

// ReadRules returns the patterns of the file `configured` ("" for none), followed by those of the dataset's IgnoreFile.
//
// It returns a PatternError for an invalid pattern.
func ReadRules(root, configured string) (Rules, error) {
	var rules Rules
	for _, path := range []string{configured, ignoreFile(root)} {
		if path == "" {
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("reading the exclude patterns: %w", err)
		}
		if rules, err = appendRules(rules, content); err != nil {
			return nil, err
		}
	}
	return rules, nil
}

// ignoreFile returns the path of the dataset's IgnoreFile, or "" if it does not exist or is not a regular file.
func ignoreFile(root string) string {
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

// trimSpaces removes the spaces at the end of a line, except a space that a backslash escapes.
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

// newRule parses a pattern. Source: gitignore(5), and git's dir.c for cases that gitignore(5) does not define.
func newRule(pattern string) (rule, error) {
	var r rule
	text, negated := strings.CutPrefix(pattern, "!")
	r.excludes = !negated
	text, r.foldersOnly = strings.CutSuffix(text, "/")
	r.wholePath = strings.Contains(text, "/")
	empty := text == "" && !r.foldersOnly
	text = strings.TrimPrefix(text, "/")
	literal := strings.IndexAny(text+"*", `*?[\`)
	r.prefix = text[:literal]
	middle, ok := newGlob(text[literal:])
	if empty || !ok {
		return r, PatternError{pattern}
	}
	r.middle, r.suffix = middle.cutSuffix()
	r.text = r.middle.longestText()
	return r, nil
}

// excludedBy returns the index of the rule that excludes a path, or `included`. The folder is "" or ends with a slash, and
// is not excluded; the name of a folder ends with a slash.
func (r Rules) excludedBy(folder, name string) int {
	name, isFolder := strings.CutSuffix(name, "/")
	path := ""
	for i := len(r) - 1; i >= 0; i-- {
		text := name
		if r[i].wholePath {
			if path == "" {
				path = folder + name
			}
			text = path
		}
		if (isFolder || !r[i].foldersOnly) && r[i].match(text) {
			if r[i].excludes {
				return i
			}
			return included
		}
	}
	return included
}

// firstBytes returns the bytes with which a name can begin that a rule matches; names with another byte need no rule.
func (r Rules) firstBytes() (first byteSet) {
	for _, one := range r {
		if one.wholePath || one.prefix == "" {
			first.add(0, 255)
		} else {
			first.add(one.prefix[0], one.prefix[0])
		}
	}
	return first
}

func (r *rule) match(text string) bool {
	rest, hasPrefix := strings.CutPrefix(text, r.prefix)
	rest, hasSuffix := strings.CutSuffix(rest, r.suffix)
	return hasPrefix && hasSuffix && strings.Contains(rest, r.text) && r.middle.match(rest)
}
