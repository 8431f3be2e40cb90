// Package query chooses rows of an index, and puts them in order.
package query

import (
	"fmt"
	"strings"

	"entrypoint/index"
)

// Grammar is the language of -where, as -help prints it.
const Grammar = `condition  = and { "or" and }
and        = not { "and" not }
not        = "not" not | "(" condition ")" | comparison
comparison = name ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" ) value
           | name "is" [ "not" ] "missing"
name       = a field, or one of path, name, folder, suffix; with other characters than letters,
             digits, _ . - in backquotes
value      = a number | "text" | 'text' (a quote in it is doubled) | true | false
`

// SyntaxError says what is wrong with a condition, and where.
type SyntaxError struct {
	Condition string
	Offset    int // in bytes
	Problem   string
}

func (e *SyntaxError) Error() string {
	column := len([]rune(e.Condition[:e.Offset]))
	shown := strings.Map(func(char rune) rune {
		if char < ' ' {
			return ' '
		}
		return char
	}, e.Condition)
	return fmt.Sprintf("-where, column %d: %s\n  %s\n  %s^", column+1, e.Problem, shown, strings.Repeat(" ", column))
}

// Where is a condition on rows.
type Where struct {
	root     node
	needsKey bool
}

// ParseWhere returns the condition that `text` stands for; its names are those of the index's fields, and path, name, folder
// and suffix where no field is called so.
func ParseWhere(text string, ix *index.Index) (where *Where, err error) {
	p := &parser{text: text, ix: ix}
	defer func() {
		if met := recover(); met != nil {
			syntax, ours := met.(*SyntaxError)
			if !ours {
				panic(met)
			}
			where, err = nil, syntax
		}
	}()
	p.next()
	root := p.condition()
	if p.token.kind != end {
		p.fail(p.token, "expected and, or, or the end, not %s", p.token)
	}
	return &Where{root, p.needsKey}, nil
}

// Matches reports whether the condition is true of the row, which has the given key.
func (w *Where) Matches(row int, key []byte) bool { return w.root.eval(row, key) == yes }

// NeedsKey reports whether Matches looks at the key.
func (w *Where) NeedsKey() bool { return w.needsKey }

type parser struct {
	text     string
	at       int
	token    token
	ix       *index.Index
	needsKey bool
	depth    int
}

// maxDepth bounds the parentheses and nots inside one another, and so the stack.
const maxDepth = 1000

func (p *parser) condition() node {
	left := p.and()
	for p.word("or") {
		left = either{left, p.and()}
	}
	return left
}

func (p *parser) and() node {
	left := p.not()
	for p.word("and") {
		left = both{left, p.not()}
	}
	return left
}

func (p *parser) not() node {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.token, "more than %d conditions inside one another", maxDepth)
	}
	defer func() { p.depth-- }()
	if p.word("not") {
		return negation{p.not()}
	}
	if !p.symbol("(") {
		return p.comparison()
	}
	opened := p.token
	inner := p.condition()
	if !p.symbol(")") {
		p.fail(opened, "expected ) to end what begins here, not %s", p.token)
	}
	return inner
}

func (p *parser) comparison() node {
	name := p.token
	if name.kind != word || name.reserved() {
		p.fail(name, "expected the name of a field, not %s", name)
	}
	value := p.operand(name)
	p.next()
	if p.word("is") {
		negated := p.word("not")
		if !p.word("missing") {
			p.fail(p.token, "expected missing, not %s", p.token)
		}
		return wrap(absent{value}, negated)
	}
	operator := p.token
	if operator.kind != operation {
		p.fail(operator, "expected = != < <= > >= ~ !~ or is, not %s", operator)
	}
	p.next()
	literal := p.token
	if literal.kind != number && literal.kind != text && !literal.boolean() {
		p.fail(literal, "expected a number, a text in quotes, true or false, not %s", literal)
	}
	p.next()
	return p.typed(value, name, operator, literal)
}

// word takes a keyword when it comes next.
func (p *parser) word(keyword string) bool {
	if p.token.kind != word || p.token.quoted || !strings.EqualFold(p.token.text, keyword) {
		return false
	}
	p.next()
	return true
}

func (p *parser) symbol(symbol string) bool {
	if p.token.kind != parenthesis || p.token.text != symbol {
		return false
	}
	p.next()
	return true
}

func (p *parser) fail(at token, format string, values ...any) {
	panic(&SyntaxError{p.text, at.offset, fmt.Sprintf(format, values...)})
}
