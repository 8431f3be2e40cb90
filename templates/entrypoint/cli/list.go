// The listing of rows in all formats.

package cli

import (
	"bufio"
	"fmt"
	"slices"

	"entrypoint/index"
	"entrypoint/query"
)

// format describes how rows are printed: the text before all rows, of each row, and after all rows.
type format struct {
	head, tail string
	empty      string // the whole output if there are no rows
	between    string // printed before every row except the first
	row        func(buffer []byte, row int, key []byte) []byte
	ending     *byte // the byte after the key, in a format that prints keys only
}

// list is the command that runs if no command is given.
var list = Command{
	Run: func(s *Session) (int, error) {
		rows, err := s.Rows()
		if err != nil {
			return WrongUsage, err
		}
		return s.list(rows)
	},
}

// output prints rows in a format.
type output interface {
	add(row int, key []byte) error
	// end prints the text after the rows. A query without a match prints nothing.
	end(query bool) error
}

// output returns the output of the columns in the format that the flags select.
func (s *Session) output(columns []column) (output, error) {
	if s.options.format == parquetFormat {
		return s.parquet(columns)
	}
	return &printer{out: s.Out, format: s.format(columns)}, nil
}

// list prints the rows. If a query matches no row, it prints nothing.
func (s *Session) list(rows *query.Selection) (int, error) {
	if s.Index.Rows == 0 && s.options.format == formats[0] {
		fmt.Fprintf(s.Messages, "%s %s contains no files\n", s.Facts.Name, s.Facts.Version)
	}
	columns, err := s.columns()
	if err != nil {
		return WrongUsage, err
	}
	out, err := s.output(columns)
	if err != nil {
		return WrongUsage, err
	}
	printed, any := out.(*printer)
	if any && !rows.Limited() {
		err = query.InOrder(rows.Places(), s.renderer(rows, printed.format, columns), printed.write)
		any = printed.started
	} else {
		any = false
		for row, key := range rows.All() {
			if any, err = true, out.add(row, key); err != nil {
				break
			}
		}
	}
	if err == nil {
		err = out.end(s.criteria.Query())
	}
	return s.Matched(any), err
}

// renderer returns a function that appends the text of the rows at the places [from, to).
func (s *Session) renderer(rows *query.Selection, form format, columns []column) func([]byte, int, int) []byte {
	whole := rows.Whole()
	if whole && form.ending != nil && (s.Index.Plain || s.options.null) {
		return func(buffer []byte, from, to int) []byte { return s.Index.AppendKeys(buffer, from, to, *form.ending) }
	}
	return func(buffer []byte, from, to int) []byte {
		row := form.row
		if whole {
			row = s.format(near(columns, from, to)).row
		}
		for at, key := range rows.Between(from, to) {
			buffer = row(append(buffer, form.between...), at, key)
		}
		return buffer
	}
}

// printer is the output of all formats but parquet.
type printer struct {
	format
	out     *bufio.Writer
	buffer  []byte
	started bool
}

func (p *printer) add(row int, key []byte) error {
	p.buffer = p.row(append(p.buffer[:0], p.between...), row, key)
	return p.write(p.buffer)
}

// write prints rendered rows, after the head if they are the first.
func (p *printer) write(lines []byte) error {
	if !p.started {
		p.started = true
		lines = lines[len(p.between):]
		if _, err := p.out.WriteString(p.head); err != nil {
			return err
		}
	}
	_, err := p.out.Write(lines)
	return err
}

func (p *printer) end(query bool) error {
	last := p.tail
	if !p.started {
		last = p.empty
		if query {
			last = ""
		}
	}
	_, err := p.out.WriteString(last)
	return err
}

// format returns the format that the flags select.
func (s *Session) format(columns []column) format {
	isPath := func(one column) bool { return one.Name == query.Path.Name && one.Part != nil }
	switch o := s.options; {
	case o.null:
		return s.keysOnly(func(buffer, key []byte) []byte { return append(buffer, key...) }, 0)
	case o.format == "json":
		return format{head: "[\n", tail: "\n]\n", empty: "[]\n", between: ",\n", row: jsonRow(columns, (*index.Field).AppendStrictJSON)}
	case o.format == "jsonl":
		row := jsonRow(columns, (*index.Field).AppendStrictJSON)
		return format{row: func(buffer []byte, at int, key []byte) []byte { return append(row(buffer, at, key), '\n') }}
	case o.format == "csv":
		return s.table(columns, ',')
	case o.format == "tsv":
		return s.table(columns, '\t')
	case o.ls:
		return s.keysOnly(s.Index.AppendShown, '\n')
	case s.criteria.Searching && !s.Given("fields"):
		return format{row: valueLine(s.criteria.Metric)}
	}
	head, between := "", " "
	if metric := s.criteria.Metric; metric != nil && !s.criteria.Searching {
		head, between = "Order by "+metric.Name+"\n", ": "
	}
	others := slices.DeleteFunc(slices.Clone(columns), isPath)
	return format{head: head, empty: head, row: s.recordLine(others, len(others) < len(columns), between)}
}

// keysOnly returns the format of keys without values.
func (s *Session) keysOnly(shown func(buffer, key []byte) []byte, ending byte) format {
	row := func(buffer []byte, _ int, key []byte) []byte { return append(shown(buffer, key), ending) }
	return format{row: row, ending: &ending}
}

// valueLine returns a function that appends a key and the value of the metric.
func valueLine(metric *index.Field) func([]byte, int, []byte) []byte {
	value := column{Column: query.Column{Field: metric}}
	return func(buffer []byte, row int, key []byte) []byte {
		return append(value.appendShown(append(index.AppendShown(buffer, key), ' '), row, key), '\n')
	}
}

// recordLine returns a function that appends a key, `between`, and the columns as JSON in the format of Python's json.dumps. The
// key and an object without any column are left out.
func (s *Session) recordLine(columns []column, withKey bool, between string) func([]byte, int, []byte) []byte {
	record := jsonRow(columns, (*index.Field).AppendJSON)
	keyOnly := s.Given("fields") && len(columns) == 0
	return func(buffer []byte, row int, key []byte) []byte {
		if withKey {
			buffer = s.Index.AppendShown(buffer, key)
			if keyOnly {
				return append(buffer, '\n')
			}
			buffer = append(buffer, between...)
		}
		return append(record(buffer, row, key), '\n')
	}
}

// valueAs appends the value of a row as JSON.
type valueAs func(field *index.Field, buffer []byte, row int) []byte

// jsonRow returns a function that appends the columns of a row as a JSON object.
func jsonRow(columns []column, value valueAs) func([]byte, int, []byte) []byte {
	names := make([][]byte, len(columns))
	for i := range columns {
		names[i] = append(index.AppendString(nil, []byte(columns[i].Name)), ": "...)
	}
	return func(buffer []byte, row int, key []byte) []byte {
		buffer = append(buffer, '{')
		before := ""
		for i := range columns {
			field := columns[i].Field
			if field != nil && field.Missing(row) && !columns[i].whole && !field.Null(row) {
				continue
			}
			buffer = append(append(buffer, before...), names[i]...)
			before = ", "
			switch {
			case field != nil:
				buffer = value(field, buffer, row)
			case columns[i].Part != nil:
				buffer = index.AppendString(buffer, columns[i].Part(key))
			default:
				buffer = index.AppendInteger(buffer, int64(columns[i].group.Count))
			}
		}
		return append(buffer, '}')
	}
}

// table returns the format of RFC 4180 with the given separator, except that lines end with LF.
func (s *Session) table(columns []column, comma byte) format {
	var head []byte
	for i := range columns {
		if i > 0 {
			head = append(head, comma)
		}
		head = appendCell(head, s.guarded([]byte(columns[i].Name)), comma)
	}
	head = append(head, '\n')
	var row = func(buffer []byte, row int, key []byte) []byte {
		for i := range columns {
			if i > 0 {
				buffer = append(buffer, comma)
			}
			buffer = s.appendCell(buffer, &columns[i], row, key, comma)
		}
		if len(columns) == 1 && columns[0].missing(row) {
			buffer = append(buffer, `""`...) // Readers skip an empty line.
		}
		return append(buffer, '\n')
	}
	return format{head: string(head), empty: string(head), row: row}
}
