// The columns: the fields of the index, and the parts of a key.

package query

import (
	"fmt"
	"strings"

	"entrypoint/index"
)

// Column is a field, or a part of the key.
type Column struct {
	Name  string
	Field *index.Field            // nil for a part of the key
	Part  func(key []byte) []byte // nil for a field
}

var parts = []Column{{Name: "path", Part: wholeKey}, {Name: "name", Part: Name}, {Name: "folder", Part: Folder}, {Name: "suffix", Part: Suffix}}

// Path is the column of the keys.
var Path = parts[0]

// Columns returns all columns of an index. A field hides the part of the key that has its name.
func Columns(ix *index.Index) []Column {
	columns := FieldColumns(ix)
	for _, part := range parts {
		if ix.Field(part.Name) == nil {
			columns = append(columns, part)
		}
	}
	return columns
}

// FieldColumns returns the fields of an index.
func FieldColumns(ix *index.Index) []Column {
	var columns []Column
	for _, field := range ix.Fields {
		columns = append(columns, Column{Name: field.Name, Field: field})
	}
	return columns
}

// Find returns the column with a name; the error suggests a similar name. kind: the word for a column in the error.
func Find(columns []Column, kind, name string) (Column, error) {
	var names []string
	for _, column := range columns {
		if column.Name == name {
			return column, nil
		}
		names = append(names, string(index.AppendShown(nil, []byte(column.Name))))
	}
	return Column{}, fmt.Errorf("unknown %s %q: %s", kind, name, remedy(kind, name, names))
}

// mostListed is the number of names up to which an error lists all of them.
const mostListed = 20

// remedy returns the nearest of the names, if it is similar, and all names, if they are few.
func remedy(kind, name string, names []string) string {
	listed := fmt.Sprintf("the %ss are %s", kind, strings.Join(names, ", "))
	if len(names) > mostListed {
		listed = fmt.Sprintf("-schema lists the %d fields", len(names))
	}
	nearest, least := "", (len([]rune(name))+2)/3+1
	for _, one := range names {
		if edits := distance([]rune(strings.ToLower(name)), []rune(strings.ToLower(one))); edits < least {
			nearest, least = one, edits
		}
	}
	if nearest == "" {
		return listed
	}
	return fmt.Sprintf("did you mean %q? %s%s", nearest, strings.ToUpper(listed[:1]), listed[1:])
}

// distance returns the number of characters to add, remove, replace, or exchange with the next one.
func distance(one, other []rune) int {
	rows := make([][]int, len(one)+1)
	for i := range rows {
		rows[i] = make([]int, len(other)+1)
		for j := range rows[i] {
			if i == 0 || j == 0 {
				rows[i][j] = i + j
				continue
			}
			cost := ordinal(one[i-1] != other[j-1])
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && one[i-1] == other[j-2] && one[i-2] == other[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(one)][len(other)]
}

// ParseColumns returns the columns in a list of names, separated by commas. A name can be in backquotes, as in a condition.
func ParseColumns(text string, ix *index.Index) ([]Column, error) {
	var found []Column
	all, seen := Columns(ix), map[string]bool{}
	for rest, more := text, true; more; {
		var name string
		var err error
		if name, rest, more, err = nextName(rest); err != nil {
			return nil, err
		}
		column, err := Find(all, "field", name)
		if err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("field %q is given more than once: give it once", name)
		}
		seen[name] = true
		found = append(found, column)
	}
	return found, nil
}

// nextName returns the first name of a list, the rest of the list, and whether the rest contains a name.
func nextName(list string) (name, rest string, more bool, err error) {
	list = strings.TrimLeft(list, blanks)
	if !strings.HasPrefix(list, "`") {
		name, rest, more = strings.Cut(list, ",")
		return strings.TrimRight(name, blanks), rest, more, nil
	}
	name, size := unquoted(list)
	if size < 0 {
		return "", "", false, fmt.Errorf("the quote ` in %q is not closed: add ` after the name", list)
	}
	rest = strings.TrimLeft(list[size:], blanks)
	if rest != "" && rest[0] != ',' {
		return "", "", false, fmt.Errorf("expected a comma after the field %q, found %q", name, rest)
	}
	return name, strings.TrimPrefix(rest, ","), rest != "", nil
}

// missing reports whether the row has no value.
func (c Column) missing(row int) bool { return c.Field != nil && c.Field.Missing(row) }

// text returns the text that conditions compare, and false for a missing value. The text may use the buffer.
func (c Column) text(buffer []byte, row int, key []byte) ([]byte, bool) {
	switch {
	case c.Part != nil:
		return c.Part(key), true
	case c.Field.Missing(row):
		return nil, false
	case c.Field.Type == index.Text:
		return c.Field.Bytes(row), true
	}
	return c.Field.AppendUnquoted(buffer, row), true
}

// appendSortable appends the value as bytes, see index.Field.AppendSortable.
func (c Column) appendSortable(dst []byte, row int, key []byte) []byte {
	if c.Part != nil {
		return index.AppendSortable(dst, c.Part(key))
	}
	return c.Field.AppendSortable(dst, row)
}

// Between returns the column for fast access to the rows [from, to) only.
func (c Column) Between(from, to int) Column {
	if c.Field != nil {
		c.Field = c.Field.Between(from, to)
	}
	return c
}

// Type returns the type of the values.
func (c Column) Type() index.Type {
	if c.Field == nil {
		return index.Text
	}
	return c.Field.Type
}
