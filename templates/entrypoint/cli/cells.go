// The cells of CSV and TSV tables.

package cli

import "entrypoint/index"

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

func appendValue(dst []byte, field *index.Field, row int, comma byte) []byte {
	if field.Type == index.Text || field.Type == index.JSON {
		return appendCell(dst, field.Bytes(row), comma)
	}
	return field.AppendText(dst, row)
}
