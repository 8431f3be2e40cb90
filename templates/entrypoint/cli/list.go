// The listing of rows in all formats.

package cli

import (
	"fmt"

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

// list prints the rows. If a query matches no row, it prints nothing.
func (s *Session) list(rows *query.Selection) (int, error) {
	if s.Index.Rows == 0 && s.options.format == "text" {
		fmt.Fprintf(s.Messages, "%s %s contains no files\n", s.Facts.Name, s.Facts.Version)
	}
	p := &printer{Session: s, format: s.format()}
	var err error
	if rows.Limited() {
		err = p.sequential(rows)
	} else {
		err = query.InOrder(rows.Places(), s.renderer(rows, p.format), p.write)
	}
	if err == nil {
		err = p.end(s.criteria.Query())
	}
	return s.Matched(p.started), err
}

// renderer returns a function that appends the text of the rows at the places [from, to).
func (s *Session) renderer(rows *query.Selection, form format) func([]byte, int, int) []byte {
	whole := rows.Whole()
	if whole && form.ending != nil && (s.Index.Plain || s.options.null) {
		return func(buffer []byte, from, to int) []byte { return s.Index.AppendKeys(buffer, from, to, *form.ending) }
	}
	return func(buffer []byte, from, to int) []byte {
		row := form.row
		if whole {
			row = s.within(from, to).format().row
		}
		for at, key := range rows.Between(from, to) {
			buffer = row(append(buffer, form.between...), at, key)
		}
		return buffer
	}
}

// within returns a copy of the session for the rows [from, to) only, with faster access to their values.
func (s *Session) within(from, to int) *Session {
	part, ix := *s, *s.Index
	ix.Fields = nil
	for _, field := range s.Index.Fields {
		ix.Fields = append(ix.Fields, field.Between(from, to))
	}
	part.Index = &ix
	return &part
}

type printer struct {
	*Session
	format
	started bool
}

// sequential prints row by row, and so stops at the limit of the selection.
func (p *printer) sequential(rows *query.Selection) error {
	var buffer []byte
	for row, key := range rows.All() {
		if err := p.write(p.row(append(buffer[:0], p.between...), row, key)); err != nil {
			return err
		}
	}
	return nil
}

// write prints rendered rows, after the head if they are the first.
func (p *printer) write(lines []byte) error {
	if !p.started {
		p.started = true
		lines = lines[len(p.between):]
		if _, err := p.Out.WriteString(p.head); err != nil {
			return err
		}
	}
	_, err := p.Out.Write(lines)
	return err
}

// end prints the text after the rows. A query without a match prints nothing.
func (p *printer) end(query bool) error {
	last := p.tail
	if !p.started {
		last = p.empty
		if query {
			last = ""
		}
	}
	_, err := p.Out.WriteString(last)
	return err
}

// format returns the format that the flags select.
func (s *Session) format() format {
	switch o := s.options; {
	case o.null:
		return s.keysOnly(func(buffer, key []byte) []byte { return append(buffer, key...) }, 0)
	case o.format == "json":
		return format{head: "[\n", tail: "\n]\n", empty: "[]\n", between: ",\n", row: s.jsonRow()}
	case o.format == "jsonl":
		row := s.jsonRow()
		return format{row: func(buffer []byte, at int, key []byte) []byte { return append(row(buffer, at, key), '\n') }}
	case o.format == "csv":
		return s.table(',')
	case o.format == "tsv":
		return s.table('\t')
	case o.ls:
		return s.keysOnly(s.Index.AppendShown, '\n')
	case s.criteria.Searching:
		return format{row: valueLine(s.criteria.Metric)}
	case s.criteria.Metric != nil:
		head := "Order by " + s.criteria.Metric.Name + "\n"
		return format{head: head, empty: head, row: s.recordLine(": ")}
	}
	return format{row: s.recordLine(" ")}
}

// keysOnly returns the format of keys without values.
func (s *Session) keysOnly(shown func(buffer, key []byte) []byte, ending byte) format {
	row := func(buffer []byte, _ int, key []byte) []byte { return append(shown(buffer, key), ending) }
	return format{row: row, ending: &ending}
}

// valueLine returns a function that appends a key and the value of the metric.
func valueLine(metric *index.Field) func([]byte, int, []byte) []byte {
	return func(buffer []byte, row int, key []byte) []byte {
		buffer = append(index.AppendShown(buffer, key), ' ')
		if metric.Type == index.Text && !metric.Missing(row) {
			return append(index.AppendShown(buffer, metric.Bytes(row)), '\n')
		}
		return append(metric.AppendText(buffer, row), '\n')
	}
}

// recordLine returns a function that appends a key, `between`, and the record in the format of Python's json.dumps.
func (s *Session) recordLine(between string) func([]byte, int, []byte) []byte {
	record := s.record(s.Index.Fields, (*index.Field).AppendJSON)
	return func(buffer []byte, row int, key []byte) []byte {
		buffer = append(append(s.Index.AppendShown(buffer, key), between...), '{')
		return append(record(buffer, row, ""), '}', '\n')
	}
}

// valueAs appends the value of a row as text or JSON.
type valueAs func(field *index.Field, buffer []byte, row int) []byte

// record returns a function that appends the members of the JSON object of a row, with `before` in front of the first.
func (s *Session) record(fields []*index.Field, value valueAs) func(buffer []byte, row int, before string) []byte {
	names := make([][]byte, len(fields))
	for i, field := range fields {
		names[i] = append(index.AppendString(nil, []byte(field.Name)), ": "...)
	}
	return func(buffer []byte, row int, before string) []byte {
		for i, field := range fields {
			if field.Missing(row) && !field.Null(row) {
				continue
			}
			buffer = append(append(buffer, before...), names[i]...)
			buffer = value(field, buffer, row)
			before = ", "
		}
		return buffer
	}
}

// shownFields returns the fields that JSON and tables contain.
func (s *Session) shownFields() []*index.Field {
	switch {
	case s.options.ls:
		return nil
	case s.criteria.Searching:
		return []*index.Field{s.criteria.Metric}
	}
	return s.Index.Fields
}

func (s *Session) jsonRow() func([]byte, int, []byte) []byte {
	record := s.record(s.shownFields(), (*index.Field).AppendStrictJSON)
	return func(buffer []byte, row int, key []byte) []byte {
		buffer = index.AppendString(append(buffer, `{"path": `...), key)
		return append(record(buffer, row, ", "), '}')
	}
}

// table returns the format of RFC 4180 with the given separator, except that lines end with LF.
func (s *Session) table(comma byte) format {
	fields := s.shownFields()
	head := appendCell(nil, []byte("path"), comma)
	for _, field := range fields {
		head = appendCell(append(head, comma), s.guarded([]byte(field.Name)), comma)
	}
	head = append(head, '\n')
	var row = func(buffer []byte, row int, key []byte) []byte {
		buffer = appendCell(buffer, key, comma)
		for _, field := range fields {
			buffer = append(buffer, comma)
			if !field.Missing(row) {
				buffer = s.appendValue(buffer, field, row, comma)
			}
		}
		return append(buffer, '\n')
	}
	return format{head: string(head), empty: string(head), row: row}
}
