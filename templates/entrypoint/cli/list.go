// The listing of rows, in all its formats.

package cli

import (
	"fmt"

	"entrypoint/index"
	"entrypoint/query"
)

// format says how rows are printed: what stands before them, each of them, and behind them.
type format struct {
	head, tail string
	empty      string // all that is printed for no rows
	between    string // begins every row; the first one has the head instead
	row        func(buffer []byte, row int, key []byte) []byte
	ending     *byte // what ends a row that is nothing but its key
}

// list is what is done without any command.
var list = Command{
	Run: func(s *Session) (int, error) {
		rows, err := s.Rows()
		if err != nil {
			return WrongUsage, err
		}
		return s.list(rows)
	},
}

// list prints the rows. Where nothing matches, nothing is printed.
func (s *Session) list(rows *query.Selection) (int, error) {
	if s.Index.Rows == 0 && s.options.format == "text" {
		fmt.Fprintf(s.Messages, "%s %s holds no files\n", s.Facts.Name, s.Facts.Version)
	}
	p := &printer{Session: s, format: s.format()}
	var err error
	if rows.Limited() {
		err = p.sequential(rows)
	} else {
		err = query.InOrder(rows.Places(), s.pieces(rows, p.format), p.write)
	}
	if err == nil {
		err = p.end(s.criteria.Query())
	}
	return s.Matched(p.started), err
}

// pieces gives what prints the rows at the places from one up to another.
func (s *Session) pieces(rows *query.Selection, form format) func([]byte, int, int) []byte {
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

// within gives the same session for the rows from `from` up to `to`, whose values come faster.
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

// sequential stops early where the walk does.
func (p *printer) sequential(rows *query.Selection) error {
	var buffer []byte
	for row, key := range rows.All() {
		if err := p.write(p.row(append(buffer[:0], p.between...), row, key)); err != nil {
			return err
		}
	}
	return nil
}

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

// format chooses how rows are printed.
func (s *Session) format() format {
	switch o := s.options; {
	case o.null:
		return s.names(func(buffer, key []byte) []byte { return append(buffer, key...) }, 0)
	case o.format == "json":
		return format{head: "[\n", tail: "\n]\n", empty: "[]\n", between: ",\n", row: s.jsonRow()}
	case o.format == "jsonl":
		row := s.jsonRow()
		return format{row: func(buffer []byte, at int, key []byte) []byte { return append(row(buffer, at, key), '\n') }}
	case o.format == "csv":
		return s.separated(',')
	case o.format == "tsv":
		return s.separated('\t')
	case o.ls:
		return s.names(s.Index.AppendShown, '\n')
	case s.criteria.Searching:
		return format{row: valueLine(s.criteria.Metric)}
	case s.criteria.Metric != nil:
		head := "Order by " + s.criteria.Metric.Name + "\n"
		return format{head: head, empty: head, row: s.recordLine(": ")}
	}
	return format{row: s.recordLine(" ")}
}

// names prints keys alone.
func (s *Session) names(shown func(buffer, key []byte) []byte, ending byte) format {
	row := func(buffer []byte, _ int, key []byte) []byte { return append(shown(buffer, key), ending) }
	return format{row: row, ending: &ending}
}

func valueLine(metric *index.Field) func([]byte, int, []byte) []byte {
	return func(buffer []byte, row int, key []byte) []byte {
		buffer = append(index.AppendShown(buffer, key), ' ')
		return append(metric.AppendText(buffer, row), '\n')
	}
}

// recordLine prints a key, `between`, and the record as Python's json.dumps does.
func (s *Session) recordLine(between string) func([]byte, int, []byte) []byte {
	record := s.record(s.Index.Fields, (*index.Field).AppendJSON)
	return func(buffer []byte, row int, key []byte) []byte {
		buffer = append(append(s.Index.AppendShown(buffer, key), between...), '{')
		return append(record(buffer, row, ""), '}', '\n')
	}
}

// valueAs appends a row's value in one of the forms that the index has.
type valueAs func(field *index.Field, buffer []byte, row int) []byte

// record appends the members of a row's record, the first of them behind `before`.
func (s *Session) record(fields []*index.Field, value valueAs) func(buffer []byte, row int, before string) []byte {
	names := make([][]byte, len(fields))
	for i, field := range fields {
		names[i] = append(index.AppendString(nil, []byte(field.Name)), ": "...)
	}
	return func(buffer []byte, row int, before string) []byte {
		for i, field := range fields {
			if field.Missing(row) && !field.NullShown {
				continue
			}
			buffer = append(append(buffer, before...), names[i]...)
			buffer = value(field, buffer, row)
			before = ", "
		}
		return buffer
	}
}

// shownFields are those that a format with columns or names prints.
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

// separated gives lines of columns as RFC 4180 has them, but for the line's end.
func (s *Session) separated(comma byte) format {
	fields := s.shownFields()
	head := appendCell(nil, []byte("path"), comma)
	for _, field := range fields {
		head = appendCell(append(head, comma), []byte(field.Name), comma)
	}
	head = append(head, '\n')
	var row = func(buffer []byte, row int, key []byte) []byte {
		buffer = appendCell(buffer, key, comma)
		for _, field := range fields {
			buffer = append(buffer, comma)
			if !field.Missing(row) {
				buffer = appendValue(buffer, field, row, comma)
			}
		}
		return append(buffer, '\n')
	}
	return format{head: string(head), empty: string(head), row: row}
}
