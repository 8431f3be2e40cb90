// The records, columns and offenders that a task finds, as bytes.
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
	// A record's numbers take about so many bytes.
	numbersBytes = 80
	// Three numbers of 64 bits, little-endian: where the record ends among all, the size, the start of the path's digest.
	columnsBytes = 24
)

// found is a run of records and offenders.
type found struct {
	records   []byte // as shardlist reads them
	columns   []byte // of each record; its end counts from the run's start
	offenders []byte // path, reason and target of each, ended by NUL
	// How many there are.
	recordCount, fileCount, offenderCount int64
	fileBytes                             int64
}

// A builder makes the parts of a task.
type builder struct {
	columns bool // whether columns are wanted
	parts   []part
	current found
}

// expect makes room for records.
func (b *builder) expect(names, folderBytes int) {
	b.current.records = slices.Grow(b.current.records, names*(numbersBytes+folderBytes))
	if b.columns {
		b.current.columns = slices.Grow(b.current.columns, names*columnsBytes)
	}
}

// follow ends a part: what another task finds comes next.
func (b *builder) follow(next *task) {
	b.parts = append(b.parts, part{b.current, next})
	// The next part's records take the rest of the room.
	rest := found{records: b.current.records[len(b.current.records):]}
	rest.columns = b.current.columns[len(b.current.columns):]
	b.current = rest
}

// finish returns the parts, the last of which has nothing behind it.
func (b *builder) finish() []part {
	return append(b.parts, part{found: b.current})
}

// addFile adds a file; through: how much of its path leads through links.
func (b *builder) addFile(folder, name string, through int, status *syscall.Stat_t) {
	b.add(shardlist.File, folder, name, "", through, status, status.Size)
	b.current.fileCount++
	b.current.fileBytes += status.Size
}

func (b *builder) addLink(folder, name, target string, through int, status *syscall.Stat_t) {
	b.add(shardlist.Link, folder, name, target, through, status, int64(len(target)))
}

// addEmptyFolder adds a folder; its times and size change with the files left out of it, and mean nothing.
func (b *builder) addEmptyFolder(folder string, through int) {
	b.add(shardlist.Folder, "", folder[:len(folder)-1], "", through, &syscall.Stat_t{Mode: 0o755}, 0)
}

// add appends a record, as shardlist.Record.encode of the Python package does.
func (b *builder) add(kind byte, folder, name, target string, through int, status *syscall.Stat_t, size int64) {
	r := append(b.current.records, kind, ' ')
	r = append(strconv.AppendUint(r, uint64(status.Mode&0o7777), 8), ' ')
	r = append(strconv.AppendInt(r, size, 10), ' ')
	r = append(strconv.AppendInt(r, status.Mtim.Nano(), 10), ' ')
	r = append(strconv.AppendInt(r, status.Ctim.Nano(), 10), ' ')
	r = strconv.AppendUint(r, status.Ino, 10)
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
