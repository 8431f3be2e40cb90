// The inode table: all data about each file, symlink and directory, except its name.

package squashfs

import (
	"encoding/binary"
	"io"
	"math"
)

const (
	basicDirectory    = 1
	basicFile         = 2
	basicLink         = 3
	extendedDirectory = 8
	extendedFile      = 9

	noFragment = math.MaxUint32
	noXattrs   = math.MaxUint32
	// Flag in the size of a data block: the block is not compressed.
	blockUncompressed = 1 << 24
	// The entries `.` and `..` count in a directory's size, but are not stored.
	directoryExtra = 3
)

// inodeHeader appends the fields with which all inodes begin.
// Source: https://dr-emann.github.io/squashfs/, "Inode Table"; Linux, fs/squashfs/squashfs_fs.h.
func inodeHeader(b []byte, kind, mode uint16, number uint32) []byte {
	b = binary.LittleEndian.AppendUint16(b, kind)
	b = binary.LittleEndian.AppendUint16(b, mode)
	b = binary.LittleEndian.AppendUint16(b, 0) // position of the user in the ID table
	b = binary.LittleEndian.AppendUint16(b, 0) // position of the group in the ID table
	b = binary.LittleEndian.AppendUint32(b, 0) // modification time
	return binary.LittleEndian.AppendUint32(b, number)
}

// writeFile writes the inode of a file: an extended inode if its position or size needs more than 32 bits.
func writeFile(out io.Writer, one *node, number uint32) error {
	var room [56]byte
	var b []byte
	if one.start > math.MaxUint32 || one.size > math.MaxUint32 {
		b = inodeHeader(room[:0], extendedFile, one.mode, number)
		b = binary.LittleEndian.AppendUint64(b, one.start)
		b = binary.LittleEndian.AppendUint64(b, uint64(one.size))
		b = binary.LittleEndian.AppendUint64(b, 0) // bytes of holes
		b = binary.LittleEndian.AppendUint32(b, 1) // hard links
		b = binary.LittleEndian.AppendUint32(b, noFragment)
		b = binary.LittleEndian.AppendUint32(b, 0) // offset in the fragment
		b = binary.LittleEndian.AppendUint32(b, noXattrs)
	} else {
		b = inodeHeader(room[:0], basicFile, one.mode, number)
		b = binary.LittleEndian.AppendUint32(b, uint32(one.start))
		b = binary.LittleEndian.AppendUint32(b, noFragment)
		b = binary.LittleEndian.AppendUint32(b, 0) // offset in the fragment
		b = binary.LittleEndian.AppendUint32(b, uint32(one.size))
	}
	if _, err := out.Write(b); err != nil {
		return err
	}
	return writeBlockSizes(out, one.size)
}

// writeBlockSizes writes the sizes of the data blocks of a file, which are contiguous.
func writeBlockSizes(out io.Writer, size int64) error {
	var b [4]byte
	for ; size > 0; size -= blockBytes {
		binary.LittleEndian.PutUint32(b[:], uint32(min(size, blockBytes))|blockUncompressed)
		if _, err := out.Write(b[:]); err != nil {
			return err
		}
	}
	return nil
}

// writeLink writes the inode of a symlink, which contains the target.
func writeLink(out io.Writer, one *node, target []byte, number uint32) error {
	b := inodeHeader(make([]byte, 0, 24+len(target)), basicLink, one.mode, number)
	b = binary.LittleEndian.AppendUint32(b, 1) // hard links
	b = binary.LittleEndian.AppendUint32(b, uint32(len(target)))
	_, err := out.Write(append(b, target...))
	return err
}

// writeDirectory writes the inode of a directory: an extended inode if its listing has an index. Each listing that is too
// large for a basic inode has an index.
func writeDirectory(out io.Writer, mode uint16, number, parent uint32, l listing) error {
	size := uint32(l.size + directoryExtra)
	b := make([]byte, 0, 40+len(l.index))
	if l.indexed > 0 {
		b = inodeHeader(b, extendedDirectory, mode, number)
		b = binary.LittleEndian.AppendUint32(b, l.directories+2)
		b = binary.LittleEndian.AppendUint32(b, size)
		b = binary.LittleEndian.AppendUint32(b, uint32(l.reference>>16))
		b = binary.LittleEndian.AppendUint32(b, parent)
		b = binary.LittleEndian.AppendUint16(b, l.indexed)
		b = binary.LittleEndian.AppendUint16(b, uint16(l.reference))
		b = binary.LittleEndian.AppendUint32(b, noXattrs)
		b = append(b, l.index...)
	} else {
		b = inodeHeader(b, basicDirectory, mode, number)
		b = binary.LittleEndian.AppendUint32(b, uint32(l.reference>>16))
		b = binary.LittleEndian.AppendUint32(b, l.directories+2)
		b = binary.LittleEndian.AppendUint16(b, uint16(size))
		b = binary.LittleEndian.AppendUint16(b, uint16(l.reference))
		b = binary.LittleEndian.AppendUint32(b, parent)
	}
	_, err := out.Write(b)
	return err
}
