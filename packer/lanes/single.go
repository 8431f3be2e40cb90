// One message at a time, with the standard library.
package lanes

import (
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
)

// After sliceBytes, other jobs may have arrived, so that lanes are faster.
const sliceBytes = 32 << 10

// single hashes one job at a time with the standard library.
type single struct {
	sum     hash.Hash
	encoded []byte
}

func newSingle() *single {
	return &single{sum: sha256.New()}
}

// The state of crypto/sha256 as encoding.BinaryMarshaler: these bytes, the words, 64 bytes of a block, the length.
const magic = "sha\x03"

// hash hashes a slice of a job, and reports whether the job is done.
func (s *single) hash(one *job) bool {
	part := one.next()
	part = part[:min(len(part), sliceBytes)]
	s.load(one.state)
	s.sum.Write(part)
	s.store(one.state)
	return one.advance(len(part))
}

func (s *single) load(state *state) {
	s.encoded = append(s.encoded[:0], magic...)
	for _, word := range state {
		s.encoded = binary.BigEndian.AppendUint32(s.encoded, word)
	}
	s.encoded = append(s.encoded, make([]byte, blockBytes+8)...)
	if err := s.sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(s.encoded); err != nil {
		panic(err)
	}
}

func (s *single) store(state *state) {
	var err error
	if s.encoded, err = s.sum.(encoding.BinaryAppender).AppendBinary(s.encoded[:0]); err != nil {
		panic(err)
	}
	for i := range state {
		state[i] = binary.BigEndian.Uint32(s.encoded[len(magic)+4*i:])
	}
}
