// Package gzip compresses a stream in parallel into one gzip member, whose bytes depend only on the content.
//
// The content is cut into blocks. Each block is compressed separately, with the end of the previous block as dictionary,
// and ends at a byte boundary. The concatenated blocks are one deflate stream.
//
// Source: RFC 1952, "GZIP file format"; RFC 1951, "DEFLATE"; pigz does the same.
package gzip

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync/atomic"
)

const (
	// The default of zlib and gzip. The measurements are in docs/decisions/0010-compression.md.
	level = 6
	// The size of a block; it is large compared to the dictionary and to the markers between blocks.
	blockBytes = 1 << 20
	// The window size of deflate.
	dictionaryBytes = 32 << 10
)

var (
	// Method deflate, no flags, no time, no extra flags, unknown operating system.
	header = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}
	// An empty final block.
	lastBlock = []byte{3, 0}
)

// A Writer compresses the content that is written to it.
type Writer struct {
	output  io.Writer
	current *block
	jobs    chan *block
	order   chan *block
	free    chan *block
	drained chan struct{}
	failure atomic.Pointer[error]
	crc     uint32
	size    uint32 // modulo 2^32, as in the trailer
}

// A block is filled by Write, compressed by a worker, and written by drain in order.
type block struct {
	dictionary []byte
	content    []byte
	compressed bytes.Buffer
	err        error
	done       chan struct{}
}

// NewWriter returns a Writer with the given number of workers; each worker needs about 4 MB of memory.
func NewWriter(output io.Writer, workers int) *Writer {
	count := workers + 2
	w := &Writer{
		output:  output,
		jobs:    make(chan *block, count),
		order:   make(chan *block, count),
		free:    make(chan *block, count),
		drained: make(chan struct{}),
	}
	for range count {
		w.free <- &block{content: make([]byte, 0, blockBytes), done: make(chan struct{}, 1)}
	}
	for range workers {
		go w.compress()
	}
	go w.drain()
	w.current = <-w.free
	return w
}

// Write adds content. It returns an error of earlier output; later calls return errors of this content.
func (w *Writer) Write(content []byte) (int, error) {
	w.crc = crc32.Update(w.crc, crc32.IEEETable, content)
	w.size += uint32(len(content))
	written := len(content)
	for len(content) > 0 {
		room := blockBytes - len(w.current.content)
		n := min(room, len(content))
		w.current.content = append(w.current.content, content[:n]...)
		content = content[n:]
		if n == room {
			w.next()
		}
	}
	return written, w.failed()
}

// Close compresses the rest and waits until everything is written. The Writer cannot be used afterwards.
func (w *Writer) Close() error {
	if len(w.current.content) > 0 {
		w.send(w.current)
	}
	close(w.jobs)
	close(w.order)
	<-w.drained
	if err := w.failed(); err != nil {
		return err
	}
	trailer := binary.LittleEndian.AppendUint32(bytes.Clone(lastBlock), w.crc)
	_, err := w.output.Write(binary.LittleEndian.AppendUint32(trailer, w.size))
	return err
}

// next sends the current block to the workers, and begins a block whose dictionary is the end of the current block.
func (w *Writer) next() {
	full := w.current
	w.current = <-w.free
	w.current.dictionary = append(w.current.dictionary[:0], full.content[blockBytes-dictionaryBytes:]...)
	w.current.content = w.current.content[:0]
	w.send(full)
}

func (w *Writer) send(b *block) {
	w.order <- b
	w.jobs <- b
}

// compress is the main function of a worker.
func (w *Writer) compress() {
	for b := range w.jobs {
		b.err = b.compress()
		b.done <- struct{}{}
	}
}

func (b *block) compress() error {
	b.compressed.Reset()
	deflate, err := flate.NewWriterDict(&b.compressed, level, b.dictionary)
	if err != nil {
		return err
	}
	if _, err := deflate.Write(b.content); err != nil {
		return err
	}
	return deflate.Flush()
}

// drain writes the compressed blocks in order; after a failure it only releases them.
func (w *Writer) drain() {
	defer close(w.drained)
	w.put(header)
	for b := range w.order {
		<-b.done
		if b.err != nil {
			w.fail(b.err)
		}
		w.put(b.compressed.Bytes())
		b.content = b.content[:0]
		w.free <- b
	}
}

func (w *Writer) put(content []byte) {
	if w.failed() != nil {
		return
	}
	if _, err := w.output.Write(content); err != nil {
		w.fail(err)
	}
}

func (w *Writer) fail(err error) {
	w.failure.Store(&err)
}

func (w *Writer) failed() error {
	if failure := w.failure.Load(); failure != nil {
		return *failure
	}
	return nil
}
