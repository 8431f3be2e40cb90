// Package parquet writes rows as an uncompressed Parquet file, with bounded memory.
package parquet

import (
	"encoding/binary"
	"io"
	"math"
)

// Type is the type of the values of a column.
type Type int

// The types.
const (
	Integer Type = iota
	Float
	Boolean
	Text // UTF-8, or bytes if some text is not UTF-8
	JSON
)

// Column describes a column; Optional permits missing values.
type Column struct {
	Name     string
	Type     Type
	Optional bool
}

// The limits of a row group.
const (
	mostRows  = 1 << 15
	mostBytes = 1 << 23
)

const magic = "PAR1"

// Writer writes a file. For each row, add one value to each column, and call EndRow.
type Writer struct {
	out     io.Writer
	offset  int64
	columns []*column
	size    int // of the values of the current row group
	rows    int // of the current row group
	total   int64
	groups  []rowGroup
	err     error
}

// rowGroup is a row group that is written.
type rowGroup struct {
	rows, size int64
	chunks     []chunk
}

// NewWriter returns a writer of a file with these columns, which writes nothing before EndRow or Close. They return an error of `out`.
func NewWriter(out io.Writer, columns []Column) *Writer {
	w := &Writer{out: out}
	for _, one := range columns {
		w.columns = append(w.columns, newColumn(one))
	}
	return w
}

// Missing adds a missing value to a column.
func (w *Writer) Missing(at int) { w.columns[at].level(false) }

// Integer adds a value to a column of integers.
func (w *Writer) Integer(at int, value int64) { w.fixed(at, uint64(value)) }

// Float adds a value to a column of floats.
func (w *Writer) Float(at int, value float64) { w.fixed(at, math.Float64bits(value)) }

func (w *Writer) fixed(at int, bits uint64) {
	c := w.columns[at]
	c.level(true)
	c.plain = binary.LittleEndian.AppendUint64(c.plain, bits)
	w.size += 8
}

// Boolean adds a value to a column of booleans.
func (w *Writer) Boolean(at int, value bool) {
	c := w.columns[at]
	c.level(true)
	c.numbers = append(c.numbers, bit(value))
}

// Bytes adds a value to a column of texts or JSON.
func (w *Writer) Bytes(at int, value []byte) {
	w.columns[at].level(true)
	w.size += w.columns[at].add(value)
}

// EndRow ends a row, and writes the row group if it is large enough.
func (w *Writer) EndRow() error {
	if w.rows++; w.rows == mostRows || w.size >= mostBytes {
		w.flush()
	}
	return w.err
}

// Close writes the rest of the file. It does not close the output.
func (w *Writer) Close() error {
	w.flush()
	footer := w.footer()
	w.write(footer)
	w.write(binary.LittleEndian.AppendUint32(nil, uint32(len(footer))))
	w.write([]byte(magic))
	return w.err
}

// flush writes the current row group.
func (w *Writer) flush() {
	if w.offset == 0 {
		w.write([]byte(magic))
	}
	if w.rows == 0 {
		return
	}
	start := w.offset
	group := rowGroup{rows: int64(w.rows)}
	for _, c := range w.columns {
		group.chunks = append(group.chunks, c.flush(w))
	}
	group.size = w.offset - start
	w.groups = append(w.groups, group)
	w.total += group.rows
	w.rows, w.size = 0, 0
}

// write writes bytes unless an earlier write failed.
func (w *Writer) write(data []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(data)
	}
	w.offset += int64(len(data))
}
