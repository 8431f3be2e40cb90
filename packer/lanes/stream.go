// Streams: messages that are written in parts.
package lanes

import (
	"crypto/sha256"
	"hash"
	"sync"
)

// A stream is a hash.Hash whose blocks the engine hashes. Write returns when they are hashed.
type stream struct {
	engine *Engine
	state  state
	rest   []byte // of an incomplete block
	length int64
	job    job
	done   sync.WaitGroup
}

// NewHash returns a hash of one message, which is written in parts.
func (e *Engine) NewHash() hash.Hash {
	if e == nil {
		return sha256.New()
	}
	return &stream{engine: e, state: initial, rest: make([]byte, 0, blockBytes)}
}

func (s *stream) Write(content []byte) (int, error) {
	written := len(content)
	s.length += int64(written)
	if len(s.rest) > 0 {
		taken := min(blockBytes-len(s.rest), len(content))
		s.rest, content = append(s.rest, content[:taken]...), content[taken:]
		if len(s.rest) < blockBytes {
			return written, nil
		}
	}
	whole := len(content) &^ (blockBytes - 1)
	s.hash(&s.state, s.rest, content[:whole])
	s.rest = append(s.rest[:0], content[whole:]...)
	return written, nil
}

// hash waits until the engine has hashed two parts of whole blocks.
func (s *stream) hash(state *state, first, second []byte) {
	if len(first)+len(second) == 0 {
		return
	}
	s.done.Add(1)
	s.job = job{state, [2][]byte{first, second}, &s.done}
	s.engine.submit(&s.job)
	s.done.Wait()
}

func (s *stream) Sum(sum []byte) []byte {
	var tail [2 * blockBytes]byte
	state := s.state
	s.hash(&state, padded(&tail, s.rest, s.length), nil)
	digest := state.bytes()
	return append(sum, digest[:]...)
}

func (s *stream) Reset() {
	s.state, s.rest, s.length = initial, s.rest[:0], 0
}

func (s *stream) Size() int      { return sha256.Size }
func (s *stream) BlockSize() int { return blockBytes }
