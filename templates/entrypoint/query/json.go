// The comparison of JSON fields, whose rows have values of different types, with numbers and booleans.

package query

import (
	"cmp"
	"math"
	"strconv"
	"strings"

	"entrypoint/index"
)

type (
	// jsonNumbers compares the rows that are numbers. For a row of another type and for NaN, only != is true.
	jsonNumbers struct {
		field *index.Field
		test  func(int) bool
		with  numeral
	}
	// jsonBooleans compares the rows that are booleans. For a row of another type, only != is true.
	jsonBooleans struct {
		field *index.Field
		test  func(int) bool
		with  string
	}
)

func (n jsonNumbers) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	value, ok := newNumeral(string(n.field.Bytes(row)))
	if !ok || math.IsNaN(value.float) {
		return truthOf(unequal(n.test))
	}
	return truthOf(n.test(value.compare(n.with)))
}

func (n jsonBooleans) eval(row int, _ []byte) truth {
	if n.field.Missing(row) {
		return unknown
	}
	value := string(n.field.Bytes(row))
	if value != "true" && value != "false" {
		return truthOf(unequal(n.test))
	}
	return truthOf(n.test(strings.Compare(value, n.with)))
}

// unequal reports whether the test is that of !=, the only operator that is true for values that have no order.
func unequal(test func(int) bool) bool { return test(1) && test(-1) }

// numeral is a number as text: an integer of any size, which is compared without rounding, or a float.
type numeral struct {
	float    float64
	integral bool
	negative bool
	digits   string // of the absolute value of an integer, without leading zeros; "" for 0
}

// newNumeral returns the number in a text of JSON, in which Python may have written NaN or Infinity, or in a condition; ok is
// false if the text is not a number.
func newNumeral(text string) (n numeral, ok bool) {
	unsigned := strings.TrimLeft(text, "+-")
	if unsigned == "" || strings.IndexByte(numerals+".NI", unsigned[0]) < 0 {
		return n, false
	}
	n.float, _ = strconv.ParseFloat(text, 64) // ±Inf if the number is out of range
	if span(unsigned, numerals) == len(unsigned) {
		n.integral, n.digits = true, strings.TrimLeft(unsigned, "0")
		n.negative = text[0] == '-' && n.digits != ""
	}
	return n, true
}

// compare returns -1, 0 or 1 if n is less than, equal to or greater than other; neither is NaN.
func (n numeral) compare(other numeral) int {
	switch {
	case n.integral && other.integral:
		return n.compareIntegers(other)
	case n.integral:
		return n.compareFloat(other.float)
	case other.integral:
		return -other.compareFloat(n.float)
	}
	return cmp.Compare(n.float, other.float)
}

func (n numeral) compareIntegers(other numeral) int {
	if n.negative != other.negative {
		return ordinal(other.negative) - ordinal(n.negative)
	}
	order := cmp.Or(cmp.Compare(len(n.digits), len(other.digits)), strings.Compare(n.digits, other.digits))
	if n.negative {
		return -order
	}
	return order
}

// compareFloat compares an integer with a float.
func (n numeral) compareFloat(float float64) int {
	if math.IsInf(float, 0) {
		return cmp.Compare(0, float)
	}
	integral := math.Trunc(float)
	whole, _ := newNumeral(strconv.FormatFloat(integral, 'f', 0, 64))
	return cmp.Or(n.compareIntegers(whole), cmp.Compare(integral, float))
}
