// The encoded records, columns and refused entries that a task finds.
package scan

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"syscall"

	"packer/shardlist"
)

const (
	// The approximate number of bytes that a record needs besides its path.
	numbersBytes = 80
	// Little-endian 64-bit numbers: the record's end in the file of records, its size, the start of the path's SHA-256.
	columnsBytes = 24
)

// found contains consecutive records and refused entries.
type found struct {
	records                              []byte // in the format that shardlist reads
	columns                              []byte // one row for each record; the ends count from the start of records
	refused                              []byte // path, reason and symlink target of each refused entry, each terminated by NUL
	recordCount, fileCount, refusedCount int64
	fileBytes                            int64
	broken                               Broken
	leftOut                              []int64 // nil, or the number of entries that each default excludes
}

// A builder collects the parts of a task.
type builder struct {
	columns bool // whether to write columns
	inodes  bool // whether to write inode numbers instead of 0
	parts   []part
	current found
}

// grow allocates memory for the records of so many names in one folder.
func (b *builder) grow(names, folderBytes int) {
	b.current.records = slices.Grow(b.current.records, names*(numbersBytes+folderBytes))
	if b.columns {
		b.current.columns = slices.Grow(b.current.columns, names*columnsBytes)
	}
}

// appendTask ends the current part; the records of another task follow it.
func (b *builder) appendTask(next *task) {
	b.parts = append(b.parts, part{b.current, next})
	// The next part uses the rest of the allocated memory.
	rest := found{records: b.current.records[len(b.current.records):]}
	rest.columns = b.current.columns[len(b.current.columns):]
	b.current = rest
}

// finish returns the parts; no task follows the last part.
func (b *builder) finish() []part {
	return append(b.parts, part{found: b.current})
}

// leaveOut counts an entry that one of the defaults excludes.
func (b *builder) leaveOut(rule, defaults int) {
	if b.current.leftOut == nil {
		b.current.leftOut = make([]int64, defaults)
	}
	b.current.leftOut[rule]++
}

// addFile adds the record of a file; through is Record.Through.
func (b *builder) addFile(folder, name string, through int, status *syscall.Stat_t) {
	b.add(shardlist.File, folder, name, "", through, status, status.Size)
	b.current.fileCount++
	b.current.fileBytes += status.Size
}

func (b *builder) addLink(folder, name, target string, through int, status *syscall.Stat_t) {
	b.add(shardlist.Link, folder, name, target, through, status, int64(len(target)))
}

// addEmptyFolder adds the record of an empty folder, without times and size: excluded files in the folder change them.
func (b *builder) addEmptyFolder(folder string, through int) {
	b.add(shardlist.Folder, "", folder[:len(folder)-1], "", through, &syscall.Stat_t{Mode: 0o755}, 0)
}

// add appends a record, in the same encoding as shardlist.Record.encode of the Python package.
func (b *builder) add(kind byte, folder, name, target string, through int, status *syscall.Stat_t, size int64) {
	r := append(b.current.records, kind, ' ')
	r = append(strconv.AppendUint(r, uint64(status.Mode&0o7777), 8), ' ')
	r = append(strconv.AppendInt(r, size, 10), ' ')
	r = append(strconv.AppendInt(r, status.Mtim.Nano(), 10), ' ')
	r = append(strconv.AppendInt(r, status.Ctim.Nano(), 10), ' ')
	inode := status.Ino
	if !b.inodes {
		inode = 0
	}
	r = strconv.AppendUint(r, inode, 10)
	if through > 0 {
		r = strconv.AppendInt(append(r, ' '), int64(through), 10)
	}
	r = append(r, 0)
	start := len(r)
	r = append(append(r, folder...), name...)
	path := r[start:]
	r = append(append(append(r, 0), target...), 0)
	b.current.records = r
	b.current.recordCount++
	if b.columns {
		b.addColumns(uint64(len(r)), uint64(size), path)
	}
}

func (b *builder) addColumns(end, size uint64, path []byte) {
	digest := sha256.Sum256(path)
	c := binary.LittleEndian.AppendUint64(b.current.columns, end)
	c = binary.LittleEndian.AppendUint64(c, size)
	b.current.columns = binary.LittleEndian.AppendUint64(c, binary.BigEndian.Uint64(digest[:]))
}
