// Bracket expressions of gitignore patterns: "[a-z]" matches one byte of a set.
package scan

import "strings"

// Character classes as git defines them: only ASCII, and [:space:] has no vertical tab and no form feed.
var classes = map[string][]string{
	"alnum": {"09", "AZ", "az"}, "alpha": {"AZ", "az"}, "blank": {"\t\t", "  "}, "cntrl": {"\x00\x1f", "\x7f\x7f"},
	"digit": {"09"}, "graph": {"!~"}, "lower": {"az"}, "print": {" ~"}, "punct": {"!/", ":@", "[`", "{~"},
	"space": {"\t\n", "\r\r", "  "}, "upper": {"AZ"}, "xdigit": {"09", "AF", "af"},
}

// A bracketParser parses one bracket expression.
type bracketParser struct {
	rest string // the part of the pattern that is not parsed yet
	set  byteSet
	// The previous byte, which may begin a range; -1 after a range or a class.
	previous int
}

// parseBrackets returns the byte set and the length of the bracket expression at the start of a pattern. The length is
// 0 if the expression is invalid.
func parseBrackets(pattern string) (byteSet, int) {
	b := bracketParser{rest: pattern[1:], previous: -1}
	negated := b.rest != "" && (b.rest[0] == '!' || b.rest[0] == '^')
	if negated {
		b.rest = b.rest[1:]
	}
	// A closing bracket in first position belongs to the set.
	for first := true; first || !strings.HasPrefix(b.rest, "]"); first = false {
		if !b.read() {
			return byteSet{}, 0
		}
	}
	if negated {
		for i := range b.set {
			b.set[i] = ^b.set[i]
		}
	}
	b.set.remove('/')
	return b.set, len(pattern) - len(b.rest) + 1
}

// read parses a byte, a range or a class. It returns false for an early end, a reversed range or an unknown class.
func (b *bracketParser) read() bool {
	if strings.HasPrefix(b.rest, "[:") {
		if name, _, found := strings.Cut(b.rest[2:], "]"); !found {
			return false
		} else if class, isClass := strings.CutSuffix(name, ":"); isClass {
			b.rest = b.rest[len(name)+3:]
			return b.addClass(class)
		}
	}
	isRange := b.previous >= 0 && len(b.rest) > 1 && b.rest[0] == '-' && b.rest[1] != ']'
	if isRange {
		b.rest = b.rest[1:]
	}
	last, ok := b.next()
	switch {
	case !ok:
		return false
	case isRange && b.previous > int(last):
		return false
	case isRange:
		b.set.add(byte(b.previous), last)
		b.previous = -1
	default:
		b.set.add(last, last)
		b.previous = int(last)
	}
	return true
}

// next returns the next byte, without the backslash that escapes it; false at the end of the pattern.
func (b *bracketParser) next() (byte, bool) {
	b.rest = strings.TrimPrefix(b.rest, `\`)
	if b.rest == "" {
		return 0, false
	}
	one := b.rest[0]
	b.rest = b.rest[1:]
	return one, true
}

func (b *bracketParser) addClass(name string) bool {
	ranges, known := classes[name]
	for _, one := range ranges {
		b.set.add(one[0], one[1])
	}
	b.previous = -1
	return known
}
