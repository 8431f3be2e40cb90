// The tokens of a condition.

package query

import (
	"fmt"
	"strings"
)

type kind int

const (
	end kind = iota
	word
	number
	text
	operation
	parenthesis
	comma
)

type token struct {
	kind   kind
	text   string
	offset int
	quoted bool // in quotes; a word in backquotes is a name, never a keyword
}

func (t token) String() string {
	if t.kind == end {
		return "the end of the condition"
	}
	return fmt.Sprintf("%q", t.text)
}

var keywords = []string{"and", "or", "not", "is", "missing", "null", "true", "false"}

// reserved reports whether the token is a keyword.
func (t token) reserved() bool {
	for _, keyword := range keywords {
		if !t.quoted && strings.EqualFold(t.text, keyword) {
			return true
		}
	}
	return false
}

// keyword reports whether the token is the keyword, in any case.
func (t token) keyword(keyword string) bool {
	return t.kind == word && !t.quoted && strings.EqualFold(t.text, keyword)
}

func (t token) boolean() bool { return t.keyword("true") || t.keyword("false") }

const (
	blanks    = " \t\r\n"
	numerals  = "0123456789"
	letters   = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
	operators = "=!<>~"
)

// next reads the next token into p.token.
func (p *parser) next() {
	p.at += len(p.text[p.at:]) - len(strings.TrimLeft(p.text[p.at:], blanks))
	p.token = token{kind: end, offset: p.at}
	if p.at == len(p.text) {
		return
	}
	switch first := p.text[p.at]; {
	case first == '(' || first == ')':
		p.take(parenthesis, 1)
	case first == ',':
		p.take(comma, 1)
	case first == '"' || first == '\'':
		p.quoted(text, first)
	case first == '`':
		p.quoted(word, first)
	case strings.IndexByte(operators, first) >= 0:
		p.operator()
	case strings.IndexByte(numerals+"+-.", first) >= 0:
		p.take(number, span(p.text[p.at:], numerals+letters+"+-."))
	case strings.IndexByte(letters, first) >= 0 || first >= 0x80:
		p.take(word, nameSpan(p.text[p.at:]))
	default:
		p.fail(p.token, "unexpected character %q", first)
	}
}

// take makes the next `size` bytes the current token.
func (p *parser) take(kind kind, size int) {
	p.token.kind, p.token.text = kind, p.text[p.at:p.at+size]
	p.at += size
}

func (p *parser) operator() {
	for _, operator := range []string{"==", "!=", "<>", "<=", ">=", "!~", "=", "<", ">", "~"} {
		if strings.HasPrefix(p.text[p.at:], operator) {
			p.take(operation, len(operator))
			p.token.text = plainOperator(operator)
			return
		}
	}
	p.fail(p.token, "unknown operator %q: use = != < <= > >= ~ !~", p.text[p.at:p.at+1])
}

// plainOperator returns the usual spelling of an operator.
func plainOperator(operator string) string {
	switch operator {
	case "==":
		return "="
	case "<>":
		return "!="
	}
	return operator
}

// quoted reads a text between two quotes.
func (p *parser) quoted(kind kind, quote byte) {
	content, size := unquoted(p.text[p.at:])
	if size < 0 {
		p.fail(p.token, "the quote %c that begins here is not closed", quote)
	}
	p.token.kind, p.token.text, p.token.quoted = kind, content, true
	p.at += size
}

// unquoted returns the content and the size of the quoted text at the start of a text, or -1 if it does not end. A doubled quote
// represents one quote in the content.
func unquoted(text string) (content string, size int) {
	var found strings.Builder
	for i := 1; i < len(text); i++ {
		if text[i] == text[0] {
			if i++; i == len(text) || text[i] != text[0] {
				return found.String(), i
			}
		}
		found.WriteByte(text[i])
	}
	return "", -1
}

// span returns the number of leading bytes that are in `set`.
func span(text, set string) int {
	n := 0
	for n < len(text) && strings.IndexByte(set, text[n]) >= 0 {
		n++
	}
	return n
}

// nameSpan returns the number of leading bytes that a name without backquotes can contain.
func nameSpan(text string) int {
	n := 0
	for n < len(text) && (text[n] >= 0x80 || strings.IndexByte(letters+numerals+".-", text[n]) >= 0) {
		n++
	}
	return n
}
