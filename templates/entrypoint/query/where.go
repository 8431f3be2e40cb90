// Package query selects and sorts rows of an index.
package query

import (
	"fmt"
	"strings"

	"entrypoint/index"
)

// Grammar is the grammar of -where, for -help.
const Grammar = `condition  = and { "or" and }
and        = not { "and" not }
not        = "not" not | "(" condition ")" | comparison
comparison = name ( "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" ) value
           | name [ "not" ] "in" "(" value { "," value } ")"
           | name [ "not" ] "like" glob
           | name "is" [ "not" ] ( "missing" | "null" )   (~ contains, !~ does not contain)
name       = a field, or path, name, folder or suffix; a name with other characters than
             letters, digits, _ . - is written in backquotes
value      = a number | "text" | 'text' (a quote in it is doubled) | true | false | null
glob       = a text for the whole value: * any text, ? one character, [a-z] one of these,
             [!a-z] none of these; [*] is a *
`

// SyntaxError is an error at a place in a condition.
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
	root node
}

// ParseWhere returns the condition in text. It can use the names of the fields of the index, and path, name, folder and
// suffix if no field has this name. ignoreCase: whether = != ~ !~ in and like ignore the case of texts.
func ParseWhere(text string, ix *index.Index, ignoreCase bool) (where *Where, err error) {
	p := &parser{text: text, columns: Columns(ix), ignoreCase: ignoreCase}
	defer func() {
		if reason := recover(); reason != nil {
			syntax, ours := reason.(*SyntaxError)
			if !ours {
				panic(reason)
			}
			where, err = nil, syntax
		}
	}()
	p.next()
	root := p.condition()
	if p.token.kind != end {
		p.fail(p.token, "expected and, or, or the end of the condition, not %s", p.token)
	}
	return &Where{root}, nil
}

// Matches reports whether the condition is true for the row with the given key.
func (w *Where) Matches(row int, key []byte) bool { return w.root.eval(row, key) == yes }

type parser struct {
	text       string
	at         int
	token      token
	columns    []Column
	ignoreCase bool
	depth      int
}

// maxDepth is the maximum nesting of parentheses and nots, which limits the size of the stack.
const maxDepth = 1000

func (p *parser) condition() node {
	left := p.and()
	for p.word("or") {
		left = disjunction{left, p.and()}
	}
	return left
}

func (p *parser) and() node {
	left := p.not()
	for p.word("and") {
		left = conjunction{left, p.not()}
	}
	return left
}

func (p *parser) not() node {
	if p.depth++; p.depth > maxDepth {
		p.fail(p.token, "conditions are nested more than %d levels deep", maxDepth)
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
		p.fail(opened, "expected ) to close this parenthesis, not %s", p.token)
	}
	return inner
}

func (p *parser) comparison() node {
	name := p.token
	if name.kind != word || name.reserved() {
		p.fail(name, "expected the name of a field, not %s", name)
	}
	value, err := Find(p.columns, "field", name.text)
	if err != nil {
		p.fail(name, "%s", err)
	}
	p.next()
	if p.word("is") {
		negated := p.word("not")
		if p.word("null") {
			return negateIf(isNull{value}, negated)
		}
		if !p.word("missing") {
			p.fail(p.token, "expected missing or null, not %s", p.token)
		}
		return negateIf(isMissing{value}, negated)
	}
	operator := p.token
	negated := p.word("not")
	switch {
	case p.word("in"):
		return negateIf(p.list(value, name), negated)
	case p.word("like"):
		return negateIf(globbing{value, p.glob()}, negated)
	case negated:
		p.fail(p.token, "expected in or like, not %s", p.token)
	case operator.kind != operation:
		p.fail(operator, "expected = != < <= > >= ~ !~ in, like or is, not %s", operator)
	}
	p.next()
	return p.typed(value, name, operator, p.literal())
}

func (p *parser) literal() token {
	literal := p.token
	if literal.kind != number && literal.kind != text && !literal.boolean() && !literal.keyword("null") {
		p.fail(literal, "expected a number, a text in quotes, true, false or null, not %s", literal)
	}
	p.next()
	return literal
}

// list reads the values of `in`, each of which is compared as with =.
func (p *parser) list(value Column, name token) node {
	opened := p.token
	if !p.symbol("(") {
		p.fail(opened, "expected ( and the values of in, not %s", opened)
	}
	set, found := among{value, map[string]bool{}, p.ignoreCase}, anyOf{}
	for more := true; more; more = p.symbol(",") {
		literal := p.literal()
		switch one := p.typed(value, name, token{kind: operation, text: "="}, literal).(type) {
		case texts, among:
			set.with(literal.text)
		default:
			found = append(found, one)
		}
	}
	if !p.symbol(")") {
		p.fail(opened, "expected a comma, or ) to close this parenthesis, not %s", p.token)
	}
	if len(set.set) > 0 {
		found = append(found, set)
	}
	return found
}

// glob reads the pattern of `like`.
func (p *parser) glob() *glob {
	pattern := p.token
	if pattern.kind != text {
		p.fail(pattern, "like needs a glob in quotes, not %s", pattern)
	}
	if strings.Contains(pattern.text, "%") && !strings.ContainsAny(pattern.text, "*?[") {
		p.fail(pattern, "like needs a glob: write * instead of %%, and ? instead of _; for the text itself, use =")
	}
	p.next()
	return newGlob(pattern.text, p.ignoreCase)
}

// word reads the keyword if it is the current token, and reports whether it is.
func (p *parser) word(keyword string) bool {
	if !p.token.keyword(keyword) {
		return false
	}
	p.next()
	return true
}

// symbol reads the parenthesis or comma if it is the current token, and reports whether it is.
func (p *parser) symbol(symbol string) bool {
	if p.token.kind != parenthesis && p.token.kind != comma || p.token.text != symbol {
		return false
	}
	p.next()
	return true
}

// fail panics with a SyntaxError, which ParseWhere returns.
func (p *parser) fail(at token, format string, values ...any) {
	panic(&SyntaxError{p.text, at.offset, fmt.Sprintf(format, values...)})
}
