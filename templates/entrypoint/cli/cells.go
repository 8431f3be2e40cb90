// The cells of CSV and TSV tables.

package cli

import (
	"bytes"

	"entrypoint/index"
)

// guarded returns a text with a quote before it if a spreadsheet could run it as a formula, with the flag -spreadsheet.
func (s *Session) guarded(text []byte) []byte {
	if s.options.spreadsheet && len(text) > 0 && bytes.IndexByte([]byte("=+-@\t\r\n'"), text[0]) >= 0 {
		return append([]byte{'\''}, text...)
	}
	return text
}

// appendCell appends a cell, in quotes if it contains a separator or quote, or if it is empty: a missing value has no quotes.
func appendCell(dst, cell []byte, comma byte) []byte {
	quoted := len(cell) == 0
	for _, c := range cell {
		quoted = quoted || c == comma || c == '"' || c == '\n' || c == '\r'
	}
	if !quoted {
		return append(dst, cell...)
	}
	dst = append(dst, '"')
	for _, c := range cell {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}

func (s *Session) appendValue(dst []byte, field *index.Field, row int, comma byte) []byte {
	if field.Type == index.Text || field.Type == index.JSON {
		return appendCell(dst, s.guarded(field.Bytes(row)), comma)
	}
	return field.AppendText(dst, row)
}
