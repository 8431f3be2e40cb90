// Tests of the directory table, with unsquashfs and by the format's specification.

package squashfs

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// list returns the names that unsquashfs lists in a directory of an image, which has no files elsewhere.
func list(t *testing.T, image, directory string) []string {
	t.Helper()
	requireTool(t, "unsquashfs")
	output, err := exec.Command("unsquashfs", "-d", "", "-ls", image).Output()
	if err != nil {
		t.Fatalf("unsquashfs: %v", err)
	}
	var names []string
	for line := range strings.Lines(string(output)) {
		line = strings.TrimSuffix(line, "\n")
		if name, found := strings.CutPrefix(line, strings.TrimSuffix("/"+directory, "/")+"/"); found {
			names = append(names, name)
		}
	}
	return names
}

// The symlinks are so short that a metadata block contains more than 256 inodes.
func TestWriteAnyNumberOfNamesInADirectoryIsListed(t *testing.T) {
	for _, count := range []int{0, 1, 255, 256, 257, 513, 9000} {
		members := []member{directoryMember("d", 0o755)}
		for i := range count {
			members = append(members, linkMember(fmt.Sprintf("d/%x", i), "x"))
		}
		if found := list(t, image(t, 0, tarOf(t, members...)), "d"); len(found) != count {
			t.Errorf("%d names are listed, expected %d", len(found), count)
		}
	}
}

// namesOfListing returns files whose names need a listing of exactly the given size.
func namesOfListing(t *testing.T, size int64) []member {
	t.Helper()
	name := func(number, length int) member {
		return fileMember(fmt.Sprintf("%0*d", length, number), "")
	}
	var members []member
	for size-listingSize(t, members) > 500 {
		members = append(members, name(len(members), 255))
	}
	// Two more names fill the missing bytes; each of them may begin a new run with a header.
	missing := int(size - listingSize(t, members))
	for _, second := range []int{5, 99, 255} {
		for _, headers := range []int{0, 1, 2} {
			first := missing - second - 2*listingEntryBytes - headers*listingHeaderBytes
			if first < 5 || first > 255 {
				continue
			}
			all := append(members[:len(members):len(members)], name(9998, first), name(9999, second))
			if listingSize(t, all) == size {
				return all
			}
		}
	}
	t.Fatalf("no names need a listing of %d bytes", size)
	return nil
}

func listingSize(t *testing.T, members []member) int64 {
	t.Helper()
	_, l := listingOf(t, members, 0)
	return l.size
}

// listingOf returns the listing of a root with these files, written after `before` bytes of the directory table.
func listingOf(t *testing.T, members []member, before int) (*tables, listing) {
	t.Helper()
	merged := newTree()
	for _, one := range members {
		if err := merged.add(fileEntry(one.Name, 0), 0); err != nil {
			t.Fatal(err)
		}
	}
	w := &tables{ordered: merged.order(), inodes: newMetadata(&bytes.Buffer{})}
	w.directories, w.references = newMetadata(&w.listings), make([]uint64, len(w.numbers))
	if _, err := w.directories.Write(make([]byte, before)); err != nil {
		t.Fatal(err)
	}
	first, end := w.children(0)
	for position := first; position < end; position++ {
		if err := w.writeInode(position); err != nil {
			t.Fatal(err)
		}
	}
	l, err := w.writeListing(first, end)
	if err := errors.Join(err, w.directories.flush()); err != nil {
		t.Fatal(err)
	}
	return w, l
}

// withoutHeaders returns the content of the metadata blocks of a table.
func withoutHeaders(table []byte) []byte {
	var content []byte
	for len(table) > 0 {
		length := int(binary.LittleEndian.Uint16(table) &^ 0x8000)
		content = append(content, table[2:2+length]...)
		table = table[2+length:]
	}
	return content
}

func TestWriteListingCountsTheFoldersInIt(t *testing.T) {
	_, l := listingOf(t, []member{fileMember("a/x", ""), fileMember("b/y", ""), fileMember("c", "")}, 0)
	if l.directories != 2 {
		t.Errorf("%d folders are counted, expected 2", l.directories)
	}
}

func TestWriteListingIndexEntryPointsToTheHeaderOfItsRun(t *testing.T) {
	var members []member
	for i := range 3000 {
		members = append(members, fileMember(fmt.Sprintf("name-%d", i), ""))
	}
	for _, before := range []int{0, 5000, 8192 + 8190} {
		w, l := listingOf(t, members, before)
		table, index := w.listings.Bytes(), l.index
		if blocks := (int64(before)%8192 + l.size - 1) / 8192; int64(l.indexed) != blocks {
			t.Errorf("after %d bytes the index has %d entries, expected %d", before, l.indexed, blocks)
		}
		for range l.indexed {
			at, start := binary.LittleEndian.Uint32(index), binary.LittleEndian.Uint32(index[4:])
			length := binary.LittleEndian.Uint32(index[8:]) + 1
			name := string(index[12 : 12+length])
			index = index[12+length:]
			content := withoutHeaders(table[start:])
			if found := string(content[(uint32(l.reference)&0xffff+at)%8192+12+8:][:length]); found != name {
				t.Errorf("after %d bytes the index entry %q points to %q", before, name, found)
			}
		}
		if len(index) > 0 {
			t.Errorf("%d bytes remain after the index's entries", len(index))
		}
	}
}

func TestWriteListingSizesAroundLimitsAreListed(t *testing.T) {
	for _, size := range []int64{8191, 8192, 8193, 65531, 65532, 65533, 65535, 65536} {
		members := namesOfListing(t, size)
		found := list(t, image(t, 0, tarOf(t, members...)), "")
		if len(found) != len(members) {
			t.Errorf("a listing of %d bytes contains %d names, expected %d", size, len(found), len(members))
		}
	}
}
