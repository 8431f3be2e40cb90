// Blocks: equal stretches of the layer's tar, filled by many workers and used up in their order.
package hash

import (
	"sync"
	"sync/atomic"

	"packer/dataset"
	"packer/shardlist"
)

const (
	// What the processor's second-level cache still holds when the second digest reads it; larger blocks are slower.
	blockBytes = 128 << 10
	// All the memory that data may take, and with it how far reading may be ahead of hashing and writing.
	blockCount = 96
	// Without a layer, empty files take no room in a block.
	maxPieces = 1024
)

// A block is handed from the planner to a worker, to the sequencer, to all that use its bytes, and back to the pool.
type block struct {
	bytes    []byte
	pieces   []piece // a part of a large file can only be the first
	firstRow int64   // of the digests of its whole files and links
	digests  []byte
	filled   chan error // how the worker ended
	users    atomic.Int32
}

// A piece is what a worker does for a record in a block: it reads a file, or a part of one, or looks at a link.
type piece struct {
	record  *shardlist.Record
	content []byte // the place in the block's bytes
	large   *largeFile
	offset  int64 // in the large file
}

// last tells whether a piece of a large file is its last.
func (p *piece) last() bool {
	return p.offset+int64(len(p.content)) == p.record.Size
}

// part returns the part of a large file that the block begins with, if it does.
func (b *block) part() *piece {
	if len(b.pieces) > 0 && b.pieces[0].large != nil {
		return &b.pieces[0]
	}
	return nil
}

// A largeFile does not fit in a block: several workers read it, and its digests are computed in the blocks' order.
type largeFile struct {
	row     int64
	pending atomic.Int64 // bytes that were not read yet
	once    sync.Once
	file    *dataset.File
	err     error
}

// open returns the file; the first of the workers opens it.
func (l *largeFile) open(reader *dataset.Reader, record *shardlist.Record) (*dataset.File, error) {
	l.once.Do(func() { l.file, l.err = reader.OpenFile(record) })
	return l.file, l.err
}

// A pool holds the blocks that nobody uses.
type pool chan *block

func newPool() pool {
	p := make(pool, blockCount)
	for range blockCount {
		p <- &block{bytes: make([]byte, 0, blockBytes), filled: make(chan error, 1)}
	}
	return p
}

// take waits for an empty block.
func (p pool) take() *block {
	b := <-p
	b.bytes, b.digests = b.bytes[:0], b.digests[:0]
	clear(b.pieces)
	b.pieces = b.pieces[:0]
	return b
}

// release takes the block back from the last of its users.
func (p pool) release(b *block) {
	if b.users.Add(-1) == 0 {
		p <- b
	}
}
