// The descriptions in a file, in Thrift's compact protocol: https://parquet.apache.org/docs/file-format/metadata/.

package parquet

import "encoding/binary"

// Numbers of the format.
const (
	dataPage, dictionaryPage                         = 0, 2
	encodingPlain, encodingRuns, encodingDictionary  = 0, 3, 8
	physicalBoolean, physicalInt64, physicalDouble   = 0, 2, 5
	physicalBytes, convertedText, convertedJSON      = 6, 0, 19
	logicalText, logicalJSON, required, optional     = 1, 12, 0, 1
	kindI32, kindI64, kindText, kindList, kindStruct = 5, 6, 8, 9, 12
)

var physical = map[Type]int64{
	Integer: physicalInt64, Float: physicalDouble, Boolean: physicalBoolean, Text: physicalBytes, JSON: physicalBytes,
}

// thrift is an encoded struct; `last` contains the number of the last field of the struct and of each enclosing struct.
type thrift struct {
	data []byte
	last []int
}

// field begins a field of the current struct.
func (t *thrift) field(number, kind int) {
	at := len(t.last) - 1
	t.data = append(t.data, byte((number-t.last[at])<<4|kind))
	t.last[at] = number
}

func (t *thrift) begin() { t.last = append(t.last, 0) }

func (t *thrift) end() {
	t.data = append(t.data, 0)
	t.last = t.last[:len(t.last)-1]
}

// number writes a signed integer.
func (t *thrift) number(value int64) { t.data = binary.AppendVarint(t.data, value) }

func (t *thrift) text(value string) {
	t.data = append(binary.AppendUvarint(t.data, uint64(len(value))), value...)
}

func (t *thrift) i32(number int, value int64) {
	t.field(number, kindI32)
	t.number(value)
}

func (t *thrift) i64(number int, value int64) {
	t.field(number, kindI64)
	t.number(value)
}

// list begins a list, whose elements follow.
func (t *thrift) list(number, kind, size int) {
	t.field(number, kindList)
	if size < 15 {
		t.data = append(t.data, byte(size<<4|kind))
		return
	}
	t.data = binary.AppendUvarint(append(t.data, byte(0xf0|kind)), uint64(size))
}

// inner begins a struct in a field.
func (t *thrift) inner(number int) {
	t.field(number, kindStruct)
	t.begin()
}

// pageHeader returns the description of a page of `size` bytes.
func pageHeader(page, values, encoding, size int) []byte {
	t := &thrift{}
	t.begin()
	t.i32(1, int64(page))
	t.i32(2, int64(size))
	t.i32(3, int64(size))
	if page == dictionaryPage {
		t.inner(7)
	} else {
		t.inner(5)
	}
	t.i32(1, int64(values))
	t.i32(2, int64(encoding))
	if page == dataPage {
		t.i32(3, encodingRuns)
		t.i32(4, encodingRuns)
	}
	t.end()
	t.end()
	return t.data
}

// footer returns the description of the file.
func (w *Writer) footer() []byte {
	t := &thrift{}
	t.begin()
	t.i32(1, 1)
	t.list(2, kindStruct, len(w.columns)+1)
	t.begin()
	t.field(4, kindText)
	t.text("schema")
	t.i32(5, int64(len(w.columns)))
	t.end()
	for _, c := range w.columns {
		c.schema(t)
	}
	t.i64(3, w.total)
	t.list(4, kindStruct, len(w.groups))
	for _, group := range w.groups {
		w.describe(t, group)
	}
	t.field(6, kindText)
	t.text("datacontainer")
	t.end()
	return t.data
}

// schema writes the description of a column.
func (c *column) schema(t *thrift) {
	t.begin()
	t.i32(1, physical[c.Type])
	if c.Optional {
		t.i32(3, optional)
	} else {
		t.i32(3, required)
	}
	t.field(4, kindText)
	t.text(c.Name)
	switch {
	case c.Type == JSON:
		t.annotate(convertedJSON, logicalJSON)
	case c.Type == Text && c.utf8:
		t.annotate(convertedText, logicalText)
	}
	t.end()
}

// annotate writes the meaning of bytes, for readers of both versions of the format.
func (t *thrift) annotate(converted int64, logical int) {
	t.i32(6, converted)
	t.inner(10)
	t.inner(logical)
	t.end()
	t.end()
}

// describe writes the description of a row group.
func (w *Writer) describe(t *thrift, group rowGroup) {
	t.begin()
	t.list(1, kindStruct, len(group.chunks))
	for at, one := range group.chunks {
		t.begin()
		t.i64(2, 0)
		t.inner(3)
		w.columns[at].describe(t, one)
		t.end()
		t.end()
	}
	t.i64(2, group.size)
	t.i64(3, group.rows)
	t.end()
}

// describe writes the description of a written column of a row group.
func (c *column) describe(t *thrift, written chunk) {
	t.i32(1, physical[c.Type])
	encodings := []int64{encodingPlain, encodingRuns}
	if written.coded {
		encodings = append(encodings, encodingDictionary)
	}
	t.list(2, kindI32, len(encodings))
	for _, one := range encodings {
		t.number(one)
	}
	t.list(3, kindText, 1)
	t.text(c.Name)
	t.i32(4, 0)
	t.i64(5, int64(written.values))
	t.i64(6, written.size)
	t.i64(7, written.size)
	t.i64(9, written.data)
	if written.coded {
		t.i64(11, written.start)
	}
}
