// Package digest holds the algorithms that a file can be hashed with, by the packer and by the entrypoint; a line registers
// one.
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

// Algorithm is a digest by its name in the configuration.
type Algorithm struct {
	Name string
	Size int // bytes of a digest
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

// newCRC32C gives four bytes, the most significant first.
func newCRC32C() hash.Hash {
	return crc32.New(crc32.MakeTable(crc32.Castagnoli))
}

// Parse returns the algorithms of the given names, in their order.
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

// Set computes several digests of the same bytes, over and over.
type Set []hash.Hash

// NewSet returns a Set of the algorithms, in their order.
func NewSet(algorithms []Algorithm) Set {
	var set Set
	for _, algorithm := range algorithms {
		set = append(set, algorithm.New())
	}
	return set
}

// Reset makes them digests of no bytes again.
func (s Set) Reset() {
	for _, one := range s {
		one.Reset()
	}
}

// Write adds bytes to each.
func (s Set) Write(content []byte) {
	for _, one := range s {
		one.Write(content)
	}
}

// Append appends the digests of content to sums, one behind the other, without allocating.
func (s Set) Append(sums, content []byte) []byte {
	for _, one := range s {
		one.Reset()
		one.Write(content)
		sums = one.Sum(sums)
	}
	return sums
}

// Width returns how many bytes the digests of a file take together.
func Width(algorithms []Algorithm) int {
	width := 0
	for _, algorithm := range algorithms {
		width += algorithm.Size
	}
	return width
}
