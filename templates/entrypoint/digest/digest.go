// Package digest contains the hash algorithms of the packer and of the entrypoint. A new algorithm is one line of
// `registered`.
package digest

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"
	"hash/crc32"
	"slices"
	"strings"

	"entrypoint/blake3"
)

// Algorithm is a hash algorithm with its name in the configuration.
type Algorithm struct {
	Name string
	Size int // of a digest, in bytes
	New  func() hash.Hash
}

var registered = []Algorithm{
	{"sha256", sha256.Size, sha256.New},
	{"sha1", sha1.Size, sha1.New},
	{"sha512", sha512.Size, sha512.New},
	{"md5", md5.Size, md5.New},
	{"crc32c", crc32.Size, newCRC32C},
	{"blake3", blake3.Size, func() hash.Hash { return blake3.New() }},
}

// newCRC32C returns a hash with digests of four bytes, the most significant first.
func newCRC32C() hash.Hash {
	return crc32.New(crc32.MakeTable(crc32.Castagnoli))
}

// Parse returns the algorithms with the given names, in the same order.
func Parse(names []string) ([]Algorithm, error) {
	var algorithms []Algorithm
	for _, name := range names {
		i := slices.IndexFunc(registered, func(a Algorithm) bool { return a.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("unknown digest %q: the digests are %s", name, allNames())
		}
		algorithms = append(algorithms, registered[i])
	}
	return algorithms, nil
}

func allNames() string {
	var names []string
	for _, algorithm := range registered {
		names = append(names, algorithm.Name)
	}
	return strings.Join(names, ", ")
}

// Set computes several digests of the same bytes and can be reused after Reset.
type Set []hash.Hash

// NewSet returns a Set of the algorithms, in the same order.
func NewSet(algorithms []Algorithm) Set {
	var set Set
	for _, algorithm := range algorithms {
		set = append(set, algorithm.New())
	}
	return set
}

// Reset removes the input of all digests.
func (s Set) Reset() {
	for _, one := range s {
		one.Reset()
	}
}

// Write adds bytes to the input of all digests.
func (s Set) Write(content []byte) {
	for _, one := range s {
		one.Write(content)
	}
}

// Append appends the digests of content to sums, in the order of the set, without allocating.
func (s Set) Append(sums, content []byte) []byte {
	for _, one := range s {
		one.Reset()
		one.Write(content)
		sums = one.Sum(sums)
	}
	return sums
}

// Width returns the total size of one digest of each algorithm in bytes.
func Width(algorithms []Algorithm) int {
	width := 0
	for _, algorithm := range algorithms {
		width += algorithm.Size
	}
	return width
}
