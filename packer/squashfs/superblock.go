// The superblock: the first bytes of the image, with the positions of all tables.

package squashfs

import (
	"encoding/binary"
	"math/bits"
)

const (
	superblockBytes = 96
	magic           = 0x73717368
	// Readers never decompress because of the flags below, but refuse a compressor that they do not know.
	compressionGzip = 1
	// The default of mksquashfs. Readers keep whole blocks in memory, and blocks of 1 MiB are not faster to read.
	blockBytes = 128 << 10
	// The address of a missing table.
	noTable = ^uint64(0)

	flagInodesUncompressed    = 0x0001
	flagDataUncompressed      = 0x0002
	flagFragmentsUncompressed = 0x0008
	flagNoFragments           = 0x0010
	flagExportable            = 0x0080
	flagXattrsUncompressed    = 0x0100
	flagNoXattrs              = 0x0200
	flagIDsUncompressed       = 0x0800

	flags = flagInodesUncompressed | flagDataUncompressed | flagFragmentsUncompressed | flagNoFragments |
		flagExportable | flagXattrsUncompressed | flagNoXattrs | flagIDsUncompressed
)

// superblock contains the fields that differ between images. Positions count from the first byte of the SquashFS.
type superblock struct {
	inodes         uint32
	root           uint64 // reference to the root's inode, see metadata.reference
	size           int64
	inodeTable     int64
	directoryTable int64
	fragmentTable  int64 // the table is missing; readers use its position as the end of the directory table
	exportTable    int64
	idTable        int64
}

// encode returns the superblock's bytes.
// Source: https://dr-emann.github.io/squashfs/, "The Superblock"; Linux, fs/squashfs/squashfs_fs.h.
func (s superblock) encode() []byte {
	order := binary.LittleEndian
	b := order.AppendUint32(make([]byte, 0, superblockBytes), magic)
	b = order.AppendUint32(b, s.inodes)
	b = order.AppendUint32(b, 0) // creation time
	b = order.AppendUint32(b, blockBytes)
	b = order.AppendUint32(b, 0) // fragments
	b = order.AppendUint16(b, compressionGzip)
	b = order.AppendUint16(b, uint16(bits.Len(blockBytes)-1))
	b = order.AppendUint16(b, flags)
	b = order.AppendUint16(b, 1) // entries of the ID table
	b = order.AppendUint16(b, 4) // version 4.0
	b = order.AppendUint16(b, 0)
	b = order.AppendUint64(b, s.root)
	b = order.AppendUint64(b, uint64(s.size))
	b = order.AppendUint64(b, uint64(s.idTable))
	b = order.AppendUint64(b, noTable) // extended attributes
	b = order.AppendUint64(b, uint64(s.inodeTable))
	b = order.AppendUint64(b, uint64(s.directoryTable))
	b = order.AppendUint64(b, uint64(s.fragmentTable))
	return order.AppendUint64(b, uint64(s.exportTable))
}
