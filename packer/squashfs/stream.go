// The stream into the image: one goroutine fills a chunk while another goroutine writes the previous chunks.

package squashfs

import (
	"io"
	"sync/atomic"

	"packer/output"
)

const (
	// A chunk of this size stays in the processor's L2 cache between the read and the write.
	chunkBytes = 128 << 10
	chunkCount = 16
)

// ImageError is an error in writing the image, as opposed to an error in reading a layer.
type ImageError struct {
	Path string
	Err  error
}

func newImageError(path string, err error) *ImageError {
	return &ImageError{path, output.Cause(err)}
}

func (e *ImageError) Error() string {
	return output.Explain(e.Path, e.Err).Error()
}

func (e *ImageError) Unwrap() error { return e.Err }

// stream appends to a file, starting at an offset.
type stream struct {
	size    int64 // number of appended bytes
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

// drain writes the full chunks. After a failure it only releases them, so that Write does not wait forever.
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
		s.advance(n)
		p = p[n:]
	}
	return written, nil
}

// readFrom appends the next n bytes of r, which it reads directly into the chunks.
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
		s.advance(len(room))
		n -= int64(len(room))
	}
	return nil
}

// close waits until everything is written. The stream cannot be used afterwards.
func (s *stream) close() error {
	s.full <- s.chunk
	close(s.full)
	<-s.done
	return s.failed()
}

// room returns the free part of the current chunk, which is never empty.
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

func (s *stream) advance(n int) {
	s.chunk = s.chunk[:len(s.chunk)+n]
	s.size += int64(n)
}

func (s *stream) failed() error {
	if failure := s.failure.Load(); failure != nil {
		return failure
	}
	return nil
}
