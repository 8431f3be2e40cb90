// Blocks: pieces of the layer's tar, which many workers fill and the consumers use in order.
package hash

import (
	"sync"
	"sync/atomic"

	"packer/dataset"
	"packer/shardlist"
)

const (
	// A block stays in the processor's L2 cache until the second digest has read it; larger blocks are slower.
	blockBytes = 128 << 10
	// The number of blocks limits the memory of all shards, and how far reading runs ahead of hashing and writing.
	blockCount = 96
	// Without a layer, empty files need no bytes in a block, so the number of pieces must be limited too.
	maxPieces = 1024
)

// A block passes from the planner to a worker, the sequencer, all consumers, and back to the pool.
type block struct {
	run      *run // the shard
	bytes    []byte
	pieces   []piece    // only the first piece may be a part of a large file
	firstRow int64      // row of the digests of the first whole file or symlink
	filled   chan error // receives the worker's result
	users    atomic.Int32
}

// A piece is a worker's task for one record: read a file or a part of a file, or check a symlink or folder.
type piece struct {
	record  *shardlist.Record
	content []byte // the piece's bytes in the block
	large   *largeFile
	offset  int64 // of content in the large file
}

// last reports whether the piece is the last piece of its large file.
func (p *piece) last() bool {
	return p.offset+int64(len(p.content)) == p.record.Size
}

// part returns the block's piece of a large file, or nil.
func (b *block) part() *piece {
	if len(b.pieces) > 0 && b.pieces[0].large != nil {
		return &b.pieces[0]
	}
	return nil
}

// A largeFile does not fit into a block: several workers read it, and consumers compute its digests in order.
type largeFile struct {
	row     int64
	pending atomic.Int64 // number of bytes that are not read yet
	once    sync.Once
	file    *dataset.File
	err     error
}

// open returns the file, which the first caller opens.
func (l *largeFile) open(reader *dataset.Reader, record *shardlist.Record) (*dataset.File, error) {
	l.once.Do(func() { l.file, l.err = reader.OpenFile(record) })
	return l.file, l.err
}

// A pool contains the unused blocks.
type pool chan *block

func newPool() pool {
	p := make(pool, blockCount)
	for range blockCount {
		p <- &block{bytes: make([]byte, 0, blockBytes), filled: make(chan error, 1)}
	}
	return p
}

// take returns an empty block of the shard, after waiting for it.
func (r *run) take() *block {
	b := <-r.pool
	b.run, b.bytes = r, b.bytes[:0]
	clear(b.pieces)
	b.pieces = b.pieces[:0]
	return b
}

// release returns the block to the pool when its last user releases it.
func (p pool) release(b *block) {
	if b.users.Add(-1) == 0 {
		p <- b
	}
}
