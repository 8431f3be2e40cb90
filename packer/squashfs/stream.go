// The stream into the image: one goroutine fills a chunk while another one writes those before it.

package squashfs

import (
	"io"
	"sync/atomic"

	"packer/output"
)

const (
	// Chunks of this size stay in the processor's second-level cache between the read and the write.
	chunkBytes = 128 << 10
	chunkCount = 16
)

// ImageError is a failure to write the image, as opposed to one of reading a layer.
type ImageError struct {
	Path string
	Err  error
}

func newImageError(path string, err error) *ImageError {
	return &ImageError{path, cause(err)}
}

func (e *ImageError) Error() string {
	return output.Explain(e.Path, e.Err).Error()
}

func (e *ImageError) Unwrap() error { return e.Err }

// stream appends to a file from an offset on.
type stream struct {
	size    int64 // bytes appended
	path    string
	chunk   []byte
	full    chan []byte
	free    chan []byte
	done    chan struct{}
	failure atomic.Pointer[ImageError]
}

func newStream(file io.WriterAt, path string, offset int64) *stream {
	s := &stream{
		path: path,
		full: make(chan []byte, chunkCount),
		free: make(chan []byte, chunkCount),
		done: make(chan struct{}),
	}
	for range chunkCount {
		s.free <- make([]byte, 0, chunkBytes)
	}
	s.chunk = <-s.free
	go s.drain(file, offset)
	return s
}

// drain writes the full chunks; after a failure it only gives them back, so that nobody waits for them.
func (s *stream) drain(file io.WriterAt, offset int64) {
	defer close(s.done)
	for chunk := range s.full {
		if s.failure.Load() == nil {
			if _, err := file.WriteAt(chunk, offset); err != nil {
				s.failure.Store(newImageError(s.path, err))
			}
		}
		offset += int64(len(chunk))
		s.free <- chunk[:0]
	}
}

// Write appends p.
func (s *stream) Write(p []byte) (int, error) {
	written := len(p)
	for len(p) > 0 {
		room, err := s.room()
		if err != nil {
			return 0, err
		}
		n := copy(room, p)
		s.filled(n)
		p = p[n:]
	}
	return written, nil
}

// readFrom appends the next n bytes of r, which it reads right into the chunks.
func (s *stream) readFrom(r io.Reader, n int64) error {
	for n > 0 {
		room, err := s.room()
		if err != nil {
			return err
		}
		room = room[:min(n, int64(len(room)))]
		if _, err := io.ReadFull(r, room); err != nil {
			return err
		}
		s.filled(len(room))
		n -= int64(len(room))
	}
	return nil
}

// close waits until all is written; the stream must not be used any more.
func (s *stream) close() error {
	s.full <- s.chunk
	close(s.full)
	<-s.done
	return s.failed()
}

// room returns what is free of the chunk at hand, which is never nothing.
func (s *stream) room() ([]byte, error) {
	if len(s.chunk) == cap(s.chunk) {
		s.full <- s.chunk
		s.chunk = <-s.free
		if err := s.failed(); err != nil {
			return nil, err
		}
	}
	return s.chunk[len(s.chunk):cap(s.chunk)], nil
}

func (s *stream) filled(n int) {
	s.chunk = s.chunk[:len(s.chunk)+n]
	s.size += int64(n)
}

func (s *stream) failed() error {
	if failure := s.failure.Load(); failure != nil {
		return failure
	}
	return nil
}
