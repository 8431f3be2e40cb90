// The superblock: the first bytes of the image, which say where everything else lies.

package squashfs

import (
	"encoding/binary"
	"math/bits"
)

const (
	superblockBytes = 96
	magic           = 0x73717368
	// Readers that find the flags below never decompress, but they insist on a compressor that they know.
	compressionGzip = 1
	// As mksquashfs has it. Readers hold whole blocks in memory, and 1 MiB is read no faster, in order or at random.
	blockBytes = 128 << 10
	// The address of a table that is not there.
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

// superblock holds what differs between images; addresses count from the image's first byte.
type superblock struct {
	inodes         uint32
	root           uint64 // a reference, as metadata.reference gives it
	size           int64
	inodeTable     int64
	directoryTable int64
	fragmentTable  int64 // where it would be; readers take it for the end of the directory table
	exportTable    int64
	idTable        int64
}

// encode returns the superblock's bytes.
// Source: https://dr-emann.github.io/squashfs/, "The Superblock"; Linux, fs/squashfs/squashfs_fs.h.
func (s superblock) encode() []byte {
	order := binary.LittleEndian
	b := order.AppendUint32(make([]byte, 0, superblockBytes), magic)
	b = order.AppendUint32(b, s.inodes)
	b = order.AppendUint32(b, 0) // when it was made
	b = order.AppendUint32(b, blockBytes)
	b = order.AppendUint32(b, 0) // fragments
	b = order.AppendUint16(b, compressionGzip)
	b = order.AppendUint16(b, uint16(bits.Len(blockBytes)-1))
	b = order.AppendUint16(b, flags)
	b = order.AppendUint16(b, 1) // user and group numbers
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
