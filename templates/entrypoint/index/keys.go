// The keys of an index: where a file lies in the image, in the order of the keys' bytes.

package index

import (
	"bytes"
	"encoding/binary"
	"iter"
	"sort"
	"strings"
)

// Keys returns the rows from `from` up to `to` with their keys. A key's bytes change with the next one.
func (ix *Index) Keys(from, to int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		key := append(make([]byte, 0, 256), ix.Mount...)
		key = append(key, '/')
		prefix := len(key)
		for block := from / blockRows; block*blockRows < to; block++ {
			coded := ix.block(block)
			for row := block * blockRows; row < min(to, (block+1)*blockRows); row++ {
				key, coded = nextName(key, prefix, coded)
				if row >= from && !yield(row, key) {
					return
				}
			}
		}
	}
}

// AppendKeys appends the keys of the rows from `from` up to `to`, each with `end` behind it.
func (ix *Index) AppendKeys(dst []byte, from, to int, end byte) []byte {
	mount := ix.Mount + "/"
	for block := from / blockRows; from < to && block*blockRows < to; block++ {
		coded, start, cut := ix.block(block), len(dst), len(dst)
		key, size := start, len(mount) // of the key before, in dst
		dst = append(dst, mount...)
		for row := block * blockRows; row < min(to, (block+1)*blockRows); row++ {
			shared, rest, left := nextLengths(size-len(mount), coded)
			at := len(dst)
			dst = append(dst, dst[key:key+len(mount)+shared]...)
			dst = append(append(dst, left[:rest]...), end)
			key, size, coded = at, len(mount)+shared+rest, left[rest:]
			if row == from || row == block*blockRows {
				cut = at
			}
		}
		dst = append(dst[:start], dst[cut:]...)
	}
	return dst
}

// Containing returns those of the rows from `from` up to `to` whose keys contain the term, with their keys. Of what a key shares
// with the one before it, only so much is looked at again as the term may reach into.
func (ix *Index) Containing(term []byte, from, to int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		key := append(make([]byte, 0, 256), ix.Mount...)
		key = append(key, '/')
		prefix, searched := len(key), 0
		needed := ix.needed(term)
		until := 0 // where the first occurrence in the key ends; 0 for none
		for block := from / blockRows; block*blockRows < to; block++ {
			coded := ix.block(block)
			if lacksOne(coded, needed) {
				searched, until = 0, 0
				continue
			}
			for row := block * blockRows; row < min(to, (block+1)*blockRows); row++ {
				shared, _ := length(coded)
				key, coded = nextName(key, prefix, coded)
				if same := min(prefix+shared, searched); until == 0 || until > same {
					until = firstEnd(key, term, max(same-len(term)+1, 0))
				}
				searched = len(key)
				if until > 0 && row >= from && !yield(row, key) {
					return
				}
			}
		}
	}
}

// needed returns the bytes of the term that a name must have for its key to contain the term.
func (ix *Index) needed(term []byte) []byte {
	var needed []byte
	for _, one := range term {
		if one != '/' && strings.IndexByte(ix.Mount, one) < 0 && bytes.IndexByte(needed, one) < 0 {
			needed = append(needed, one)
		}
	}
	return needed
}

// lacksOne reports whether one of the bytes is nowhere in a block, and so in none of its names.
func lacksOne(coded, needed []byte) bool {
	for _, one := range needed {
		if bytes.IndexByte(coded, one) < 0 {
			return true
		}
	}
	return false
}

// firstEnd returns where the first occurrence of the term at `from` or behind it ends, or 0.
func firstEnd(key, term []byte, from int) int {
	if at := bytes.Index(key[from:], term); at >= 0 {
		return from + at + len(term)
	}
	return 0
}

// AppendKey appends the key of a row.
func (ix *Index) AppendKey(dst []byte, row int) []byte {
	start := len(dst)
	dst = append(append(dst, ix.Mount...), '/')
	prefix := len(dst) - start
	coded := ix.block(row / blockRows)
	for range row%blockRows + 1 {
		var key []byte
		key, coded = nextName(dst[start:], prefix, coded)
		dst = append(dst[:start], key...)
	}
	return dst
}

// LowerBound returns the first row whose key is not less than `key`; Rows when there is none.
func (ix *Index) LowerBound(key []byte) int {
	blocks := (ix.Rows + blockRows - 1) / blockRows
	var buffer []byte
	after := sort.Search(blocks, func(block int) bool {
		buffer = ix.AppendKey(buffer[:0], block*blockRows)
		return bytes.Compare(buffer, key) >= 0
	})
	from, to := max(after-1, 0)*blockRows, min(after*blockRows, ix.Rows)
	for row, candidate := range ix.Keys(from, to) {
		if bytes.Compare(candidate, key) >= 0 {
			return row
		}
	}
	return to
}

// Find returns the row of a key, and whether there is one.
func (ix *Index) Find(key []byte) (int, bool) {
	row := ix.LowerBound(key)
	return row, row < ix.Rows && bytes.Equal(ix.AppendKey(nil, row), key)
}

// WithPrefix returns the rows, from the first up to the second, whose keys begin with `prefix`.
func (ix *Index) WithPrefix(prefix []byte) (int, int) {
	from := ix.LowerBound(prefix)
	for end := bytes.Clone(prefix); len(end) > 0; end = end[:len(end)-1] {
		if last := len(end) - 1; end[last] < 0xff {
			end[last]++
			return from, ix.LowerBound(end)
		}
	}
	return from, ix.Rows
}

// block returns the coded names of a block.
func (ix *Index) block(number int) []byte {
	return ix.names.stretch(ix.starts.at(number), ix.starts.at(number+1))
}

// nextName replaces the name in `key` behind `prefix` by the next one of `coded`, and gives what is left of that.
func nextName(key []byte, prefix int, coded []byte) ([]byte, []byte) {
	shared, rest, coded := nextLengths(len(key)-prefix, coded)
	return append(key[:prefix+shared], coded[:rest]...), coded[rest:]
}

// nextLengths returns how much a name shares with the one before it, of `size` bytes, how long the rest of it is, and the coded
// names from that rest on.
func nextLengths(size int, coded []byte) (shared, rest int, left []byte) {
	shared, left = length(coded)
	rest, left = length(left)
	if shared > size || rest > len(left) {
		damagedf("a name of %d shared and %d other bytes does not fit", shared, rest)
	}
	return shared, rest, left
}

// length takes a length from the front of coded names.
func length(coded []byte) (int, []byte) {
	if len(coded) > 0 && coded[0] < 255 {
		return int(coded[0]), coded[1:]
	}
	if len(coded) < 5 {
		damagedf("a block of names ends early")
	}
	return int(binary.LittleEndian.Uint32(coded[1:])), coded[5:]
}
