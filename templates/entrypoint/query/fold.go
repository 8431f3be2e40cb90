// Texts without the difference between upper and lower case: Unicode's simple folding.

package query

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// foldRune returns the smallest of the characters that differ only in case.
func foldRune(char rune) rune {
	if char < utf8.RuneSelf {
		if char >= 'a' && char <= 'z' {
			char -= 'a' - 'A'
		}
		return char
	}
	for {
		next := unicode.SimpleFold(char)
		if next <= char {
			return next
		}
		char = next
	}
}

// appendFolded appends a text in which foldRune replaces each character. A byte that is not UTF-8 becomes the three bytes of a
// surrogate, so that it does not match a part of a character.
func appendFolded(dst, text []byte) []byte {
	for len(text) > 0 {
		char, size := character(text)
		if char >= notUTF8 && char < notUTF8+0x100 {
			dst = append(dst, 0xed, 0x80|byte(char>>6&0x3f), 0x80|byte(char&0x3f))
		} else {
			dst = utf8.AppendRune(dst, foldRune(char))
		}
		text = text[size:]
	}
	return dst
}

// term is a text to search in other texts.
type term struct {
	text       []byte
	ignoreCase bool
}

func newTerm(text string, ignoreCase bool) term {
	if ignoreCase {
		return term{appendFolded(nil, []byte(text)), true}
	}
	return term{[]byte(text), false}
}

// in reports whether a text contains the term.
func (t term) in(text []byte) bool {
	if t.ignoreCase {
		text = appendFolded(make([]byte, 0, 256), text)
	}
	return bytes.Contains(text, t.text)
}
