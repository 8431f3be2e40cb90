// -values and -count -by: the different values, and how many files have them.

package cli

import (
	"cmp"
	"slices"
	"strconv"

	"entrypoint/query"
)

var valuesOf = Command{
	Name: "values", Takes: "FIELD", Help: "the different values of a field, and the number of files of each",
	Group: Printing, Refuses: []string{"ls", "null", "fields", "desc", "offset"},
	Run: func(s *Session) (int, error) {
		rows, err := s.Rows()
		if err != nil {
			return WrongUsage, err
		}
		column, err := query.Find(query.Columns(s.Index), "field", s.Flag("values"))
		if err != nil {
			return WrongUsage, Usagef("-values: %s", err)
		}
		groups := rows.Groups([]query.Column{column})
		fewer := func(one, other query.Group) int { return cmp.Compare(other.Count, one.Count) }
		if !slices.IsSortedFunc(groups, fewer) {
			slices.SortStableFunc(groups, fewer)
		}
		return s.printGroups([]query.Column{column}, groups)
	},
}

// countBy prints the number of files of each combination of values.
func (s *Session) countBy(rows *query.Selection) (int, error) {
	columns, err := query.ParseColumns(s.options.by, s.Index)
	if err != nil {
		return WrongUsage, Usagef("-by: %s", err)
	}
	return s.printGroups(columns, rows.Groups(columns))
}

// printGroups prints the groups, up to the limit.
func (s *Session) printGroups(by []query.Column, groups []query.Group) (int, error) {
	groups = groups[:min(len(groups), s.options.limit)]
	var group query.Group
	var columns []column
	name := "count"
	for _, one := range by {
		columns = append(columns, column{Column: one, whole: true})
	}
	for slices.ContainsFunc(by, func(one query.Column) bool { return one.Name == name }) {
		name += "_"
	}
	columns = append(columns, column{Column: query.Column{Name: name}, group: &group})
	out, err := s.output(columns)
	if s.options.format == formats[0] {
		out = &printer{out: s.Out, format: format{row: groupLine(columns, &group, digits(groups))}}
	}
	if err != nil {
		return WrongUsage, err
	}
	var key []byte
	for _, group = range groups {
		if slices.ContainsFunc(by, func(one query.Column) bool { return one.Part != nil }) {
			key = s.Index.AppendKey(key[:0], group.Row)
		}
		if err := out.add(group.Row, key); err != nil {
			return NoMatch, err
		}
	}
	return s.Matched(len(groups) > 0), out.end(s.criteria.Query())
}

// digits returns the number of digits of the largest count.
func digits(groups []query.Group) int {
	most := 0
	for _, group := range groups {
		most = max(most, group.Count)
	}
	return len(strconv.Itoa(most))
}

const missingValue = "(missing)"

// groupLine returns a function that appends the count, aligned to `width`, and the values, separated by tabs.
func groupLine(columns []column, group *query.Group, width int) func([]byte, int, []byte) []byte {
	return func(dst []byte, row int, key []byte) []byte {
		count := strconv.Itoa(group.Count)
		for range width - len(count) {
			dst = append(dst, ' ')
		}
		dst = append(dst, count...)
		between := byte(' ')
		for i := range columns[:len(columns)-1] {
			dst = append(dst, between)
			between = '\t'
			dst = columns[i].appendValue(dst, row, key)
		}
		return append(dst, '\n')
	}
}

// appendValue is appendShown with a text for a missing value; a text that looks like it, or is empty, is in quotes.
func (c *column) appendValue(dst []byte, row int, key []byte) []byte {
	if c.missing(row) {
		return append(dst, missingValue...)
	}
	start := len(dst)
	dst = c.appendShown(dst, row, key)
	if shown := string(dst[start:]); shown == "" || shown == missingValue {
		dst = strconv.AppendQuote(dst[:start], shown)
	}
	return dst
}
