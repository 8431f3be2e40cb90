// Tests of the flags and their output.

package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"entrypoint/index/indextest"
	"entrypoint/run"
)

var fields = []indextest.Field{
	{Name: "size", Kind: indextest.Integer},
	{Name: "sha256", Kind: indextest.Digest, Bytes: 4},
	{Name: "note", Kind: indextest.Text},
	{Name: "seen", Kind: indextest.Boolean, NullShown: true},
}

type values = map[string]any

var fruit = indextest.Build("/data", fields[:2], []indextest.Row{
	{Path: "avocado.txt", Values: values{"size": 9, "sha256": []byte{0x32, 0x7b, 0xf8, 0x23}}},
	{Path: "tomato.txt", Values: values{"size": 8, "sha256": []byte{0x3b, 0x77, 0x21, 0x61}}},
})

var odd = indextest.Build("/data", fields, []indextest.Row{
	{Path: "a,b\"c", Values: values{"size": 1, "sha256": []byte("\x00\x00\x00\x01"), "note": "line\nbreak", "seen": true}},
	{Path: "b\nc", Values: values{"size": 2, "sha256": []byte("\x00\x00\x00\x02"), "note": ""}},
	{Path: "c\xff é", Values: values{"size": 3, "sha256": []byte("\x00\x00\x00\x03"), "seen": false}},
	{Path: "d é 🍅", Values: values{"size": 4, "sha256": []byte("\x00\x00\x00\x04"), "note": "é 🍅"}},
})

func TestPrintCommandsPrintsATableOrOneCommand(t *testing.T) {
	document := &run.Document{Commands: map[string]*run.Command{
		"plot": {Description: "Plots."},
		"count-rows": {
			Description: "Counts\x1b the rows.",
			Inputs:      map[string]run.Input{"table": {Type: "file", Required: true, Description: "A table."}, "more": {Type: "folder"}},
			Parameters:  map[string]run.Parameter{"level": {Type: "number", Default: json.Number("0.5")}},
			Outputs:     map[string]run.Output{"counts": {Path: "counts.csv"}},
			Rules:       map[string]string{"all": "Everything."},
		},
	}}
	for name, expected := range map[string]string{
		"": "count-rows  Counts\\x1b the rows.\nplot        Plots.\n",
		"count-rows": "count-rows: Counts\\x1b the rows.\n  -run count-rows [-in more=FOLDER] -in table=FILE [-param level=VALUE] -out DIR\n" +
			"inputs:\n  more   folder\n  table  file: A table.\nparameters:\n  level  number, default 0.5\noutputs:\n  counts  counts.csv\nrules:\n  all  Everything.\n",
	} {
		var out bytes.Buffer
		if err := printCommands(&out, document, name); err != nil || out.String() != expected {
			t.Errorf("%q: printed %q, error %v", name, out.String(), err)
		}
	}
}

// execute runs the program and returns standard output, messages, the exit status and the error.
func execute(index []byte, arguments ...string) (string, string, int, error) {
	var out, messages bytes.Buffer
	facts := Facts{Name: "fruit", Version: "1.0", Index: index, Dataset: []byte("{}\n")}
	status, err := Run(facts, append([]string{"/entrypoint"}, arguments...), &out, &messages)
	return out.String(), messages.String(), status, err
}

const (
	avocado = `{"size": 9, "sha256": "327bf823"}`
	tomato  = `{"size": 8, "sha256": "3b772161"}`
)

func TestRunFlagsPrintExpectedOutput(t *testing.T) {
	for arguments, expected := range map[string]string{
		"":                                   "/data/avocado.txt " + avocado + "\n/data/tomato.txt " + tomato + "\n",
		"-ls":                                "/data/avocado.txt\n/data/tomato.txt\n",
		"-metric size":                       "Order by size\n/data/tomato.txt: " + tomato + "\n/data/avocado.txt: " + avocado + "\n",
		"-metric size -search 8":             "/data/tomato.txt 8\n",
		"-metric sha256 -search 3b":          "/data/tomato.txt 3b772161\n",
		"-get /data/avocado.txt":             "/data/avocado.txt " + avocado + "\n",
		"-get mato":                          "/data/tomato.txt " + tomato + "\n",
		"-get a/to":                          "/data/tomato.txt " + tomato + "\n",
		"-metric size -desc -limit 1":        "Order by size\n/data/avocado.txt: " + avocado + "\n",
		"-metric size -ls":                   "/data/tomato.txt\n/data/avocado.txt\n",
		"-desc -ls":                          "/data/tomato.txt\n/data/avocado.txt\n",
		"-null":                              "/data/avocado.txt\x00/data/tomato.txt\x00",
		"-count":                             "2\n",
		"-get tomato -count":                 "1\n",
		"-limit 1 -count":                    "1\n",
		"-version":                           "fruit 1.0 (data container, entrypoint 1)\n",
		"-info":                              "{}\n",
		"-format csv":                        "path,size,sha256\n/data/avocado.txt,9,327bf823\n/data/tomato.txt,8,3b772161\n",
		"-format tsv -ls":                    "path\n/data/avocado.txt\n/data/tomato.txt\n",
		"-format csv -metric size -search 8": "path,size\n/data/tomato.txt,8\n",
		"-format json":                       "[\n" + `{"path": "/data/avocado.txt", "size": 9, "sha256": "327bf823"}` + ",\n" + `{"path": "/data/tomato.txt", "size": 8, "sha256": "3b772161"}` + "\n]\n",
		"-format jsonl -limit 1":             `{"path": "/data/avocado.txt", "size": 9, "sha256": "327bf823"}` + "\n",
		"-format json -limit 2 -ls":          "[\n" + `{"path": "/data/avocado.txt"}` + ",\n" + `{"path": "/data/tomato.txt"}` + "\n]\n",
		"-limit 0":                           "",
		"-offset 1 -ls":                      "/data/tomato.txt\n",
		"-offset 1 -desc -ls":                "/data/avocado.txt\n",
		"-offset 1 -get t -ls -limit 5":      "/data/tomato.txt\n",
		"-offset 1 -count":                   "1\n",
		"-offset 5 -ls":                      "",
		"-count=false -ls":                   "/data/avocado.txt\n/data/tomato.txt\n",
		"--ls":                               "/data/avocado.txt\n/data/tomato.txt\n",
		"-fields size":                       "{\"size\": 9}\n{\"size\": 8}\n",
		"-fields path -limit 1":              "/data/avocado.txt\n",
		"-fields `name`,size,path -limit 1":  "/data/avocado.txt {\"name\": \"avocado.txt\", \"size\": 9}\n",
		"-fields size,name -format csv":      "size,name\n9,avocado.txt\n8,tomato.txt\n",
		"-values suffix":                     "2 .txt\n",
		"-values size":                       "1 8\n1 9\n",
		"-values size -limit 1 -format json": "[\n{\"size\": 8, \"count\": 1}\n]\n",
		"-count -by suffix,size":             "1 .txt\t8\n1 .txt\t9\n",
		"-count -by name -format tsv":        "name\tcount\navocado.txt\t1\ntomato.txt\t1\n",
		"-ls -get OMATO -ignore-case":        "/data/tomato.txt\n",
		"-ls -get /DATA/a -ignore-case":      "/data/avocado.txt\n",
		"-schema":                            "field   type     files that have it\npath    text     2\nsize    integer  2\nsha256  digest   2\n",
	} {
		out, messages, status, err := execute(fruit, strings.Fields(arguments)...)
		if out != expected || messages != "" || status != Done || err != nil {
			t.Errorf("%s: status %d, %v, %q\nprinted  %q\nexpected %q", arguments, status, err, messages, out, expected)
		}
	}
}

func TestRunWithoutMatchPrintsNothingAndReturnsNoMatch(t *testing.T) {
	for _, arguments := range []string{
		"-get pear", "-get /data/pear", "-metric size -search 7", "-where size>9", "-where size>9 -format json",
		"-where size>9 -format csv", "-metric size -where size>9 -ls", "-get avocado.txt.",
	} {
		out, _, status, err := execute(fruit, strings.Fields(arguments)...)
		if out != "" || status != NoMatch || err != nil {
			t.Errorf("%s: status %d, %v, printed %q", arguments, status, err, out)
		}
	}
	if out, _, status, _ := execute(fruit, "-get", "pear", "-count"); out != "0\n" || status != NoMatch {
		t.Errorf("-count without match: status %d, printed %q", status, out)
	}
}

func TestRunWrongUsageReturnsMessage(t *testing.T) {
	for arguments, expected := range map[string]string{
		"-metric colour":        `unknown metric "colour": the metrics are size, sha256`,
		"-colour":               "unknown flag -colour; the flags are -access-log -bagit -by -cat -commands -count -desc",
		"pear":                  `unexpected argument "pear": the entrypoint takes flags only; the flags are`,
		"-get":                  "flag needs an argument: -get; the flags are",
		"-limit x":              `invalid value "x" for flag -limit`,
		"-limit -1":             "-limit -1 is negative",
		"-search 8":             "-search needs -metric",
		"-format xml":           `-format "xml" is not one of text, json, jsonl, csv, tsv, parquet`,
		"-info -schema":         "-info and -schema cannot be combined",
		"-spreadsheet":          "-spreadsheet needs -format csv or -format tsv",
		"-null -format csv":     "-null and -format csv cannot be combined",
		"-tree -metric size":    "-tree sorts by name",
		"-where size":           "-where, column 5",
		"-get a -get b":         "-get is given more than once: give it once",
		"-limit 1 -limit=1":     "-limit is given more than once",
		"-info -ls":             "-info and -ls cannot be combined: leave out one of them",
		"-start -ls":            "-start and -ls cannot be combined",
		"-cat x -get y":         "-cat and -get cannot be combined",
		"-verify -bagit":        "-bagit needs -export DIR",
		"-count -null":          "-count and -null cannot be combined",
		"-metric sise":          `unknown metric "sise": did you mean "size"? The metrics are size, sha256`,
		"-values SIZE":          `-values: unknown field "SIZE": did you mean "size"? The fields are size, sha256, path, name, folder, suffix`,
		"-fields pth":           `-fields: unknown field "pth": did you mean "path"? The fields are`,
		"-fields size,size":     `-fields: field "size" is given more than once`,
		"-fields `size":         "-fields: the quote ` in \"`size\" is not closed",
		"-fields `size`x":       `-fields: expected a comma after the field "size", found "x"`,
		"-count -by pear,x":     `-by: unknown field "pear"`,
		"-by size":              "-by needs -count",
		"-count -by x -desc":    "-by and -desc cannot be combined",
		"-fields size -ls":      "-fields cannot be combined with -ls or -null",
		"-values size -desc":    "-values and -desc cannot be combined",
		"-ignore-case":          "-ignore-case needs -get, -search or -where",
		"-in a=b":               "-in, -param, -out and -private need -run NAME; -commands lists the names",
		"-run count":            "-run needs -out DIR: the folder for results",
		"-run count -out x -ls": "-run and -ls cannot be combined",
		"-tree -format parquet": "-tree and -format parquet cannot be combined",
	} {
		out, _, status, err := execute(fruit, strings.Fields(arguments)...)
		if err == nil || !strings.Contains(err.Error(), expected) || status != WrongUsage || out != "" {
			t.Errorf("%s: status %d, printed %q, error %v", arguments, status, out, err)
		}
	}
}

func TestRunUnusualNamesAreQuotedInText(t *testing.T) {
	out, _, _, _ := execute(odd, "-ls")
	if expected := "/data/a,b\"c\n\"/data/b\\nc\"\n\"/data/c\\xff é\"\n/data/d é 🍅\n"; out != expected {
		t.Errorf("-ls printed %q", out)
	}
	out, _, _, _ = execute(odd, "-null")
	if expected := "/data/a,b\"c\x00/data/b\nc\x00/data/c\xff é\x00/data/d é 🍅\x00"; out != expected {
		t.Errorf("-null printed %q", out)
	}
	out, _, _, _ = execute(odd, "-count", "-by", "note")
	if expected := "1 \"\"\n1 \"line\\nbreak\"\n1 é 🍅\n1 (missing)\n"; out != expected {
		t.Errorf("-by printed %q", out)
	}
	out, _, _, _ = execute(odd)
	expected := `/data/a,b"c {"size": 1, "sha256": "00000001", "note": "line\nbreak", "seen": true}` + "\n" +
		`"/data/b\nc" {"size": 2, "sha256": "00000002", "note": "", "seen": null}` + "\n" +
		`"/data/c\xff é" {"size": 3, "sha256": "00000003", "seen": false}` + "\n" +
		`/data/d é 🍅 {"size": 4, "sha256": "00000004", "note": "\u00e9 \ud83c\udf45", "seen": null}` + "\n"
	if out != expected {
		t.Errorf("printed %s\nexpected %s", out, expected)
	}
}

func TestRunTextsOfTwoColumnsAndNaNStayApart(t *testing.T) {
	data := indextest.Build("/data", []indextest.Field{fields[2], {Name: "mean", Kind: indextest.Float}}, []indextest.Row{
		{Path: "1", Values: values{"note": "a.b", "mean": math.NaN()}},
		{Path: "2.b", Values: values{"note": "a", "mean": 1.5}},
	})
	for flags, expected := range map[string]string{
		"-count -by note,suffix": "1 a\t.b\n1 a.b\t\"\"\n",
		"-format jsonl": `{"path": "/data/1", "note": "a.b", "mean": null}` + "\n" +
			`{"path": "/data/2.b", "note": "a", "mean": 1.5}` + "\n",
	} {
		if out, _, _, err := execute(data, strings.Fields(flags)...); out != expected || err != nil {
			t.Errorf("%s: %v, printed %q", flags, err, out)
		}
	}
}

func TestRunTextThatATerminalOrASpreadsheetInterpretsIsGuarded(t *testing.T) {
	for note, expected := range map[string][3]string{
		"":          {"", `""`, `""`},
		"=1+1":      {"=1+1", "=1+1", "'=1+1"},
		"+1":        {"+1", "+1", "'+1"},
		"-1":        {"-1", "-1", "'-1"},
		"@x":        {"@x", "@x", "'@x"},
		"'":         {"'", "'", "''"},
		"\t=1":      {`"\t=1"`, "\t=1", "'\t=1"},
		"\r":        {`"\r"`, "\"\r\"", "\"'\r\""},
		"1-1":       {"1-1", "1-1", "1-1"},
		"\x1b[31mx": {`"\x1b[31mx"`, "\x1b[31mx", "\x1b[31mx"},
		"\u202ex":   {`"\u202ex"`, "\u202ex", "\u202ex"},
		`"x"`:       {`"\"x\""`, `"""x"""`, `"""x"""`},
	} {
		data := indextest.Build("/data", []indextest.Field{fields[0], fields[2]}, []indextest.Row{{Path: "a", Values: values{"size": -5, "note": note}}})
		for i, flags := range []string{"-metric note -search=", "-format csv", "-format csv -spreadsheet"} {
			printed := []string{"/data/a ", "path,size,note\n/data/a,-5,", "path,size,note\n/data/a,-5,"}[i] + expected[i] + "\n"
			if out, _, _, err := execute(data, strings.Fields(flags)...); out != printed || err != nil {
				t.Errorf("%s: %v, printed %q, expected %q", flags, err, out, printed)
			}
		}
	}
}

func TestRunSwitchGivenTwiceIsAccepted(t *testing.T) {
	if out, _, status, err := execute(fruit, "-ls", "-ls", "-get", "tomato"); out != "/data/tomato.txt\n" || status != Done {
		t.Errorf("status %d, %v, printed %q", status, err, out)
	}
}

func TestRunDamagedIndexReturnsError(t *testing.T) {
	damaged := bytes.Clone(fruit)
	damaged[len(damaged)-1] ^= 1
	_, _, status, err := execute(damaged)
	if status == Done || err == nil || !strings.HasPrefix(err.Error(), "the index in this image is damaged: ") {
		t.Errorf("status %d, %v", status, err)
	}
}

func TestEffectiveArgumentsOfApptainerLinks(t *testing.T) {
	for called, expected := range map[string]string{
		"/entrypoint":                 "-ls",
		"/.singularity.d/runscript":   "-ls",
		"/.singularity.d/startscript": "-start",
		"/.singularity.d/test":        "-self-check",
		"/home/me/test":               "-ls",
	} {
		if found := effectiveArguments([]string{called, "-ls"}); len(found) != 1 || found[0] != expected {
			t.Errorf("%s: %v", called, found)
		}
	}
}
