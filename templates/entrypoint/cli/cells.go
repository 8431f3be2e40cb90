// The cells of CSV and TSV tables.

package cli

import (
	"bytes"

	"entrypoint/index"
)

// formulas are the characters that begin a formula in a spreadsheet, and the quote that prevents it.
var formulas = []byte("=+-@\t\r\n'")

// cells appends cells. With `spreadsheet`, a text that a spreadsheet could run as a formula gets a quote before it.
type cells struct {
	comma       byte
	spreadsheet bool
}

// append appends a text, in quotes if it contains a separator or quote, or if it is empty: a missing value has no quotes.
func (c cells) append(dst, text []byte) []byte {
	quoted := len(text) == 0
	for _, char := range text {
		quoted = quoted || char == c.comma || char == '"' || char == '\n' || char == '\r'
	}
	if quoted {
		dst = append(dst, '"')
	}
	if c.spreadsheet && len(text) > 0 && bytes.IndexByte(formulas, text[0]) >= 0 {
		dst = append(dst, '\'')
	}
	if !quoted {
		return append(dst, text...)
	}
	for _, char := range text {
		if char == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, char)
	}
	return append(dst, '"')
}

func (c cells) appendValue(dst []byte, field *index.Field, row int) []byte {
	if field.Type == index.Text || field.Type == index.JSON {
		return c.append(dst, field.Bytes(row))
	}
	return field.AppendText(dst, row)
}
