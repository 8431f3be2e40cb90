// Tests of the inode table and the export table, by the format's specification.

package squashfs

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

func TestWriteFileSizesAround4GiBChooseTheInode(t *testing.T) {
	for size, wanted := range map[int64]uint16{0: basicFile, math.MaxUint32: basicFile, math.MaxUint32 + 1: extendedFile} {
		var b bytes.Buffer
		if err := writeFile(&b, &node{kind: file, size: size}, 1); err != nil {
			t.Fatal(err)
		}
		header := map[uint16]int{basicFile: 32, extendedFile: 56}[wanted]
		if kind := binary.LittleEndian.Uint16(b.Bytes()); kind != wanted || b.Len() != header+4*int((size+131071)/131072) {
			t.Errorf("%d bytes: got an inode of type %d and %d bytes, expected type %d", size, kind, b.Len(), wanted)
		}
	}
}

func TestWriteFilePositionsAround4GiBChooseTheInode(t *testing.T) {
	for start, wanted := range map[uint64]uint16{0: basicFile, math.MaxUint32: basicFile, math.MaxUint32 + 1: extendedFile} {
		var b bytes.Buffer
		if err := writeFile(&b, &node{kind: file, start: start, size: 5}, 1); err != nil {
			t.Fatal(err)
		}
		found := uint64(binary.LittleEndian.Uint32(b.Bytes()[16:]))
		if wanted == extendedFile {
			found = binary.LittleEndian.Uint64(b.Bytes()[16:])
		}
		if kind := binary.LittleEndian.Uint16(b.Bytes()); kind != wanted || found != start {
			t.Errorf("start %d: got an inode of type %d with start %d, expected type %d", start, kind, found, wanted)
		}
	}
}

func TestFinishTableOfMoreThan4GiBIsRefused(t *testing.T) {
	for _, test := range []struct {
		inodes, directories int64
		refused             bool
	}{
		{math.MaxUint32, math.MaxUint32, false}, {math.MaxUint32 + 1, 0, true}, {0, math.MaxUint32 + 1, true},
	} {
		w := &tables{inodes: newMetadata(&bytes.Buffer{}), directories: newMetadata(&bytes.Buffer{})}
		w.inodes.size, w.directories.size = test.inodes, test.directories
		err := w.finish()
		if wanted := "need a table of 4294967296 bytes, but SquashFS allows 4294967295; split the dataset into several"; (err != nil) != test.refused ||
			err != nil && !strings.Contains(err.Error(), wanted) {
			t.Errorf("tables of %d and %d bytes: the error is %v", test.inodes, test.directories, err)
		}
	}
}

func TestWriteImageHasOneOwner(t *testing.T) {
	owned := fileMember("a", "content")
	owned.Uid, owned.Gid, owned.Uname = 1<<21+1, 1<<40, "owner" // The first needs a binary number or a PAX record.
	other := fileMember("b", "content")
	other.Uid, other.Format = 1<<31, tar.FormatGNU
	whole, err := os.ReadFile(image(t, 0, tarOf(t, owned, other)))
	if err != nil {
		t.Fatal(err)
	}
	if owners := binary.LittleEndian.Uint16(whole[26:]); owners != 1 {
		t.Errorf("the image has %d owners", owners)
	}
	ids := binary.LittleEndian.Uint64(whole[48:])
	if id := binary.LittleEndian.Uint32(whole[binary.LittleEndian.Uint64(whole[ids:])+2:]); id != 0 {
		t.Errorf("the owner is %d", id)
	}
}

func TestWriteDirectoryFieldsAreInTheSpecifiedPositions(t *testing.T) {
	order := binary.LittleEndian
	l := listing{reference: 8194<<16 | 77, size: 100, directories: 4}
	var b bytes.Buffer
	if err := writeDirectory(&b, 0o750, 5, 9, l); err != nil {
		t.Fatal(err)
	}
	basic := b.Bytes()
	found := fmt.Sprint(order.Uint16(basic), order.Uint16(basic[2:]), order.Uint32(basic[12:]), order.Uint32(basic[16:]),
		order.Uint32(basic[20:]), order.Uint16(basic[24:]), order.Uint16(basic[26:]), order.Uint32(basic[28:]), len(basic))
	if wanted := fmt.Sprint(1, 0o750, 5, 8194, 6, 103, 77, 9, 32); found != wanted {
		t.Errorf("the basic inode contains %s, expected %s", found, wanted)
	}
	b.Reset()
	l.size, l.index, l.indexed = 70000, []byte("index"), 8
	if err := writeDirectory(&b, 0o750, 5, 9, l); err != nil {
		t.Fatal(err)
	}
	long := b.Bytes()
	found = fmt.Sprint(order.Uint16(long), order.Uint32(long[16:]), order.Uint32(long[20:]), order.Uint32(long[24:]),
		order.Uint32(long[28:]), order.Uint16(long[32:]), order.Uint16(long[34:]), order.Uint32(long[36:]), string(long[40:]))
	if wanted := fmt.Sprint(8, 6, 70003, 8194, 9, 8, 77, uint32(math.MaxUint32), "index"); found != wanted {
		t.Errorf("the extended inode contains %s, expected %s", found, wanted)
	}
}

func TestWriteExportTablePointsToEachInode(t *testing.T) {
	var members []member
	for i := range 3000 {
		members = append(members, fileMember(fmt.Sprintf("%d/%d", i%9, i), "content"))
	}
	whole, err := os.ReadFile(image(t, 0, tarOf(t, members...)))
	if err != nil {
		t.Fatal(err)
	}
	order := binary.LittleEndian
	address := func(at uint64) uint64 { return order.Uint64(whole[at:]) }
	// The superblock contains the addresses of the tables.
	inodes, directories, fragments, exports, ids := address(64), address(72), address(80), address(88), address(48)
	if !(inodes < directories && directories < fragments && fragments < exports && exports < ids && ids < address(40)) {
		t.Fatalf("the tables are at %d, %d, %d, %d and %d", inodes, directories, fragments, exports, ids)
	}
	if address(exports) != fragments {
		t.Errorf("the directory table ends at %d, and the next table begins at %d", fragments, address(exports))
	}
	content := withoutHeaders(whole[inodes:directories])
	for number := range order.Uint32(whole[4:]) {
		block := address(exports + uint64(number)/1024*8)
		reference := address(block + 2 + uint64(number)%1024*8)
		inode := content[reference>>16/8194*8192+reference&0xffff:]
		if found := order.Uint32(inode[12:]); found != number+1 {
			t.Fatalf("entry %d points to inode %d", number, found)
		}
	}
}
