// Metadata blocks: all tables are cut into pieces of 8 KiB, each behind its length.

package squashfs

import (
	"encoding/binary"
	"io"
)

const (
	metadataBytes  = 8192
	metadataHeader = 2
	// In a metadata block's length, the mark of one that is not compressed.
	metadataUncompressed = 0x8000
)

// metadata cuts what is written to it into uncompressed metadata blocks.
// Source: https://dr-emann.github.io/squashfs/, "Packing Metadata".
type metadata struct {
	out   io.Writer
	size  int64  // bytes of the finished blocks, with their headers
	block []byte // the block that is being filled, behind room for its header
}

func newMetadata(out io.Writer) *metadata {
	return &metadata{out: out, block: make([]byte, metadataHeader, metadataHeader+metadataBytes)}
}

// Write appends p, which may go on in the next block.
func (m *metadata) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		n := min(len(p), cap(m.block)-len(m.block))
		m.block = append(m.block, p[:n]...)
		p = p[n:]
		if len(m.block) == cap(m.block) {
			if err := m.flush(); err != nil {
				return 0, err
			}
		}
	}
	return written, nil
}

// reference tells where the next byte goes: the start of its block, counted from the table's, and 16 bits for the place
// in the block.
func (m *metadata) reference() uint64 {
	return uint64(m.size)<<16 | uint64(len(m.block)-metadataHeader)
}

// flush ends the last block, if there is one.
func (m *metadata) flush() error {
	content := len(m.block) - metadataHeader
	if content == 0 {
		return nil
	}
	binary.LittleEndian.PutUint16(m.block, uint16(content)|metadataUncompressed)
	_, err := m.out.Write(m.block)
	m.size += int64(len(m.block))
	m.block = m.block[:metadataHeader]
	return err
}
