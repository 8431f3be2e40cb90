// Fuzz test of Reader with any bytes.
package shardlist

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// encode returns a record in the format of scan.
func encode(r *Record) []byte {
	through := ""
	if r.Through != 0 {
		through = fmt.Sprintf(" %d", r.Through)
	}
	return fmt.Appendf(nil, "%c %o %d %d %d %d%s\x00%s\x00%s\x00",
		r.Kind, r.Mode, r.Size, r.MtimeNs, r.CtimeNs, r.Inode, through, r.Path, r.Target)
}

// readAll reads the records of a list up to the first error, and returns them encoded again.
func readAll(content []byte) ([]byte, error) {
	reader := &Reader{name: "list", buffer: bufio.NewReader(bytes.NewReader(content))}
	var again []byte
	for {
		record, err := reader.Next()
		if err == io.EOF {
			return again, nil
		}
		if err != nil {
			return again, err
		}
		again = append(again, encode(record)...)
	}
}

// texts returns the paths and targets of a list's records.
func texts(content []byte) [][]byte {
	parts := bytes.Split(content, []byte{0})
	for number := 0; number < len(parts); number += 3 {
		parts[number] = nil
	}
	return parts
}

// The records that are read contain all paths and targets of the list, and encoding and reading them again changes nothing.
func FuzzReaderNext(f *testing.F) {
	f.Add([]byte("f 644 1 2 3 4\x00a\n\xff\x00\x00l 777 1 -5 3 18446744073709551615\x00b/c\x00../a\x00"))
	f.Add([]byte("d 755 0 0 0 0\x00b\x00\x00f 100644 9223372036854775807 0 0 0 1\x00c/d\x00\x00"))
	f.Add([]byte("f 01 -0 +2 3 4\x00 a\n\x00\x00f 1 1 1 1 1\x00../a\x00\x00"))
	f.Fuzz(func(t *testing.T, content []byte) {
		again, err := readAll(content)
		if err != nil && !strings.Contains(err.Error(), "delete it and run snakemake again") {
			t.Errorf("the error has no remedy: %v", err)
		}
		got, want := texts(again), texts(content)
		if err != nil {
			want = want[:min(len(got), len(want))]
		}
		if !slices.EqualFunc(got, want, bytes.Equal) {
			t.Errorf("%q is read as %q", content, again)
		}
		if twice, err := readAll(again); err != nil || !bytes.Equal(twice, again) {
			t.Errorf("%q is read as %q, %v", again, twice, err)
		}
	})
}
