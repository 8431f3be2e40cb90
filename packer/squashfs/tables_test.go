// Tests of the inode table and the export table, by the format's specification.

package squashfs

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
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
