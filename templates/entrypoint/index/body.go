// The body of an index: sections of bytes whose checksums are verified at the first access.

package index

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"runtime/debug"
	"sync/atomic"
)

// chunkBytes is the size of the part of the body that one checksum covers: small enough for a query of one key, and large
// enough that the checksums take less than a thousandth of an index of ten million files.
const chunkBytes = 1 << 14

// DamagedError is the error for an index that is damaged or has another format version.
type DamagedError struct{ Problem string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the index in this image %s; pull or build the image again", e.Problem)
}

// Guard runs f and returns its error. If f panics because of a damaged index, or because the file of the program lacks
// bytes or cannot be read, Guard returns a DamagedError. Each goroutine that reads an index needs its own Guard.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case *DamagedError:
			err = reason
		case interface{ Addr() uintptr }:
			err = &DamagedError{"is damaged: the file of the program is too short, or its disk cannot be read"}
		default:
			panic(reason)
		}
	}()
	return f()
}

// damagedf panics with a DamagedError, which Guard returns.
func damagedf(format string, values ...any) {
	panic(&DamagedError{"is damaged: " + fmt.Sprintf(format, values...)})
}

// body contains the bytes after the head. Any number of goroutines can read it.
type body struct {
	data     []byte
	sums     []byte          // a checksum for each chunk
	verified []atomic.Uint32 // a bit for each chunk, set after its checksum was verified
}

func newBody(data, sums []byte) *body {
	return &body{data, sums, make([]atomic.Uint32, (len(sums)/4+31)/32)}
}

// slice returns data[from:to], which must be inside the body, after verifying its checksums.
func (b *body) slice(from, to int) []byte {
	for chunk := from / chunkBytes; chunk*chunkBytes < to; chunk++ {
		if b.verified[chunk/32].Load()&(1<<(chunk%32)) == 0 {
			b.check(chunk)
		}
	}
	return b.data[from:to:to]
}

func (b *body) check(chunk int) {
	from := chunk * chunkBytes
	to := min(from+chunkBytes, len(b.data))
	if crc32.ChecksumIEEE(b.data[from:to]) != binary.LittleEndian.Uint32(b.sums[4*chunk:]) {
		damagedf("checksum mismatch in bytes %d to %d of the body", from, to)
	}
	b.verified[chunk/32].Or(1 << (chunk % 32))
}

// section is a contiguous part of the body.
type section struct {
	body         *body
	offset, size int
}

// slice returns the bytes [from, to) of the section.
func (s section) slice(from, to uint64) []byte {
	if from > to || to > uint64(s.size) {
		damagedf("bytes %d to %d are outside of a section of %d bytes", from, to, s.size)
	}
	return s.body.slice(s.offset+int(from), s.offset+int(to))
}

// numbers is a section of unsigned integers or digests of equal width.
type numbers struct {
	section
	width  int
	window []byte // the items from `first` on, for fast access to many consecutive items; otherwise nil
	first  int
}

// between returns numbers for fast access to the items [from, to) only.
func (n *numbers) between(from, to int) numbers {
	width := uint64(n.width)
	return numbers{section: n.section, width: n.width, first: from, window: n.slice(uint64(from)*width, uint64(to)*width)}
}

func (n *numbers) item(i int) []byte {
	if n.window != nil {
		at := (i - n.first) * n.width
		return n.window[at : at+n.width]
	}
	return n.slice(uint64(i)*uint64(n.width), uint64(i+1)*uint64(n.width))
}

func (n *numbers) at(i int) uint64 {
	item := n.item(i)
	switch n.width {
	case 1:
		return uint64(item[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(item))
	case 4:
		return uint64(binary.LittleEndian.Uint32(item))
	case 8:
		return binary.LittleEndian.Uint64(item)
	}
	var value uint64
	for k, one := range item {
		value |= uint64(one) << (8 * k)
	}
	return value
}

// bitmap is a section with a bit for each row.
type bitmap struct{ section }

func (b bitmap) at(i int) bool {
	return b.slice(uint64(i)/8, uint64(i)/8+1)[0]>>(i%8)&1 == 1
}

// count returns the number of set bits.
func (b bitmap) count() int {
	total := 0
	for _, one := range b.slice(0, uint64(b.size)) {
		total += bits.OnesCount8(one)
	}
	return total
}
