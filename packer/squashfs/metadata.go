// Metadata blocks: all tables are cut into pieces of 8 KiB, and the length comes before each piece.

package squashfs

import (
	"encoding/binary"
	"io"
)

const (
	metadataBytes  = 8192
	metadataHeader = 2
	// Flag in the length of a metadata block: the block is not compressed.
	metadataUncompressed = 0x8000
)

// metadata is a writer that cuts its content into uncompressed metadata blocks.
// Source: https://dr-emann.github.io/squashfs/, "Packing Metadata".
type metadata struct {
	out   io.Writer
	size  int64  // total size of the finished blocks, with their headers
	block []byte // the current block, with room for its header
}

func newMetadata(out io.Writer) *metadata {
	return &metadata{out: out, block: make([]byte, metadataHeader, metadataHeader+metadataBytes)}
}

// Write appends p, which may continue in the next block.
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

// reference returns the position of the next byte: the start of its block in the table, and 16 bits for the offset in the
// block.
func (m *metadata) reference() uint64 {
	return uint64(m.size)<<16 | uint64(len(m.block)-metadataHeader)
}

// flush writes the current block unless it is empty.
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
