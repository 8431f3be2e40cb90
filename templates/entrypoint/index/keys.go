// The keys of an index: the paths of the files in the image, sorted by their bytes.

package index

import (
	"bytes"
	"encoding/binary"
	"iter"
	"sort"
	"strings"
)

// Keys returns the rows [from, to) with their keys. The next iteration overwrites the bytes of a key.
func (ix *Index) Keys(from, to int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		key := append(make([]byte, 0, 256), ix.Mount...)
		key = append(key, '/')
		prefix := len(key)
		for block := from / blockRows; block*blockRows < to; block++ {
			coded := ix.block(block)
			for row := block * blockRows; row < min(to, (block+1)*blockRows); row++ {
				key, coded = nextPath(key, prefix, coded)
				if row >= from && !yield(row, key) {
					return
				}
			}
		}
	}
}

// AppendKeys appends the keys of the rows [from, to), each followed by `end`.
func (ix *Index) AppendKeys(dst []byte, from, to int, end byte) []byte {
	mount := ix.Mount + "/"
	for block := from / blockRows; from < to && block*blockRows < to; block++ {
		coded, start, cut := ix.block(block), len(dst), len(dst)
		key, size := start, len(mount) // start and size of the previous key in dst
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

// Containing returns the rows [from, to) whose keys contain the term, with their keys. It does not search the prefix that a
// key shares with the previous key again, except for the end of the prefix, where a match can begin.
func (ix *Index) Containing(term []byte, from, to int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		key := append(make([]byte, 0, 256), ix.Mount...)
		key = append(key, '/')
		prefix, searched := len(key), 0
		needed := ix.needed(term)
		until := 0 // the end of the first occurrence in the key, 0 without occurrence
		for block := from / blockRows; block*blockRows < to; block++ {
			coded := ix.block(block)
			if lacksAny(coded, needed) {
				searched, until = 0, 0
				continue
			}
			for row := block * blockRows; row < min(to, (block+1)*blockRows); row++ {
				shared, _ := length(coded)
				key, coded = nextPath(key, prefix, coded)
				if known := min(prefix+shared, searched); until == 0 || until > known {
					until = firstEnd(key, term, max(known-len(term)+1, 0))
				}
				searched = len(key)
				if until > 0 && row >= from && !yield(row, key) {
					return
				}
			}
		}
	}
}

// needed returns the bytes of the term that a path must contain if its key contains the term.
func (ix *Index) needed(term []byte) []byte {
	var needed []byte
	for _, one := range term {
		if one != '/' && strings.IndexByte(ix.Mount, one) < 0 && bytes.IndexByte(needed, one) < 0 {
			needed = append(needed, one)
		}
	}
	return needed
}

// lacksAny reports whether at least one of the bytes is missing in a block, and so in all of its paths.
func lacksAny(coded, needed []byte) bool {
	for _, one := range needed {
		if bytes.IndexByte(coded, one) < 0 {
			return true
		}
	}
	return false
}

// firstEnd returns the end of the first occurrence of the term in key[from:], as an index of key, or 0.
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
		key, coded = nextPath(dst[start:], prefix, coded)
		dst = append(dst[:start], key...)
	}
	return dst
}

// LowerBound returns the first row whose key is not less than `key`, or Rows if there is no such row.
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

// Find returns the row of a key and whether the index contains the key.
func (ix *Index) Find(key []byte) (int, bool) {
	row := ix.LowerBound(key)
	return row, row < ix.Rows && bytes.Equal(ix.AppendKey(nil, row), key)
}

// WithPrefix returns the range [from, to) of the rows whose keys begin with `prefix`.
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

// block returns the encoded paths of a block.
func (ix *Index) block(number int) []byte {
	return ix.names.slice(ix.starts.at(number), ix.starts.at(number+1))
}

// nextPath replaces the path in `key` after `prefix` by the next path of `coded`, and returns the key and the rest of `coded`.
func nextPath(key []byte, prefix int, coded []byte) ([]byte, []byte) {
	shared, rest, coded := nextLengths(len(key)-prefix, coded)
	return append(key[:prefix+shared], coded[:rest]...), coded[rest:]
}

// nextLengths returns the number of bytes that a path shares with the previous path, which has `size` bytes, the number of
// its other bytes, and `coded` from these bytes on.
func nextLengths(size int, coded []byte) (shared, rest int, left []byte) {
	shared, left = length(coded)
	rest, left = length(left)
	if shared > size || rest > len(left) {
		damagedf("a path with %d shared and %d other bytes exceeds its block or the previous path", shared, rest)
	}
	return shared, rest, left
}

// length returns the length at the start of encoded paths, and the bytes after it.
func length(coded []byte) (int, []byte) {
	if len(coded) > 0 && coded[0] < 255 {
		return int(coded[0]), coded[1:]
	}
	if len(coded) < 5 {
		damagedf("a block of paths is too short")
	}
	return int(binary.LittleEndian.Uint32(coded[1:])), coded[5:]
}
