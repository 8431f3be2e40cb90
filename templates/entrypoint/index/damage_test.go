// Tests of damage: a damaged index returns a DamagedError or the same values as the undamaged index; it never crashes.

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

// sample returns an index with fields of all types, with and without missing values.
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
		} else if i%4 == 2 {
			values["link"], values["more"] = indextest.Null, indextest.Null
		}
		found = append(found, indextest.Row{Path: fmt.Sprintf("sub-%d/%d", i/5, i), Values: values})
	}
	return indextest.Build("/data", fields, found)
}

// dump returns all keys and values of an index as text, by all methods of reading.
func dump(data []byte) (text []byte, err error) {
	ix, err := index.Open(data)
	if err != nil {
		return nil, err
	}
	err = index.Guard(func() error {
		text = fmt.Append(text, ix.Rows, ix.Mount, ix.MountInside)
		for row, key := range ix.Keys(0, ix.Rows) {
			text = ix.AppendKey(append(text, key...), row)
			found, there := ix.Find(key)
			from, to := ix.WithPrefix(key)
			text = fmt.Append(text, found, there, from, to)
		}
		for _, field := range ix.Fields {
			text = dumpField(text, ix, field)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return text, ix.Check()
}

// dumpField appends all values of a field to text.
func dumpField(text []byte, ix *index.Index, f *index.Field) []byte {
	text = fmt.Append(text, f.Name, f.Type, f.Values(), ix.Field(f.Name) == f)
	for place := range ix.Rows {
		row := f.At(place)
		text = fmt.Append(text, f.Null(row))
		text = f.AppendJSON(f.AppendText(text, row), row)
		if place > 0 && !f.Missing(row) && !f.Missing(f.At(place-1)) {
			text = fmt.Append(text, f.Compare(row, f.At(place-1)), f.RunStart(place))
		}
	}
	return text
}

// isRefused reports whether reading returns a DamagedError. Another error, or a dump other than `wanted`, fails the test.
func isRefused(t *testing.T, name string, data, wanted []byte) bool {
	t.Helper()
	text, err := dump(data)
	var damaged *index.DamagedError
	if errors.As(err, &damaged) {
		return true
	}
	if err != nil || !bytes.Equal(text, wanted) {
		t.Errorf("%s: error %v, or other values than in the undamaged index", name, err)
	}
	return false
}

func TestOpenEveryByteFlippedIsRefused(t *testing.T) {
	undamaged := sample(20)
	wanted, err := dump(undamaged)
	if err != nil {
		t.Fatal(err)
	}
	for at := range undamaged {
		for _, flip := range []byte{0xff, 0x01, 0x80} {
			data := bytes.Clone(undamaged)
			data[at] ^= flip
			if !isRefused(t, fmt.Sprintf("byte %d", at), data, wanted) {
				t.Errorf("byte %d flipped by %#x is not detected", at, flip)
			}
		}
	}
}

func TestOpenTruncatedOrExtendedIsRefused(t *testing.T) {
	undamaged := sample(20)
	for size := range undamaged {
		if !isRefused(t, fmt.Sprintf("%d bytes", size), undamaged[:size], nil) {
			t.Errorf("the first %d bytes are not refused", size)
		}
	}
	if !isRefused(t, "extended", append(bytes.Clone(undamaged), 0), nil) {
		t.Error("an additional byte is not refused")
	}
}

func TestGuardDamageOutsideOfQueryIsNotReported(t *testing.T) {
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
		t.Errorf("the search for a key returns an error for damage in another place: %v", err)
	}
	if err := ix.Check(); err == nil || !strings.Contains(err.Error(), "checksum mismatch in bytes") {
		t.Errorf("Check returns %v", err)
	}
}

func TestGuardOtherPanicIsNotRecovered(t *testing.T) {
	defer func() {
		if reason := recover(); reason != "other" {
			t.Errorf("recovered %v", reason)
		}
	}()
	index.Guard(func() error { panic("other") })
}

// TestOpenExtremeNumberInHeadNeverCrashes writes extreme numbers to all places of the head, with correct checksums.
func TestOpenExtremeNumberInHeadNeverCrashes(t *testing.T) {
	undamaged := sample(20)
	head := int(binary.LittleEndian.Uint64(undamaged[24:]))
	for at := 8; at < head-4; at++ {
		for _, number := range []uint32{0, 1, 17, 255, 1 << 16, 178956971, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
			data := bytes.Clone(undamaged)
			binary.LittleEndian.PutUint32(data[at:], number)
			indextest.Repair(data)
			requireNoCrash(t, fmt.Sprintf("number %d at %d", number, at), data)
		}
	}
}

// TestGuardOtherByteInBodyNeverCrashes writes other bytes to all places of the body, with correct checksums.
func TestGuardOtherByteInBodyNeverCrashes(t *testing.T) {
	const rows = 20
	undamaged := sample(rows)
	for at := int(binary.LittleEndian.Uint64(undamaged[24:])); at < len(undamaged); at++ {
		for _, other := range []byte{0, 1, rows - 1, rows, 254, 255} {
			data := bytes.Clone(undamaged)
			data[at] = other
			indextest.Repair(data)
			requireNoCrash(t, fmt.Sprintf("byte %d at %d", other, at), data)
		}
	}
}

// requireNoCrash fails the test if reading panics or returns an error other than *index.DamagedError.
func requireNoCrash(t *testing.T, name string, data []byte) {
	t.Helper()
	defer func() {
		if reason := recover(); reason != nil {
			t.Errorf("%s: panic: %v", name, reason)
		}
	}()
	_, err := dump(data)
	var damaged *index.DamagedError
	if err != nil && !errors.As(err, &damaged) {
		t.Errorf("%s: %v", name, err)
	}
}

// FuzzOpen reads arbitrary data as an index, unchanged and with corrected checksums.
func FuzzOpen(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte("DCINDEX\n"))
	for _, rows := range []int{0, 1, 3, 20} {
		f.Add(sample(rows))
	}
	f.Add(indextest.Build("/data", nil, []indextest.Row{{Path: strings.Repeat("x", 300)}, {Path: "y"}}))
	f.Fuzz(func(t *testing.T, data []byte) {
		requireNoCrash(t, "unchanged", data)
		repaired := bytes.Clone(data)
		if indextest.Repair(repaired) {
			requireNoCrash(t, "repaired", repaired)
		}
	})
}
