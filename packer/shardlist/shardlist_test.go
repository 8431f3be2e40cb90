package shardlist

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func open(t *testing.T, content string) *Reader {
	t.Helper()
	name := filepath.Join(t.TempDir(), "shard.list")
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	reader, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	return reader
}

func TestReaderRecordsHaveAllFields(t *testing.T) {
	reader := open(t, "f 754 12 -5 1700000000000000001 18446744073709551615\x00a\n\xff b\x00\x00"+
		"l 777 3 1 2 3\x00b/c\x00../a\x00d 755 0 0 0 0\x00b/d\x00\x00f 644 0 0 0 5 1\x00c/d\x00\x00")
	want := []Record{
		{"a\n\xff b", File, 0o754, 12, -5, 1700000000000000001, 1<<64 - 1, "", 0},
		{"b/c", Link, 0o777, 3, 1, 2, 3, "../a", 0},
		{"b/d", Folder, 0o755, 0, 0, 0, 0, "", 0},
		{"c/d", File, 0o644, 0, 0, 0, 5, "", 1},
	}
	for _, one := range want {
		got, err := reader.Next()
		if err != nil || *got != one {
			t.Errorf("got %v and %v, want %v", got, err, one)
		}
	}
	if _, err := reader.Next(); err != io.EOF {
		t.Errorf("after the last record: got %v, want EOF", err)
	}
}

func TestReaderEmptyListHasNoRecords(t *testing.T) {
	if _, err := open(t, "").Next(); err != io.EOF {
		t.Errorf("got %v, want EOF", err)
	}
}

func TestReaderDamagedRecordIsNamedByNumber(t *testing.T) {
	first := "f 644 1 2 3 4\x00first\x00\x00"
	for damaged, want := range map[string]string{
		"f 644 1 2 3":                             "ends in the middle",
		"f 644 1 2 3 4\x00second":                 "ends in the middle",
		"f 644 1 2 3 4\x00second\x00":             "ends in the middle",
		"f 644 1 2 3\x00second\x00\x00":           "5 fields",
		"x 644 1 2 3 4\x00second\x00\x00":         `kind is "x"`,
		"f 648 1 2 3 4\x00second\x00\x00":         "invalid syntax",
		"f 644 -1 2 3 4\x00second\x00\x00":        "size is -1",
		"f 644 1 2 3 4\x00/second\x00\x00":        `has a component ""`,
		"f 644 1 2 3 4\x00second/../../x\x00\x00": `has a component ".."`,
		"f 644 1 2 3 4\x00aaa\x00\x00":            "not sorted",
		"f 644 1 2 3 4\x00first\x00\x00":          "not sorted",
	} {
		reader := open(t, first+damaged)
		if _, err := reader.Next(); err != nil {
			t.Fatal(err)
		}
		_, err := reader.Next()
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "record 2") {
			t.Errorf("%q: got %v, want an error that contains %q", damaged, err, want)
		}
	}
}
