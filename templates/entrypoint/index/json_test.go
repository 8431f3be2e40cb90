// Tests with golden values from Python 3.11: json.dumps(value) for floats, json.dumps(os.fsdecode(bytes)) for texts.

package index_test

import (
	"math"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

func TestAppendFloatReturnsSameAsJSONDumps(t *testing.T) {
	for _, golden := range []struct {
		value float64
		text  string
	}{
		{0.0, "0.0"},
		{math.Copysign(0, -1), "-0.0"},
		{1.0, "1.0"},
		{-1.0, "-1.0"},
		{0.1, "0.1"},
		{1e15, "1000000000000000.0"},
		{1e16, "1e+16"},
		{123456789012345680.0, "1.2345678901234568e+17"},
		{1e-4, "0.0001"},
		{1e-5, "1e-05"},
		{0.00012345, "0.00012345"},
		{9999999999999998.0, "9999999999999998.0"},
		{5e-324, "5e-324"},
		{1.7976931348623157e308, "1.7976931348623157e+308"},
		{1e22, "1e+22"},
		{1e100, "1e+100"},
		{3.141592653589793, "3.141592653589793"},
		{100000.0, "100000.0"},
		{-2.5e-7, "-2.5e-07"},
		{math.Inf(1), "Infinity"},
		{math.Inf(-1), "-Infinity"},
		{math.NaN(), "NaN"},
	} {
		if found := string(index.AppendFloat([]byte("1.5 "), golden.value)); found != "1.5 "+golden.text {
			t.Errorf("%v is printed as %q, by Python as %q", golden.value, found[4:], golden.text)
		}
	}
}

func TestAppendStringAndAppendUnquotedConvertAsPython(t *testing.T) {
	for _, golden := range []struct{ text, quoted string }{
		{"", `""`},
		{"plain ASCII ~", `"plain ASCII ~"`},
		{"\x00\x01\x02\x03\x04\x05\x06\x07", `"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007"`},
		{"\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", `"\b\t\n\u000b\f\r\u000e\u000f"`},
		{"\x10\x11\x12\x13\x14\x15\x16\x17", `"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017"`},
		{"\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f ", `"\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f "`},
		{"\x22quoted\x22 \x5c back/slash", `"\"quoted\" \\ back/slash"`},
		{"\x7f", `"\u007f"`},
		{"\xc3\xa9", `"\u00e9"`},
		{"\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf", `"\u0080\u07ff\u0800\uffff"`},
		{"\xef\xbf\xbd", `"\ufffd"`},
		{"\xf0\x90\x80\x80\xf0\x9f\x8d\x8e\xf4\x8f\xbf\xbf", `"\ud800\udc00\ud83c\udf4e\udbff\udfff"`},
		{"\xe2\x80\xa8\xe2\x80\xa9", `"\u2028\u2029"`},
		{"\xff", `"\udcff"`},
		{"a\x80b", `"a\udc80b"`},
		{"\xc3", `"\udcc3"`},
		{"\xe2\x82", `"\udce2\udc82"`},
		{"\xed\xa0\x80", `"\udced\udca0\udc80"`},
		{"\xf4\x90\x80\x80", `"\udcf4\udc90\udc80\udc80"`},
		{"\xc0\xaf", `"\udcc0\udcaf"`},
		{"\xf0\x9f\x8d", `"\udcf0\udc9f\udc8d"`},
	} {
		if found := string(index.AppendString([]byte("x"), []byte(golden.text))); found != "x"+golden.quoted {
			t.Errorf("%q is printed as %s, by Python as %s", golden.text, found[1:], golden.quoted)
		}
		f := singleField(t, indextest.Field{Kind: indextest.JSON}, golden.quoted)
		if found := string(f.AppendUnquoted([]byte("x"), 0)); found != "x"+golden.text {
			t.Errorf("%s has the text %q, in Python %q", golden.quoted, found[1:], golden.text)
		}
	}
}
