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

// appendCell appends the cell of a column, nothing for a missing value.
func (s *Session) appendCell(dst []byte, column *column, row int, key []byte, comma byte) []byte {
	switch {
	case column.group != nil:
		return index.AppendInteger(dst, int64(column.group.Count))
	case column.Part != nil:
		return appendCell(dst, s.guarded(column.Part(key)), comma)
	case column.Field.Missing(row):
		return dst
	case column.Field.Type == index.Text || column.Field.Type == index.JSON:
		return appendCell(dst, s.guarded(column.Field.Bytes(row)), comma)
	}
	return column.Field.AppendText(dst, row)
}
