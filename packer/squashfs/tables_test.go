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
