// The body of an index: sections of bytes that are checked when they are first needed.

package index

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/bits"
	"sync/atomic"
)

// chunkBytes is how much of the body one checksum stands for: little enough for a point query, and at ten million files
// the checksums still take less than a thousandth of the index.
const chunkBytes = 1 << 14

// DamagedError says that an index, or the file that holds it, is not as it was written, or has another version.
type DamagedError struct{ Problem string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("the index in this image %s; pull or build the image again", e.Problem)
}

// Guard runs f; damage that f meets in an index, and so panics with, becomes its error. Each goroutine that reads an index
// has its own.
func Guard(f func() error) (err error) {
	defer func() {
		if met := recover(); met != nil {
			damaged, ours := met.(*DamagedError)
			if !ours {
				panic(met)
			}
			err = damaged
		}
	}()
	return f()
}

func damagedf(format string, values ...any) {
	panic(&DamagedError{"is damaged: " + fmt.Sprintf(format, values...)})
}

// body holds the bytes behind the head. Any number of goroutines may read it.
type body struct {
	data []byte
	sums []byte
	good []atomic.Uint32 // a bit for each chunk whose checksum was found right
}

func newBody(data, sums []byte) *body {
	return &body{data, sums, make([]atomic.Uint32, (len(sums)/4+31)/32)}
}

// stretch returns data[from:to], which must be inside the body, once it is known to be undamaged.
func (b *body) stretch(from, to int) []byte {
	for chunk := from / chunkBytes; chunk*chunkBytes < to; chunk++ {
		if b.good[chunk/32].Load()&(1<<(chunk%32)) == 0 {
			b.check(chunk)
		}
	}
	return b.data[from:to:to]
}

func (b *body) check(chunk int) {
	from := chunk * chunkBytes
	to := min(from+chunkBytes, len(b.data))
	if crc32.ChecksumIEEE(b.data[from:to]) != binary.LittleEndian.Uint32(b.sums[4*chunk:]) {
		damagedf("the checksum of bytes %d to %d of its body is wrong", from, to)
	}
	b.good[chunk/32].Or(1 << (chunk % 32))
}

// section is a stretch of the body.
type section struct {
	body         *body
	offset, size int
}

// stretch returns the bytes from `from` up to `to` of the section.
func (s section) stretch(from, to uint64) []byte {
	if from > to || to > uint64(s.size) {
		damagedf("bytes %d to %d lie outside of a section of %d bytes", from, to, s.size)
	}
	return s.body.stretch(s.offset+int(from), s.offset+int(to))
}

// numbers is a section of unsigned integers, or digests, of the same width.
type numbers struct {
	section
	width  int
	window []byte // the items from `first` on, where many in a row are asked for
	first  int
}

// between returns the same items, of which only those from `from` up to `to` may be asked for.
func (n *numbers) between(from, to int) numbers {
	width := uint64(n.width)
	return numbers{section: n.section, width: n.width, first: from, window: n.stretch(uint64(from)*width, uint64(to)*width)}
}

func (n *numbers) item(i int) []byte {
	if n.window != nil {
		at := (i - n.first) * n.width
		return n.window[at : at+n.width]
	}
	return n.stretch(uint64(i)*uint64(n.width), uint64(i+1)*uint64(n.width))
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
	return b.stretch(uint64(i)/8, uint64(i)/8+1)[0]>>(i%8)&1 == 1
}

// count returns the number of ones.
func (b bitmap) count() int {
	total := 0
	for _, one := range b.stretch(0, uint64(b.size)) {
		total += bits.OnesCount8(one)
	}
	return total
}
