// The evaluation of a condition: true, false, or unknown where a value is missing.

package query

import (
	"bytes"
	"cmp"
	"errors"
	"math"
	"strconv"
	"strings"

	"entrypoint/index"
)

// truth is what a condition is of a row. As in SQL, nothing is known of a missing value, and `not` does not change that.
type truth int8

const (
	no truth = iota
	unknown
	yes
)

func known(is bool) truth {
	if is {
		return yes
	}
	return no
}

type node interface {
	eval(row int, key []byte) truth
}

type (
	both     struct{ left, right node }
	either   struct{ left, right node }
	negation struct{ inner node }
	absent   struct{ value operand }
)

func (n both) eval(row int, key []byte) truth {
	left := n.left.eval(row, key)
	if left == no {
		return no
	}
	return min(left, n.right.eval(row, key))
}

func (n either) eval(row int, key []byte) truth {
	left := n.left.eval(row, key)
	if left == yes {
		return yes
	}
	return max(left, n.right.eval(row, key))
}

func (n negation) eval(row int, key []byte) truth { return yes - n.inner.eval(row, key) }

func (n absent) eval(row int, _ []byte) truth { return known(n.value.missing(row)) }

func wrap(n node, negated bool) node {
	if negated {
		return negation{n}
	}
	return n
}

// operand is what a name stands for: a field, or a part of the key.
type operand struct {
	field *index.Field
	part  func(key []byte) []byte
}

func (o operand) missing(row int) bool { return o.field != nil && o.field.Missing(row) }

func (p *parser) operand(name token) operand {
	if field := p.ix.Field(name.text); field != nil {
		return operand{field: field}
	}
	parts := map[string]func([]byte) []byte{"path": whole, "name": Name, "folder": Folder, "suffix": Suffix}
	if part := parts[name.text]; part != nil {
		p.needsKey = true
		return operand{part: part}
	}
	p.fail(name, "no field is called %q: there are %s", name.text, strings.Join(FieldNames(p.ix), ", "))
	return operand{}
}

// FieldNames returns the names that a condition may use.
func FieldNames(ix *index.Index) []string {
	var names []string
	for _, field := range ix.Fields {
		names = append(names, field.Name)
	}
	for _, part := range []string{"path", "name", "folder", "suffix"} {
		if ix.Field(part) == nil {
			names = append(names, part)
		}
	}
	return names
}

// typed returns the comparison of a value with a literal, which must be of the same type.
func (p *parser) typed(value operand, name, operator, literal token) node {
	if strings.HasSuffix(operator.text, "~") {
		if literal.kind != text {
			p.fail(literal, "%s looks for a text in quotes, not for %s", operator.text, literal)
		}
		return wrap(containing{value, []byte(literal.text)}, operator.text == "!~")
	}
	test := tests[operator.text]
	switch value.kind() {
	case index.Integer, index.Float:
		return p.numeric(value, test, name, literal)
	case index.Boolean:
		if !literal.boolean() {
			p.fail(literal, "%q is true or false, and %s is not", name.text, literal)
		}
		return booleans{value.field, test, strings.EqualFold(literal.text, "true")}
	}
	if literal.kind != text {
		p.fail(literal, "%q is a text: put %s in quotes", name.text, literal)
	}
	return texts{value, test, []byte(literal.text)}
}

func (o operand) kind() index.Type {
	if o.field == nil {
		return index.Text
	}
	return o.field.Type
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
	integers struct {
		field *index.Field
		test  func(int) bool
		with  int64
	}
	// fractions compares integers with a number that is none, or one out of their range.
	fractions struct {
		field *index.Field
		test  func(int) bool
		with  float64
	}
	floats struct {
		field *index.Field
		test  func(int) bool
		with  float64
		not   bool // whether the operator is !=, the only one that is true of NaN
	}
	booleans struct {
		field *index.Field
		test  func(int) bool
		with  bool
	}
	texts struct {
		value operand
		test  func(int) bool
		with  []byte
	}
	containing struct {
		value operand
		term  []byte
	}
)

// numeric compares integers without rounding them. A literal with a fraction or an exponent is read as a float.
func (p *parser) numeric(value operand, test func(int) bool, name, literal token) node {
	with, err := strconv.ParseFloat(literal.text, 64)
	if literal.kind != number || err != nil || span(literal.text, numerals+"+-.eE") != len(literal.text) {
		p.fail(literal, "%q is a number, and %s is not", name.text, literal)
	}
	if value.field.Type == index.Float {
		return floats{value.field, test, with, test(1) && test(-1)}
	}
	whole, err := strconv.ParseInt(literal.text, 10, 64)
	if err == nil {
		return integers{value.field, test, whole}
	}
	if errors.Is(err, strconv.ErrRange) {
		// It may have been rounded into the range of integers.
		with = math.Copysign(math.Inf(1), with)
	}
	return fractions{value.field, test, with}
}

func (n integers) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	return known(n.test(cmp.Compare(n.field.Integer(row), n.with)))
}

func (n fractions) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	return known(n.test(compareFraction(n.field.Integer(row), n.with)))
}

// compareFraction compares without rounding the integer.
func compareFraction(value int64, with float64) int {
	switch {
	case with >= 1<<63:
		return -1
	case with < -1<<63:
		return 1
	}
	whole := math.Trunc(with)
	if order := cmp.Compare(value, int64(whole)); order != 0 {
		return order
	}
	return cmp.Compare(whole, with)
}

func (n floats) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	value := n.field.Float(row)
	if math.IsNaN(value) {
		return known(n.not)
	}
	return known(n.test(cmp.Compare(value, n.with)))
}

func (n booleans) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	return known(n.test(cmp.Compare(ordinal(n.field.Boolean(row)), ordinal(n.with))))
}

func ordinal(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (n texts) eval(row int, key []byte) truth {
	if n.value.part != nil {
		return known(n.test(bytes.Compare(n.value.part(key), n.with)))
	}
	if n.value.field.Missing(row) {
		return unknown
	}
	if n.value.field.Type == index.Digest {
		return known(n.test(bytes.Compare(n.value.field.AppendText(make([]byte, 0, 128), row), n.with)))
	}
	return known(n.test(bytes.Compare(n.value.field.Bytes(row), n.with)))
}

func (n containing) eval(row int, key []byte) truth {
	if n.value.part != nil {
		return known(bytes.Contains(n.value.part(key), n.term))
	}
	if n.value.field.Missing(row) {
		return unknown
	}
	return known(bytes.Contains(n.value.field.AppendText(make([]byte, 0, 128), row), n.term))
}
