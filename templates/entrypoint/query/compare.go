// The evaluation of a condition: true, false, or unknown because a value is missing.

package query

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"math/big"
	"strconv"
	"strings"

	"entrypoint/index"
)

// truth is the result of a condition for a row. As in SQL, a comparison with a missing value is unknown, and so is its `not`.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

func truthOf(is bool) truth {
	if is {
		return yes
	}
	return no
}

type node interface {
	eval(row int, key []byte) truth
}

type (
	conjunction struct{ left, right node }
	disjunction struct{ left, right node }
	negation    struct{ inner node }
	isMissing   struct{ value Column }
	isNull      struct{ value Column }
)

func (n conjunction) eval(row int, key []byte) truth {
	left := n.left.eval(row, key)
	if left == no {
		return no
	}
	return min(left, n.right.eval(row, key))
}

func (n disjunction) eval(row int, key []byte) truth {
	left := n.left.eval(row, key)
	if left == yes {
		return yes
	}
	return max(left, n.right.eval(row, key))
}

func (n negation) eval(row int, key []byte) truth { return yes - n.inner.eval(row, key) }

func (n isMissing) eval(row int, _ []byte) truth { return truthOf(n.value.missing(row)) }

func (n isNull) eval(row int, _ []byte) truth {
	return truthOf(n.value.Field != nil && n.value.Field.Null(row))
}

// negateIf returns the node, or its negation if negated is true.
func negateIf(n node, negated bool) node {
	if negated {
		return negation{n}
	}
	return n
}

// typed returns the comparison of a value with a literal of the same type.
func (p *parser) typed(value Column, name, operator, literal token) node {
	if literal.keyword("null") {
		if operator.text != "=" && operator.text != "!=" {
			p.fail(operator, "%s cannot be used with null: use = or !=", operator.text)
		}
		return negateIf(isNull{value}, operator.text == "!=")
	}
	if strings.HasSuffix(operator.text, "~") {
		if literal.kind != text {
			p.fail(literal, "%s needs a text in quotes, not %s", operator.text, literal)
		}
		return negateIf(containing{value, newTerm(literal.text, p.ignoreCase)}, operator.text == "!~")
	}
	test := tests[operator.text]
	switch kind := value.Type(); {
	case kind == index.Integer || kind == index.Float || kind == index.JSON && literal.kind == number:
		return compared{value.Field, test, p.numeric(value.Field, name, literal)}
	case kind == index.Boolean && !literal.boolean():
		p.fail(literal, "%q is a boolean field: write true or false without quotes, not %s", name.text, literal)
	case kind == index.Boolean || kind == index.JSON && literal.boolean():
		return compared{value.Field, test, booleans(value.Field, literal.keyword("true"))}
	}
	if literal.kind != text {
		p.fail(literal, "%q is a text field: put %s in quotes", name.text, literal)
	}
	if p.ignoreCase && (operator.text == "=" || operator.text == "!=") {
		return negateIf(among{value, map[string]bool{}, true}.with(literal.text), operator.text == "!=")
	}
	return texts{value, test, []byte(literal.text)}
}

var tests = map[string]func(order int) bool{
	"=":  func(order int) bool { return order == 0 },
	"!=": func(order int) bool { return order != 0 },
	"<":  func(order int) bool { return order < 0 },
	"<=": func(order int) bool { return order <= 0 },
	">":  func(order int) bool { return order > 0 },
	">=": func(order int) bool { return order >= 0 },
}

type (
	compared struct {
		field *index.Field
		test  func(int) bool
		order order
	}
	texts struct {
		value Column
		test  func(int) bool
		with  []byte
	}
	containing struct {
		value Column
		term  term
	}
	globbing struct {
		value Column
		glob  *glob
	}
	among struct {
		value      Column
		set        map[string]bool // folded, if ignoreCase is true
		ignoreCase bool
	}
	anyOf []node
)

// order returns -1, 0 or 1 if the value of a row is less than, equal to or greater than a literal. ok is false for NaN and, in
// a JSON field, for a value of another type than the literal: only != is true for them.
type order func(row int) (order int, ok bool)

func (n compared) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	order, ok := n.order(row)
	return truthOf(ok && n.test(order) || !ok && n.test(1) && n.test(-1))
}

// numeric returns the order of a field and a number. Integers are not rounded; a literal with a fraction or an exponent is
// parsed as a float.
func (p *parser) numeric(field *index.Field, name, literal token) order {
	with, err := strconv.ParseFloat(literal.text, 64)
	if literal.kind != number || err != nil || span(literal.text, numerals+"+-.eE") != len(literal.text) {
		p.fail(literal, "%q has the type %s, but %s is not a number", name.text, field.Type, literal)
	}
	switch field.Type {
	case index.Float:
		return func(row int) (int, bool) {
			value := field.Float(row)
			return cmp.Compare(value, with), !math.IsNaN(value)
		}
	case index.JSON:
		with := exact(literal.text)
		return func(row int) (int, bool) {
			if value := exact(string(field.Bytes(row))); value != nil {
				return value.Cmp(with), true
			}
			return 0, false
		}
	}
	whole, err := strconv.ParseInt(literal.text, 10, 64)
	if err == nil {
		return func(row int) (int, bool) { return cmp.Compare(field.Integer(row), whole), true }
	}
	if errors.Is(err, strconv.ErrRange) {
		// ParseFloat may have rounded the literal into the range of integers.
		with = math.Copysign(math.Inf(1), with)
	}
	return func(row int) (int, bool) { return compareFraction(field.Integer(row), with), true }
}

// exact returns the number in a text without rounding integers, or nil if the text is not a number or NaN.
func exact(text string) *big.Float {
	if text == "" || strings.IndexByte(numerals+"+-.NI", text[0]) < 0 {
		return nil
	}
	if whole, ok := new(big.Int).SetString(text, 10); ok {
		return new(big.Float).SetInt(whole)
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(value) {
		return nil
	}
	return big.NewFloat(value)
}

// booleans returns the order of a boolean or JSON field and a boolean.
func booleans(field *index.Field, with bool) order {
	return func(row int) (int, bool) {
		is, ok := false, true
		if field.Type == index.Boolean {
			is = field.Boolean(row)
		} else {
			text := string(field.Bytes(row))
			is, ok = text == "true", text == "true" || text == "false"
		}
		return ordinal(is) - ordinal(with), ok
	}
}

// compareFraction compares an integer with a float without rounding the integer.
func compareFraction(value int64, with float64) int {
	switch {
	case with >= 1<<63:
		return -1
	case with < -1<<63:
		return 1
	}
	integral := math.Trunc(with)
	if order := cmp.Compare(value, int64(integral)); order != 0 {
		return order
	}
	return cmp.Compare(integral, with)
}

func ordinal(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (n texts) eval(row int, key []byte) truth {
	text, ok := n.value.text(make([]byte, 0, 128), row, key)
	if !ok {
		return unknown
	}
	return truthOf(n.test(bytes.Compare(text, n.with)))
}

func (n containing) eval(row int, key []byte) truth {
	text, ok := n.value.text(make([]byte, 0, 128), row, key)
	if !ok {
		return unknown
	}
	return truthOf(n.term.in(text))
}

func (n globbing) eval(row int, key []byte) truth {
	text, ok := n.value.text(make([]byte, 0, 128), row, key)
	if !ok {
		return unknown
	}
	return truthOf(n.glob.matches(text))
}

func (n among) eval(row int, key []byte) truth {
	text, ok := n.value.text(make([]byte, 0, 128), row, key)
	if !ok {
		return unknown
	}
	if n.ignoreCase {
		text = appendFolded(make([]byte, 0, 128), text)
	}
	return truthOf(n.set[string(text)])
}

// with returns the node after adding a text to its set.
func (n among) with(text string) among {
	n.set[string(newTerm(text, n.ignoreCase).text)] = true
	return n
}

func (n anyOf) eval(row int, key []byte) truth {
	found := no
	for _, one := range n {
		if found = max(found, one.eval(row, key)); found == yes {
			break
		}
	}
	return found
}
