// Package blake3 computes BLAKE3 digests of 32 bytes in plain Go.
//
// Source: "BLAKE3: one function, fast everywhere", https://github.com/BLAKE3-team/BLAKE3-specs, section 2.
package blake3

import (
	"encoding/binary"
	"math/bits"
)

const (
	// Size of a digest in bytes.
	Size = 32
	// BlockSize is the input of one compression in bytes.
	BlockSize = 64

	chunkBytes = 1024
	// A stack of 54 subtrees is enough for 2^54 chunks, which are 2^64 bytes.
	maxDepth = 54
)

// The flags of a compression, section 2.3.
const (
	chunkStart = 1 << iota
	chunkEnd
	parent
	root
)

type chainingValue [8]uint32

// iv is the initialization vector, the same values as in SHA-256, section 2.2.
var iv = chainingValue{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// node is the input of a compression that is delayed, because the node may be the root.
type node struct {
	cv      chainingValue
	message [16]uint32
	counter uint64
	length  uint32
	flags   uint32
}

// Hasher is a hash.Hash: a binary tree over chunks of 1024 bytes. Only the right edge of the tree is kept in memory.
type Hasher struct {
	stack  [maxDepth]chainingValue // complete subtrees, the largest first
	depth  int
	chunks uint64 // number of chunks in the stack

	cv       chainingValue // of the current chunk, without the buffered block
	block    [BlockSize]byte
	buffered int // number of bytes in block
	blocks   int // number of blocks in cv
}

// New returns a Hasher without any input.
func New() *Hasher {
	h := new(Hasher)
	h.Reset()
	return h
}

// Reset removes all input.
func (h *Hasher) Reset() {
	h.depth, h.chunks = 0, 0
	h.startChunk()
}

// Size returns the size of a digest in bytes.
func (h *Hasher) Size() int { return Size }

// BlockSize returns the input of one compression in bytes.
func (h *Hasher) BlockSize() int { return BlockSize }

// Write adds bytes to the input; the error is always nil.
func (h *Hasher) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		// A full block is compressed only when more bytes follow: the last block of the input needs other flags.
		if h.buffered == BlockSize {
			h.addBlock()
		}
		n := copy(h.block[h.buffered:], p)
		h.buffered += n
		p = p[n:]
	}
	return written, nil
}

// Sum appends the digest of all bytes written so far to sum; writing may continue afterwards.
func (h *Hasher) Sum(sum []byte) []byte {
	last := h.lastBlock()
	for i := h.depth - 1; i >= 0; i-- {
		cv := last.chain()
		last = parentOf(&h.stack[i], &cv)
	}
	last.flags |= root
	last.counter = 0
	cv := last.chain()
	for _, word := range cv {
		sum = binary.LittleEndian.AppendUint32(sum, word)
	}
	return sum
}

// addBlock compresses the full buffered block, after which more bytes follow.
func (h *Hasher) addBlock() {
	last := h.lastBlock()
	if (h.blocks+1)*BlockSize < chunkBytes {
		last.flags &^= chunkEnd
		h.cv = last.chain()
		h.blocks++
		h.buffered = 0
		return
	}
	h.push(last.chain())
	h.startChunk()
}

// push adds the chaining value of a chunk to the stack and joins subtrees of equal size; section 2.4.
func (h *Hasher) push(cv chainingValue) {
	h.chunks++
	for range bits.TrailingZeros64(h.chunks) {
		h.depth--
		joined := parentOf(&h.stack[h.depth], &cv)
		cv = joined.chain()
	}
	h.stack[h.depth] = cv
	h.depth++
}

func (h *Hasher) startChunk() {
	h.cv, h.buffered, h.blocks = iv, 0, 0
}

// lastBlock returns the buffered block as the last node of the current chunk.
func (h *Hasher) lastBlock() node {
	n := node{cv: h.cv, counter: h.chunks, length: uint32(h.buffered), flags: chunkEnd}
	clear(h.block[h.buffered:])
	for i := range n.message {
		n.message[i] = binary.LittleEndian.Uint32(h.block[4*i:])
	}
	if h.blocks == 0 {
		n.flags |= chunkStart
	}
	return n
}

func parentOf(left, right *chainingValue) node {
	n := node{cv: iv, length: BlockSize, flags: parent}
	copy(n.message[:8], left[:])
	copy(n.message[8:], right[:])
	return n
}
