// -format parquet.

package cli

import (
	"entrypoint/index"
	"entrypoint/parquet"
	"entrypoint/progress"
)

// parquetOutput is the output of rows as a Parquet file.
type parquetOutput struct {
	*parquet.Writer
	columns []column
	started bool
	buffer  []byte
}

var parquetTypes = map[index.Type]parquet.Type{
	index.Integer: parquet.Integer, index.Float: parquet.Float, index.Boolean: parquet.Boolean, index.Text: parquet.Text,
	index.JSON: parquet.JSON, index.Digest: parquet.Text,
}

// parquet returns the output of the columns as a Parquet file.
func (s *Session) parquet(columns []column) (output, error) {
	if progress.IsTerminal(s.Stdout) {
		return nil, Usagef("-format parquet prints bytes that a terminal cannot show: redirect them to a file, as in > rows.parquet")
	}
	var described []parquet.Column
	for _, one := range columns {
		kind := parquetTypes[one.Type()]
		if one.group != nil {
			kind = parquet.Integer
		}
		optional := one.Field != nil && one.Field.Values() < s.Index.Rows
		described = append(described, parquet.Column{Name: one.Name, Type: kind, Optional: optional})
	}
	return &parquetOutput{Writer: parquet.NewWriter(s.Out, described), columns: columns}, nil
}

func (p *parquetOutput) add(row int, key []byte) error {
	p.started = true
	for i := range p.columns {
		p.addValue(i, row, key)
	}
	return p.EndRow()
}

// addValue adds the value of a column to the row.
func (p *parquetOutput) addValue(at, row int, key []byte) {
	switch one := &p.columns[at]; {
	case one.group != nil:
		p.Integer(at, int64(one.group.Count))
	case one.Part != nil:
		p.Bytes(at, one.Part(key))
	case one.missing(row):
		p.Missing(at)
	case one.Field.Type == index.Integer:
		p.Integer(at, one.Field.Integer(row))
	case one.Field.Type == index.Float:
		p.Float(at, one.Field.Float(row))
	case one.Field.Type == index.Boolean:
		p.Boolean(at, one.Field.Boolean(row))
	case one.Field.Type == index.Text:
		p.Bytes(at, one.Field.Bytes(row))
	case one.Field.Type == index.JSON:
		p.buffer = one.Field.AppendStrictJSON(p.buffer[:0], row)
		p.Bytes(at, p.buffer)
	default:
		p.buffer = one.Field.AppendText(p.buffer[:0], row)
		p.Bytes(at, p.buffer)
	}
}

func (p *parquetOutput) end(query bool) error {
	if query && !p.started {
		return nil
	}
	return p.Close()
}
