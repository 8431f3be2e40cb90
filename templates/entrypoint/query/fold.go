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

// appendFolded appends a text in which foldRune replaces each character. Bytes that are not UTF-8 are unchanged.
func appendFolded(dst, text []byte) []byte {
	for len(text) > 0 {
		char, size := rune(text[0]), 1
		if char >= utf8.RuneSelf {
			char, size = utf8.DecodeRune(text)
		}
		if char == utf8.RuneError {
			dst = append(dst, text[:size]...)
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
