// Tests of conditions: matching rows, and messages of syntax errors.

package query

import (
	"math"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

var fields = []indextest.Field{
	{Name: "size", Kind: indextest.Integer},
	{Name: "sha256", Kind: indextest.Digest, Bytes: 2},
	{Name: "ratio", Kind: indextest.Float},
	{Name: "good", Kind: indextest.Boolean},
	{Name: "note", Kind: indextest.Text, Dictionary: true},
	{Name: "odd name", Kind: indextest.JSON},
}

type values = map[string]any

func open(t testing.TB, rows ...indextest.Row) *index.Index {
	t.Helper()
	ix, err := index.Open(indextest.Build("/data", fields, rows))
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func example(t testing.TB) *index.Index {
	return open(t,
		indextest.Row{Path: "a.txt", Values: values{"size": 9, "sha256": []byte{0x32, 0x7b}, "ratio": 0.5, "good": true, "note": "it's"}},
		indextest.Row{Path: "b/c.nii.gz", Values: values{"size": 9007199254740993, "sha256": []byte{0xab, 0xcd}, "ratio": math.NaN(), "good": false}},
		indextest.Row{Path: "b/d", Values: values{"size": -3, "sha256": []byte{0, 1}, "note": "", "odd name": `[1, 2]`}},
	)
}

func matching(t testing.TB, ix *index.Index, condition string) string {
	t.Helper()
	where, err := ParseWhere(condition, ix, false)
	if err != nil {
		t.Fatalf("%s: %v", condition, err)
	}
	var found []string
	for _, key := range Select(ix, Criteria{Where: where, Limit: NoLimit}).All() {
		found = append(found, strings.TrimPrefix(string(key), "/data/"))
	}
	return strings.Join(found, " ")
}

func TestWhereConditionMatchesExpectedRows(t *testing.T) {
	ix := example(t)
	all := "a.txt b/c.nii.gz b/d"
	for condition, expected := range map[string]string{
		`size = 9`:                              "a.txt",
		`size != 9`:                             "b/c.nii.gz b/d",
		`size > 9007199254740992`:               "b/c.nii.gz",
		`size >= -3`:                            all,
		`size > 1e300`:                          "",
		`size ~ "9"`:                            "a.txt b/c.nii.gz",
		`size !~ "9"`:                           "b/d",
		`sha256 = "327b"`:                       "a.txt",
		`ratio = 0.5`:                           "a.txt",
		`ratio != 0.5`:                          "b/c.nii.gz",
		`ratio > 0 or ratio <= 0`:               "a.txt",
		`not ratio > 1`:                         "a.txt b/c.nii.gz",
		`ratio is missing`:                      "b/d",
		`good = FALSE`:                          "b/c.nii.gz",
		`note = 'it''s'`:                        "a.txt",
		`note = ""`:                             "b/d",
		"`odd name` ~ '1, 2'":                   "b/d",
		`path = "/data/b/d"`:                    "b/d",
		`suffix = ".nii.gz"`:                    "b/c.nii.gz",
		`size = 9 or size = -3 and good = true`: "a.txt",
		`(size = 9 or size = -3) AND note = ""`: "b/d",
		"\tsize\n=9 ":                           "a.txt",
		`size in (9, -3.0)`:                     "a.txt b/d",
		`size not in (9)`:                       "b/c.nii.gz b/d",
		`note IN ('it''s', "x")`:                "a.txt",
		`note not in ("x")`:                     "a.txt b/d",
		`note in ("", null)`:                    "b/d",
		`good in (true) and not size in (1)`:    "a.txt",
		`name like "*.txt"`:                     "a.txt",
		`path NOT LIKE "*[.]*"`:                 "b/d",
		`note like "it?s"`:                      "a.txt",
		`size like "9*" and not size like "9"`:  "b/c.nii.gz",
	} {
		if found := matching(t, ix, condition); found != expected {
			t.Errorf("%s: found %q, expected %q", condition, found, expected)
		}
	}
}

func TestWhereMixedFieldComparesEachRowByItsType(t *testing.T) {
	var rows []indextest.Row
	for i, value := range []any{`"abc"`, `"\u00e9\udcff\""`, `"8"`, `8`, `36893488147419103233`, `NaN`, `true`, `[1, "abc"]`, indextest.Null, nil} {
		rows = append(rows, indextest.Row{Path: string(rune('a' + i)), Values: values{"odd name": value}})
	}
	ix := open(t, rows...)
	for condition, expected := range map[string]string{
		`x = "abc"`:                  "a",
		`x ~ "abc"`:                  "a h",
		"x = 'é\xff\"'":              "b",
		`x = "8"`:                    "c d",
		`x != 8`:                     "a b c e f g h",
		`x > 8.25`:                   "e",
		`x = 36893488147419103232`:   "",
		`x = true`:                   "g",
		`x != true`:                  "a b c d e f h",
		`x = null`:                   "i",
		`x != null and x is missing`: "j",
		`x is not null`:              "a b c d e f g h j",
		`name = NULL`:                "",
	} {
		if found := matching(t, ix, strings.ReplaceAll(condition, "x ", "`odd name` ")); found != expected {
			t.Errorf("%s: found %q, expected %q", condition, found, expected)
		}
	}
}

func TestParseWhereSyntaxErrorReturnsMessage(t *testing.T) {
	ix := example(t)
	for condition, expected := range map[string]string{
		`size > "a"`:              "-where, column 8: \"size\" has the type integer, but \"a\" is not a number\n  size > \"a\"\n         ^",
		`sise = 1`:                `column 1: unknown field "sise": did you mean "size"? The fields are size, sha256, ratio, good, note, odd name, path, name, folder, suffix`,
		``:                        `column 1: expected the name of a field, not the end of the condition`,
		`size`:                    `column 5: expected = != < <= > >= ~ !~ in, like or is, not the end of the condition`,
		`size not = 1`:            `column 10: expected in or like, not "="`,
		`size in 1`:               `column 9: expected ( and the values of in, not "1"`,
		`size in ()`:              `column 10: expected a number`,
		`size in (1 2)`:           `column 9: expected a comma, or ) to close this parenthesis, not "2"`,
		`note in ("a", 2)`:        `column 15: "note" is a text field: put "2" in quotes`,
		`note like 1`:             `column 11: like needs a glob in quotes, not "1"`,
		`note like '%x%'`:         `column 11: like needs a glob: write * instead of %, and ? instead of _; for the text itself, use =`,
		`size =`:                  `column 7: expected a number, a text in quotes, true, false or null, not the end of the condition`,
		`size = 1 size`:           `column 10: expected and, or, or the end of the condition, not "size"`,
		`(size = 1`:               `column 2: expected ) to close this parenthesis, not the end of the condition`,
		`size = 1)`:               `column 9: expected and, or, or the end of the condition, not ")"`,
		`note = 'abc`:             `column 8: the quote ' that begins here is not closed`,
		`note = 1`:                `column 8: "note" is a text field: put "1" in quotes`,
		`good = 1`:                `column 8: "good" is a boolean field: write true or false without quotes, not "1"`,
		`good = "true"`:           `column 8: "good" is a boolean field: write true or false without quotes, not "true"`,
		`size ~ 9`:                `column 8: ~ needs a text in quotes, not "9"`,
		`size = 1x`:               `column 8: "size" has the type integer, but "1x" is not a number`,
		`size = 0x10`:             `column 8: "size" has the type integer, but "0x10" is not a number`,
		`size ! 1`:                `column 6: unknown operator "!": use = != < <= > >= ~ !~`,
		`size < null`:             `column 6: < cannot be used with null: use = or !=`,
		`null = 1`:                `column 1: expected the name of a field, not "null"`,
		"`odd name` = 1x":         `column 14: "odd name" has the type json, but "1x" is not a number`,
		`size is 1`:               `column 9: expected missing or null, not "1"`,
		`and = 1`:                 `column 1: expected the name of a field, not "and"`,
		`ünï = 1`:                 `column 1: unknown field "ünï"`,
		`note = "ü" and ; = 1`:    `column 16: unexpected character ';'`,
		strings.Repeat("(", 2000): `column 1001: conditions are nested more than 1000 levels deep`,
	} {
		_, err := ParseWhere(condition, ix, false)
		if err == nil || !strings.Contains(err.Error(), expected) {
			t.Errorf("%s: %v\nexpected %s", condition, err, expected)
		}
	}
}

func FuzzParseWhere(f *testing.F) {
	for _, seed := range []string{`size > 1 and not (note ~ "x" or good = true)`, "`odd name` is not missing", `ratio<=-1e-3`, `note='a''b'`, `note in ("a", null) or note not like '[!a]*'`} {
		f.Add(seed)
	}
	ix := example(f)
	f.Fuzz(func(t *testing.T, condition string) {
		where, err := ParseWhere(condition, ix, false)
		if err != nil {
			_ = err.Error()
			return
		}
		negated, err := ParseWhere("not ("+condition+"\n)", ix, false)
		if err != nil {
			t.Fatalf("%q is valid, but invalid in parentheses: %v", condition, err)
		}
		for row, key := range ix.Keys(0, ix.Rows) {
			if where.Matches(row, key) && negated.Matches(row, key) {
				t.Fatalf("%q and its negation match %s", condition, key)
			}
		}
	})
}

func TestSuffixIncludesSuffixBeforeCompression(t *testing.T) {
	for key, expected := range map[string]string{
		"/data/a.txt": ".txt", "/data/a.nii.gz": ".nii.gz", "/data/.hidden": "", "/data/a.": "", "/data/a": "",
		"/data/a..gz": ".gz", "/data/.tar.gz": ".gz", "/data/x.y/z": "", "/data/a.b-c.gz": ".gz", "/data/a.tar.zst": ".tar.zst",
	} {
		if found := string(Suffix([]byte(key))); found != expected {
			t.Errorf("%s: found %q, expected %q", key, found, expected)
		}
	}
}
