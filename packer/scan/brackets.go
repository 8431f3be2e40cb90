// Brackets of a pattern: a set of bytes.
package scan

import "strings"

// The classes with a name, as git has them: of ASCII alone, and without vertical tabs and form feeds among the spaces.
var classes = map[string][]string{
	"alnum": {"09", "AZ", "az"}, "alpha": {"AZ", "az"}, "blank": {"\t\t", "  "}, "cntrl": {"\x00\x1f", "\x7f\x7f"},
	"digit": {"09"}, "graph": {"!~"}, "lower": {"az"}, "print": {" ~"}, "punct": {"!/", ":@", "[`", "{~"},
	"space": {"\t\n", "\r\r", "  "}, "upper": {"AZ"}, "xdigit": {"09", "AF", "af"},
}

// brackets are a set that is being read.
type brackets struct {
	rest string // of the pattern
	set  byteSet
	// The last byte, from which a range may go on; -1 behind a range or a class.
	previous int
}

// newBrackets returns the bytes that brackets at the start of a pattern stand for, and their length, or 0 without an end.
func newBrackets(pattern string) (byteSet, int) {
	b := brackets{rest: pattern[1:], previous: -1}
	negated := b.rest != "" && (b.rest[0] == '!' || b.rest[0] == '^')
	if negated {
		b.rest = b.rest[1:]
	}
	// A closing bracket that comes first is one of the bytes.
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

// read reads a byte, a range or a class; false where the pattern ends, or knows no such class.
func (b *brackets) read() bool {
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

// next takes a byte, or the one behind a backslash.
func (b *brackets) next() (byte, bool) {
	b.rest = strings.TrimPrefix(b.rest, `\`)
	if b.rest == "" {
		return 0, false
	}
	one := b.rest[0]
	b.rest = b.rest[1:]
	return one, true
}

func (b *brackets) addClass(name string) bool {
	ranges, known := classes[name]
	for _, one := range ranges {
		b.set.add(one[0], one[1])
	}
	b.previous = -1
	return known
}
