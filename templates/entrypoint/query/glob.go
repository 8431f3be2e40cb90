// The patterns of `like`: globs, as in Python's fnmatch and DuckDB's GLOB.

package query

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// glob is a pattern: * is any text, ? one character, [a-z] one of some characters, [!a-z] one other character, and any other
// character is itself. A [ without ] is a character.
type glob struct {
	elements   []element
	ignoreCase bool
}

// element is one part of a glob: any text, or one character in the spans, or, if negated, outside of them.
type element struct {
	anyText, negated bool
	spans            [][2]rune
}

func newGlob(text string, ignoreCase bool) *glob {
	g := &glob{ignoreCase: ignoreCase}
	for chars := characters(text); len(chars) > 0; {
		var one element
		if one, chars = nextElement(chars); !one.anyText || len(g.elements) == 0 || !g.elements[len(g.elements)-1].anyText {
			g.elements = append(g.elements, one)
		}
	}
	return g
}

// nextElement returns the first element of a pattern, and the rest of the pattern.
func nextElement(chars []rune) (element, []rune) {
	switch first := chars[0]; first {
	case '*':
		return element{anyText: true}, chars[1:]
	case '?':
		return element{negated: true}, chars[1:]
	case '[':
		if end := setEnd(chars); end > 0 {
			return newSet(chars[1:end]), chars[end+1:]
		}
	}
	return element{spans: [][2]rune{{chars[0], chars[0]}}}, chars[1:]
}

// setEnd returns the place of the ] that ends the set at the start of a pattern, or 0. A ] as the first character is in the set.
func setEnd(chars []rune) int {
	from := 1
	if len(chars) > from && chars[from] == '!' {
		from++
	}
	for at := from + 1; at < len(chars); at++ {
		if chars[at] == ']' {
			return at
		}
	}
	return 0
}

func newSet(chars []rune) element {
	set := element{negated: chars[0] == '!'}
	if set.negated {
		chars = chars[1:]
	}
	for len(chars) > 0 {
		size, last := 1, chars[0]
		if len(chars) > 2 && chars[1] == '-' {
			size, last = 3, chars[2]
		}
		set.spans = append(set.spans, [2]rune{chars[0], last})
		chars = chars[size:]
	}
	return set
}

// matches reports whether the glob matches the whole text.
func (g *glob) matches(text []byte) bool {
	at, star, retry := 0, -1, 0 // the element; the last element for any text, and the place after its text
	for i := 0; i < len(text) || at < len(g.elements); {
		if at < len(g.elements) {
			if g.elements[at].anyText {
				star, retry = at, i
				if at++; at == len(g.elements) {
					return true
				}
				continue
			}
			if i < len(text) {
				if char, size := character(text[i:]); g.has(&g.elements[at], char) {
					at, i = at+1, i+size
					continue
				}
			}
		}
		if star < 0 || retry >= len(text) {
			return false
		}
		_, size := character(text[retry:])
		retry += size + g.skipped(star+1, text[retry+size:])
		at, i = star+1, retry
	}
	return true
}

// skipped returns the number of bytes at the start of a text in which a match of an element, an ASCII character, cannot begin.
func (g *glob) skipped(at int, text []byte) int {
	one := &g.elements[at]
	if g.ignoreCase || one.negated || len(one.spans) != 1 || one.spans[0][0] != one.spans[0][1] || one.spans[0][0] >= utf8.RuneSelf {
		return 0
	}
	if skipped := bytes.IndexByte(text, byte(one.spans[0][0])); skipped >= 0 {
		return skipped
	}
	return len(text)
}

// has reports whether an element matches a character.
func (g *glob) has(one *element, char rune) bool {
	found := one.in(char)
	if g.ignoreCase {
		for next := unicode.SimpleFold(char); !found && next != char; next = unicode.SimpleFold(next) {
			found = one.in(next)
		}
	}
	return found != one.negated
}

func (e *element) in(char rune) bool {
	for _, span := range e.spans {
		if span[0] <= char && char <= span[1] {
			return true
		}
	}
	return false
}

// notUTF8 is the character for the byte 0 if it were not UTF-8, as in Python's os.fsdecode.
const notUTF8 = 0xdc00

// character returns the first character of a text and its size; a byte that is not UTF-8 is a character of its own.
func character(text []byte) (rune, int) {
	if text[0] < utf8.RuneSelf {
		return rune(text[0]), 1
	}
	char, size := utf8.DecodeRune(text)
	if char == utf8.RuneError && size == 1 {
		char = notUTF8 + rune(text[0])
	}
	return char, size
}

func characters(text string) []rune {
	var found []rune
	for rest := []byte(text); len(rest) > 0; {
		char, size := character(rest)
		found, rest = append(found, char), rest[size:]
	}
	return found
}
