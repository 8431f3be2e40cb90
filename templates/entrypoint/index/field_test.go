// Tests of fields: values of all types, and their sort order.

package index_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

// singleField returns the only field of an index with these values, one per row; nil is a missing value.
func singleField(t *testing.T, field indextest.Field, values ...any) *index.Field {
	t.Helper()
	field.Name = "f"
	var rows []indextest.Row
	for i, value := range values {
		rows = append(rows, indextest.Row{Path: fmt.Sprintf("%04d", i), Values: map[string]any{"f": value}})
	}
	ix := opened(t, indextest.Build("/data", []indextest.Field{field}, rows))
	if len(ix.Fields) != 1 || ix.Field("f") != ix.Fields[0] || ix.Field("g") != nil {
		t.Fatalf("the fields are %v", ix.Fields)
	}
	return ix.Fields[0]
}

// texts returns the results of AppendText and AppendJSON for all rows.
func texts(f *index.Field, rows int) (found, quoted []string) {
	for row := range rows {
		found = append(found, string(f.AppendText([]byte("x"), row)[1:]))
		quoted = append(quoted, string(f.AppendJSON([]byte("x"), row)[1:]))
	}
	return found, quoted
}

// order returns the rows in the sort order of the field.
func order(f *index.Field, rows int) []int {
	var found []int
	for place := range rows {
		found = append(found, f.At(place))
	}
	return found
}

// requireEqual fails the test if the slices differ.
func requireEqual[T comparable](t *testing.T, name string, found, wanted []T) {
	t.Helper()
	if !slices.Equal(found, wanted) {
		t.Errorf("%s: found %v, wanted %v", name, found, wanted)
	}
}

func TestIntegerExtremeValuesAreReadUnchanged(t *testing.T) {
	for _, values := range [][]int64{
		{math.MinInt64, math.MaxInt64, 0, -1, 1},
		{math.MaxInt64, math.MaxInt64 - 255, math.MaxInt64 - 256},
		{math.MinInt64, math.MinInt64 + 1<<24},
		{-5}, {0, 0}, {7, 7 + 1<<40}, {0, 1<<48 - 1}, {0, 1 << 48}, {0, 1<<16 - 1}, {-1, 1<<56 - 2},
	} {
		var written []any
		for _, value := range values {
			written = append(written, value)
		}
		f := singleField(t, indextest.Field{Kind: indextest.Integer}, written...)
		for row, value := range values {
			if found := f.Integer(row); found != value {
				t.Errorf("row %d of %v is %d", row, values, found)
			}
			if found := string(f.AppendText(nil, row)); found != fmt.Sprint(value) {
				t.Errorf("row %d of %v is printed as %s", row, values, found)
			}
		}
	}
}

func TestIntegerMissingValueSortsLast(t *testing.T) {
	f := singleField(t, indextest.Field{Kind: indextest.Integer}, 9, indextest.Null, -3, nil, 9, 0, -3, -4, 8)
	found, quoted := texts(f, 9)
	requireEqual(t, "text", found, []string{"9", "", "-3", "", "9", "0", "-3", "-4", "8"})
	requireEqual(t, "JSON", quoted, []string{"9", "null", "-3", "null", "9", "0", "-3", "-4", "8"})
	requireEqual(t, "order", order(f, 9), []int{7, 2, 6, 5, 8, 0, 4, 1, 3})
	if f.Values() != 7 || !f.Missing(1) || f.Missing(0) || f.Type != index.Integer {
		t.Errorf("%d values, row 1 missing %t, row 0 missing %t", f.Values(), f.Missing(1), f.Missing(0))
	}
	if f.Null(0) || !f.Null(1) || f.Null(3) {
		t.Errorf("null in row 0 %t, row 1 %t, row 3 %t", f.Null(0), f.Null(1), f.Null(3))
	}
}

func TestFieldWithoutValuesReturnsMissing(t *testing.T) {
	for kind := indextest.Integer; kind <= indextest.Digest; kind++ {
		for _, dictionary := range []bool{false, true} {
			f := singleField(t, indextest.Field{Kind: kind, Bytes: 4, NullShown: true, Dictionary: dictionary}, nil, nil)
			found, quoted := texts(f, 2)
			requireEqual(t, "text", found, []string{"", ""})
			requireEqual(t, "JSON", quoted, []string{"null", "null"})
			requireEqual(t, "order", order(f, 2), []int{0, 1})
			if f.Values() != 0 || !f.Null(1) || f.Type != index.Type(kind) {
				t.Errorf("kind %d: %d values, null %t, type %s", kind, f.Values(), f.Null(1), f.Type)
			}
		}
	}
}

func TestFloatNaNSortsAfterAllValues(t *testing.T) {
	zero := math.Copysign(0, -1)
	f := singleField(t, indextest.Field{Kind: indextest.Float}, math.NaN(), 1.5, zero, math.Inf(1), 0.0, nil, -5e-324, math.Inf(-1))
	found, _ := texts(f, 8)
	requireEqual(t, "text", found, []string{"NaN", "1.5", "-0.0", "Infinity", "0.0", "", "-5e-324", "-Infinity"})
	requireEqual(t, "order", order(f, 8), []int{7, 6, 2, 4, 1, 3, 0, 5})
	if f.Compare(2, 4) != 0 || f.Compare(0, 3) != 1 || f.Compare(3, 0) != -1 || f.Compare(0, 0) != 0 {
		t.Error("-0.0 and 0.0, or NaN and infinity, are compared incorrectly")
	}
}

func TestBooleanFalseSortsFirst(t *testing.T) {
	f := singleField(t, indextest.Field{Kind: indextest.Boolean}, true, false, nil, true, false)
	found, quoted := texts(f, 5)
	requireEqual(t, "text", found, []string{"true", "false", "", "true", "false"})
	requireEqual(t, "JSON", quoted, []string{"true", "false", "null", "true", "false"})
	requireEqual(t, "order", order(f, 5), []int{1, 4, 0, 3, 2})
	if !f.Boolean(0) || f.Boolean(1) || f.Compare(0, 1) != 1 || f.Compare(1, 4) != 0 {
		t.Error("booleans are compared incorrectly")
	}
}

func TestTextWithAndWithoutDictionaryIsReadUnchanged(t *testing.T) {
	long := strings.Repeat("é", 70000)
	for _, dictionary := range []bool{false, true} {
		field := indextest.Field{Kind: indextest.Text, Dictionary: dictionary}
		f := singleField(t, field, "b", "", nil, "a\"\n", "b", "\xff", long, "a")
		found, quoted := texts(f, 8)
		requireEqual(t, "text", found, []string{"b", "", "", "a\"\n", "b", "\xff", long, "a"})
		requireEqual(t, "JSON", quoted[:6], []string{`"b"`, `""`, "null", `"a\"\n"`, `"b"`, `"\udcff"`})
		requireEqual(t, "order", order(f, 8), []int{1, 7, 3, 0, 4, 6, 5, 2})
		if f.Compare(0, 4) != 0 || f.Compare(0, 3) != 1 || f.Compare(3, 5) != -1 {
			t.Errorf("texts are compared incorrectly, dictionary %t", dictionary)
		}
	}
}

func TestJSONIsPrintedUnchanged(t *testing.T) {
	for _, dictionary := range []bool{false, true} {
		f := singleField(t, indextest.Field{Kind: indextest.JSON, Dictionary: dictionary}, `{"a": [1, null]}`, nil, `"x"`)
		found, quoted := texts(f, 3)
		requireEqual(t, "text", found, []string{`{"a": [1, null]}`, "", `"x"`})
		requireEqual(t, "JSON", quoted, []string{`{"a": [1, null]}`, "null", `"x"`})
	}
}

func TestDigestIsPrintedAsHex(t *testing.T) {
	for _, width := range []int{4, 16, 20, 32, 64} {
		high, low := make([]byte, width), make([]byte, width)
		high[0], low[width-1] = 0xfe, 0x0a
		f := singleField(t, indextest.Field{Kind: indextest.Digest, Bytes: width}, high, nil, low)
		found, quoted := texts(f, 3)
		requireEqual(t, "text", found, []string{fmt.Sprintf("%x", high), "", fmt.Sprintf("%x", low)})
		requireEqual(t, "JSON", quoted, []string{fmt.Sprintf("%q", found[0]), "null", fmt.Sprintf("%q", found[2])})
		requireEqual(t, "order", order(f, 3), []int{2, 0, 1})
		requireEqual(t, "bytes", f.Bytes(0), high)
	}
}

func TestRunStartReturnsFirstPlaceOfEqualValues(t *testing.T) {
	for _, runs := range [][]int{{1}, {5}, {1, 1, 1}, {3, 1, 4}, {1, 100, 1}, {64, 63, 65}, {2, 17, 1, 9}} {
		var values []any
		var starts []int
		for value, length := range runs {
			start := len(values)
			for range length {
				values, starts = append(values, value), append(starts, start)
			}
		}
		f := singleField(t, indextest.Field{Kind: indextest.Integer}, values...)
		for place, start := range starts {
			if found := f.RunStart(place); found != start {
				t.Errorf("runs %v: the run of place %d starts at %d, not %d", runs, place, found, start)
			}
		}
	}
}

func TestFieldUnusualNamesAreFound(t *testing.T) {
	fields := []indextest.Field{}
	for _, name := range []string{"size", "", "a b", "é\n", strings.Repeat("n", 65535)} {
		fields = append(fields, indextest.Field{Name: name, Kind: indextest.Boolean})
	}
	ix := opened(t, indextest.Build("/m", fields, nil))
	for i, field := range fields {
		if ix.Field(field.Name) != ix.Fields[i] || ix.Fields[i].Name != field.Name {
			t.Errorf("field %d is %.40q", i, ix.Fields[i].Name)
		}
	}
}
