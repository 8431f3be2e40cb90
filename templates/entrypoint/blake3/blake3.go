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
	// BlockSize is what one compression takes in, in bytes.
	BlockSize = 64

	chunkBytes = 1024
	// Enough for 2^54 chunks, which is 2^64 bytes.
	maxDepth = 54
)

// Flags of a compression, section 2.3.
const (
	chunkStart = 1 << iota
	chunkEnd
	parent
	root
)

type chainingValue [8]uint32

// The same as in SHA-256, section 2.2.
var iv = chainingValue{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

// node is the input of a compression that has not been done yet, as it may be the root.
type node struct {
	cv      chainingValue
	message [16]uint32
	counter uint64
	length  uint32
	flags   uint32
}

// Hasher is a hash.Hash: a binary tree over chunks of 1024 bytes of which only the right edge is kept.
type Hasher struct {
	stack  [maxDepth]chainingValue // subtrees that are complete, the largest first
	depth  int
	chunks uint64 // chunks that are in the stack

	cv       chainingValue // of the chunk that is being read
	block    [BlockSize]byte
	buffered int // bytes of block
	blocks   int // blocks of the chunk that are in cv
}

// New returns a Hasher of no bytes.
func New() *Hasher {
	h := new(Hasher)
	h.Reset()
	return h
}

// Reset makes it a Hasher of no bytes again.
func (h *Hasher) Reset() {
	h.depth, h.chunks = 0, 0
	h.startChunk()
}

// Size returns the bytes of a digest.
func (h *Hasher) Size() int { return Size }

// BlockSize returns what one compression takes in.
func (h *Hasher) BlockSize() int { return BlockSize }

// Write adds bytes; it never fails.
func (h *Hasher) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		// The last block of a chunk, and the last chunk, wait for more: they may be the root.
		if h.buffered == BlockSize {
			h.addBlock()
		}
		n := copy(h.block[h.buffered:], p)
		h.buffered += n
		p = p[n:]
	}
	return written, nil
}

// Sum appends the digest of what was written so far.
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

// addBlock takes in a full block behind which there are more bytes.
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

// push adds a chunk's chaining value, joining subtrees of the same size; section 2.4.
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

// lastBlock returns the buffered block as the end of its chunk.
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
