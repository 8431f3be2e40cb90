// The columns of the output.

package cli

import (
	"entrypoint/index"
	"entrypoint/query"
)

// column is a column of the output: of the index, or the number of files of a group.
type column struct {
	query.Column
	group *query.Group // the current group of a number of files, otherwise nil
	whole bool         // whether JSON contains null for a missing value
}

// columns returns the columns of rows.
func (s *Session) columns() ([]column, error) {
	chosen := []query.Column{query.Path}
	switch {
	case s.Given("fields"):
		var err error
		if chosen, err = query.ParseColumns(s.options.fields, s.Index); err != nil {
			return nil, Usagef("-fields: %s", err)
		}
	case s.options.ls:
	case s.criteria.Searching:
		chosen = append(chosen, query.Column{Name: s.criteria.Metric.Name, Field: s.criteria.Metric})
	default:
		chosen = append(chosen, query.FieldColumns(s.Index)...)
	}
	var columns []column
	for _, one := range chosen {
		columns = append(columns, column{Column: one})
	}
	return columns, nil
}

// near returns the columns for fast access to the rows [from, to) only.
func near(columns []column, from, to int) []column {
	var found []column
	for _, one := range columns {
		one.Column = one.Between(from, to)
		found = append(found, one)
	}
	return found
}

func (c *column) missing(row int) bool { return c.Field != nil && c.Field.Missing(row) }

// appendShown appends the value to a line of text.
func (c *column) appendShown(dst []byte, row int, key []byte) []byte {
	switch {
	case c.Part != nil:
		return index.AppendShown(dst, c.Part(key))
	case c.Field.Missing(row):
		return dst
	case c.Field.Type == index.Text || c.Field.Type == index.JSON:
		return index.AppendShown(dst, c.Field.AppendUnquoted(nil, row))
	}
	return c.Field.AppendText(dst, row)
}
