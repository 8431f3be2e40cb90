// Whole messages: their padding and their digests.
package lanes

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"
)

// state is the hash value between two blocks. Source: FIPS 180-4, 6.2.
type state [8]uint32

var initial = state{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

var constants = [64]uint32{
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
}

// A Message is some bytes and, after Engine.Sum, their digest.
type Message struct {
	Content []byte
	Sum     [sha256.Size]byte

	state state
	tail  [2 * blockBytes]byte
	job   job
}

// Sum computes the digests of all messages.
func (e *Engine) Sum(messages []Message) {
	if e == nil {
		for i := range messages {
			messages[i].Sum = sha256.Sum256(messages[i].Content)
		}
		return
	}
	var done sync.WaitGroup
	done.Add(len(messages))
	jobs := make([]*job, len(messages))
	for i := range messages {
		jobs[i] = messages[i].begin(&done)
	}
	e.submit(jobs...)
	done.Wait()
	for i := range messages {
		messages[i].Sum = messages[i].state.bytes()
	}
}

func (m *Message) begin(done *sync.WaitGroup) *job {
	whole := len(m.Content) &^ (blockBytes - 1)
	m.state = initial
	m.job = job{&m.state, [2][]byte{m.Content[:whole], padded(&m.tail, m.Content[whole:], int64(len(m.Content)))}, done}
	return &m.job
}

// padded fills tail with the last bytes of a message of the given length, and the padding (FIPS 180-4, 5.1.1).
func padded(tail *[2 * blockBytes]byte, last []byte, length int64) []byte {
	*tail = [2 * blockBytes]byte{}
	copy(tail[:], last)
	tail[len(last)] = 0x80
	end := blockBytes
	if len(last)+9 > blockBytes {
		end = 2 * blockBytes
	}
	binary.BigEndian.PutUint64(tail[end-8:], uint64(length)<<3)
	return tail[:end]
}

func (s *state) bytes() (sum [sha256.Size]byte) {
	for i, word := range s {
		binary.BigEndian.PutUint32(sum[4*i:], word)
	}
	return sum
}
