// The evaluation of a condition: true, false, or unknown because a value is missing.

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
	isMissing   struct{ value operand }
	isNull      struct{ value operand }
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
	return truthOf(n.value.field != nil && n.value.field.Null(row))
}

// negateIf returns the node, or its negation if negated is true.
func negateIf(n node, negated bool) node {
	if negated {
		return negation{n}
	}
	return n
}

// operand is the left side of a comparison: a field, or a part of the key.
type operand struct {
	field *index.Field
	part  func(key []byte) []byte
}

func (o operand) missing(row int) bool { return o.field != nil && o.field.Missing(row) }

func (p *parser) operand(name token) operand {
	if field := p.ix.Field(name.text); field != nil {
		return operand{field: field}
	}
	parts := map[string]func([]byte) []byte{"path": wholeKey, "name": Name, "folder": Folder, "suffix": Suffix}
	if part := parts[name.text]; part != nil {
		p.needsKey = true
		return operand{part: part}
	}
	p.fail(name, "unknown field %q: the fields are %s", name.text, strings.Join(FieldNames(p.ix), ", "))
	return operand{}
}

// FieldNames returns the names that a condition can use.
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

// typed returns the comparison of a value with a literal of the same type.
func (p *parser) typed(value operand, name, operator, literal token) node {
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
		return negateIf(containing{value, []byte(literal.text)}, operator.text == "!~")
	}
	test := tests[operator.text]
	switch value.kind() {
	case index.Integer, index.Float:
		return p.numeric(value, test, name, literal)
	case index.Boolean:
		if !literal.boolean() {
			p.fail(literal, "%q is a boolean field: write true or false without quotes, not %s", name.text, literal)
		}
		return booleans{value.field, test, literal.keyword("true")}
	case index.JSON:
		if literal.boolean() {
			return jsonBooleans{value.field, test, strings.ToLower(literal.text)}
		}
		if literal.kind == number {
			return p.jsonNumber(value, test, literal)
		}
	}
	if literal.kind != text {
		p.fail(literal, "%q is a text field: put %s in quotes", name.text, literal)
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
	// fractions compares integers with a number that has a fraction or is out of the range of integers.
	fractions struct {
		field *index.Field
		test  func(int) bool
		with  float64
	}
	floats struct {
		field *index.Field
		test  func(int) bool
		with  float64
		not   bool // whether the operator is !=, the only operator that is true for NaN
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

// numeric returns the comparison of a number with a literal. Integers are not rounded; a literal with a fraction or an
// exponent is parsed as a float.
func (p *parser) numeric(value operand, test func(int) bool, name, literal token) node {
	with, valid := literal.float()
	if !valid {
		p.fail(literal, "%q is a number field, but %s is not a number", name.text, literal)
	}
	if value.field.Type == index.Float {
		return floats{value.field, test, with, unequal(test)}
	}
	whole, err := strconv.ParseInt(literal.text, 10, 64)
	if err == nil {
		return integers{value.field, test, whole}
	}
	if errors.Is(err, strconv.ErrRange) {
		// ParseFloat may have rounded the literal into the range of integers.
		with = math.Copysign(math.Inf(1), with)
	}
	return fractions{value.field, test, with}
}

func (p *parser) jsonNumber(value operand, test func(int) bool, literal token) node {
	if _, valid := literal.float(); !valid {
		p.fail(literal, "%s is not a number", literal)
	}
	with, _ := newNumeral(literal.text)
	return jsonNumbers{value.field, test, with}
}

func (n integers) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	return truthOf(n.test(cmp.Compare(n.field.Integer(row), n.with)))
}

func (n fractions) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	return truthOf(n.test(compareFraction(n.field.Integer(row), n.with)))
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

func (n floats) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	value := n.field.Float(row)
	if math.IsNaN(value) {
		return truthOf(n.not)
	}
	return truthOf(n.test(cmp.Compare(value, n.with)))
}

func (n booleans) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	return truthOf(n.test(cmp.Compare(ordinal(n.field.Boolean(row)), ordinal(n.with))))
}

func ordinal(is bool) int {
	if is {
		return 1
	}
	return 0
}

func (n texts) eval(row int, key []byte) truth {
	if n.value.part != nil {
		return truthOf(n.test(bytes.Compare(n.value.part(key), n.with)))
	}
	if n.value.field.Missing(row) {
		return unknown
	}
	if n.value.field.Type == index.Text {
		return truthOf(n.test(bytes.Compare(n.value.field.Bytes(row), n.with)))
	}
	return truthOf(n.test(bytes.Compare(n.value.field.AppendText(make([]byte, 0, 128), row), n.with)))
}

func (n containing) eval(row int, key []byte) truth {
	if n.value.part != nil {
		return truthOf(bytes.Contains(n.value.part(key), n.term))
	}
	if n.value.field.Missing(row) {
		return unknown
	}
	return truthOf(bytes.Contains(n.value.field.AppendText(make([]byte, 0, 128), row), n.term))
}
