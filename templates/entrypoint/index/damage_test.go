// A damaged index is refused, or answers as the whole one does; it never crashes.

package index_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

// sample returns an index with all types, with and without missing values.
func sample(rows int) []byte {
	fields := []indextest.Field{
		{Name: "size", Kind: indextest.Integer},
		{Name: "sha256", Kind: indextest.Digest, Bytes: 32},
		{Name: "crc32c", Kind: indextest.Digest, Bytes: 4},
		{Name: "link", Kind: indextest.Text},
		{Name: "kind", Kind: indextest.Text, Dictionary: true},
		{Name: "more", Kind: indextest.JSON, Dictionary: true, NullShown: true},
		{Name: "mean", Kind: indextest.Float},
		{Name: "good", Kind: indextest.Boolean},
	}
	var found []indextest.Row
	for i := range rows {
		values := map[string]any{"size": i * 1000, "sha256": bytes.Repeat([]byte{byte(i)}, 32), "crc32c": make([]byte, 4)}
		values["kind"], values["good"], values["mean"] = []string{"nii", "json"}[i%2], i%3 == 0, math.Sqrt(float64(i))
		if i%4 == 1 {
			values["link"], values["mean"], values["more"] = fmt.Sprint("../", i), nil, `{"a": 1}`
		}
		found = append(found, indextest.Row{Path: fmt.Sprintf("sub-%d/%d", i/5, i), Values: values})
	}
	return indextest.Build("/data", fields, found)
}

// answers asks an index everything and gives what it says.
func answers(data []byte) (said []byte, err error) {
	ix, err := index.Open(data)
	if err != nil {
		return nil, err
	}
	err = index.Guard(func() error {
		said = fmt.Append(said, ix.Rows, ix.Mount, ix.MountInside)
		for row, key := range ix.Keys(0, ix.Rows) {
			said = ix.AppendKey(append(said, key...), row)
			found, there := ix.Find(key)
			from, to := ix.WithPrefix(key)
			said = fmt.Append(said, found, there, from, to)
		}
		for _, field := range ix.Fields {
			said = askField(said, ix, field)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return said, ix.Check()
}

func askField(said []byte, ix *index.Index, f *index.Field) []byte {
	said = fmt.Append(said, f.Name, f.Type, f.NullShown, f.Values(), ix.Field(f.Name) == f)
	for place := range ix.Rows {
		row := f.At(place)
		said = f.AppendJSON(f.AppendText(said, row), row)
		if place > 0 && !f.Missing(row) && !f.Missing(f.At(place-1)) {
			said = fmt.Append(said, f.Compare(row, f.At(place-1)), f.RunStart(place))
		}
	}
	return said
}

// refused reports whether the index is refused as damaged; another error or other answers fail the test.
func refused(t *testing.T, what string, data, wanted []byte) bool {
	t.Helper()
	said, err := answers(data)
	var damaged *index.DamagedError
	if errors.As(err, &damaged) {
		return true
	}
	if err != nil || !bytes.Equal(said, wanted) {
		t.Errorf("%s: error %v, or other answers than the whole index gives", what, err)
	}
	return false
}

func TestOpenEveryByteFlippedIsRefused(t *testing.T) {
	whole := sample(20)
	wanted, err := answers(whole)
	if err != nil {
		t.Fatal(err)
	}
	for at := range whole {
		for _, flip := range []byte{0xff, 0x01, 0x80} {
			data := bytes.Clone(whole)
			data[at] ^= flip
			if !refused(t, fmt.Sprintf("byte %d", at), data, wanted) {
				t.Errorf("byte %d flipped by %#x is not noticed", at, flip)
			}
		}
	}
}

func TestOpenTruncatedOrExtendedIsRefused(t *testing.T) {
	whole := sample(20)
	for size := range whole {
		if !refused(t, fmt.Sprintf("%d bytes", size), whole[:size], nil) {
			t.Errorf("the first %d bytes are not refused", size)
		}
	}
	if !refused(t, "extended", append(bytes.Clone(whole), 0), nil) {
		t.Error("a byte more is not refused")
	}
}

func TestOpenAnotherVersionNamesBoth(t *testing.T) {
	data := sample(3)
	data[8] = 1
	indextest.Repair(data)
	_, err := index.Open(data)
	const expected = "the index in this image has version 1, and this program reads version 2; pull or build the image again"
	if err == nil || err.Error() != expected {
		t.Errorf("another version gives %v", err)
	}
}

func TestGuardDamageFarFromTheQueryIsNotMet(t *testing.T) {
	data := sample(2000)
	data[len(data)-1] ^= 1
	ix, err := index.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	key := []byte("/data/sub-10/51")
	err = index.Guard(func() error {
		if _, there := ix.Find(key); !there {
			t.Errorf("%q is not found", key)
		}
		return nil
	})
	if err != nil {
		t.Errorf("looking for a key met damage elsewhere: %v", err)
	}
	if err := ix.Check(); err == nil || !strings.Contains(err.Error(), "checksum of bytes") {
		t.Errorf("Check gives %v", err)
	}
}

func TestGuardOtherPanicsStay(t *testing.T) {
	defer func() {
		if met := recover(); met != "other" {
			t.Errorf("recovered %v", met)
		}
	}()
	index.Guard(func() error { panic("other") })
}

// TestOpenHeadNumbersOfAnySizeNeverCrash puts extreme numbers everywhere, with checksums that are right.
func TestOpenHeadNumbersOfAnySizeNeverCrash(t *testing.T) {
	whole := sample(20)
	head := int(binary.LittleEndian.Uint64(whole[24:]))
	for at := 8; at < head-4; at++ {
		for _, number := range []uint32{0, 1, 17, 255, 1 << 16, 178956971, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			data := bytes.Clone(whole)
			binary.LittleEndian.PutUint32(data[at:], number)
			indextest.Repair(data)
			anyAnswer(t, fmt.Sprintf("number %d at %d", number, at), data)
		}
	}
}

// TestGuardBodyOfAnyBytesNeverCrashes puts other bytes everywhere in the body, with checksums that are right.
func TestGuardBodyOfAnyBytesNeverCrashes(t *testing.T) {
	const rows = 20
	whole := sample(rows)
	for at := int(binary.LittleEndian.Uint64(whole[24:])); at < len(whole); at++ {
		for _, other := range []byte{0, 1, rows - 1, rows, 254, 255} {
			data := bytes.Clone(whole)
			data[at] = other
			indextest.Repair(data)
			anyAnswer(t, fmt.Sprintf("byte %d at %d", other, at), data)
		}
	}
}

// anyAnswer fails the test on an error that is not *index.DamagedError; a panic fails it by itself.
func anyAnswer(t *testing.T, what string, data []byte) {
	t.Helper()
	defer func() {
		if met := recover(); met != nil {
			t.Errorf("%s: panic: %v", what, met)
		}
	}()
	_, err := answers(data)
	var damaged *index.DamagedError
	if err != nil && !errors.As(err, &damaged) {
		t.Errorf("%s: %v", what, err)
	}
}

// FuzzOpen asks everything of indexes that were changed anywhere, as they are and with checksums that are right.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("DCINDEX\n"))
	for _, rows := range []int{0, 1, 3, 20} {
		f.Add(sample(rows))
	}
	f.Add(indextest.Build("/data", nil, []indextest.Row{{Path: strings.Repeat("x", 300)}, {Path: "y"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		anyAnswer(t, "as it is", data)
		repaired := bytes.Clone(data)
		if indextest.Repair(repaired) {
			anyAnswer(t, "repaired", repaired)
		}
	})
}
