// Package blob writes a layer to a file, uncompressed or with gzip, or to a pipe of another program that compresses it.
package blob

import (
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"runtime"
	"strconv"

	"packer/gzip"
	"packer/output"
)

// A Target is the destination and the format of a layer.
type Target struct {
	Path string
	Gzip bool
	Pipe *os.File // instead of Path, or nil
}

// Wanted reports whether a layer is to be written.
func (t Target) Wanted() bool {
	return t.Path != "" || t.Pipe != nil
}

// SetPipe sets the pipe to the inherited file descriptor with the given number.
func (t *Target) SetPipe(number string) error {
	descriptor, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return fmt.Errorf("%q is not the number of a file descriptor", number)
	}
	t.Pipe = os.NewFile(uintptr(descriptor), "pipe "+number)
	return nil
}

// Facts are the digest and the size of a blob. They are empty if the layer was written to a pipe.
type Facts struct {
	Digest *string `json:"digest"`
	Size   int64   `json:"blob_size"`
}

// A Writer writes a layer's tar to its Target.
type Writer struct {
	content int64 // size of the tar so far
	diffID  hash.Hash
	output  io.Writer
	pipe    *os.File     // nil for a file
	file    *output.File // nil for a pipe
	gzip    *gzip.Writer // nil without compression
	digest  hash.Hash    // of the compressed bytes
}

// Create begins a blob, which gets its final name when it is committed. newSHA256 returns hashes of SHA-256.
func Create(target Target, newSHA256 func() hash.Hash) (*Writer, error) {
	w := &Writer{diffID: newSHA256()}
	if target.Pipe != nil {
		w.output, w.pipe = target.Pipe, target.Pipe
		return w, nil
	}
	file, err := output.Create(target.Path)
	if err != nil {
		return nil, err
	}
	w.file, w.output = file, file
	if target.Gzip {
		w.digest = newSHA256()
		w.gzip = gzip.NewWriter(io.MultiWriter(file, w.digest), runtime.GOMAXPROCS(0))
		w.output = w.gzip
	}
	return w, nil
}

// Write appends bytes of the tar.
func (w *Writer) Write(content []byte) (int, error) {
	n, err := w.output.Write(content)
	w.content += int64(n)
	if err != nil && w.pipe != nil {
		return n, fmt.Errorf("writing the layer to a pipe: %w; the program that reads the pipe has exited", err)
	}
	return n, err
}

// Digest adds bytes of the tar to the diff ID. It may run concurrently with Write.
func (w *Writer) Digest(content []byte) (int, error) {
	return w.diffID.Write(content)
}

// DiffID returns the digest and the size of the tar.
func (w *Writer) DiffID() (diffID string, size int64) {
	return text(w.diffID), w.content
}

// Commit syncs the blob to disk and gives it its final name, or closes the pipe.
func (w *Writer) Commit() (Facts, error) {
	if w.pipe != nil {
		return Facts{}, w.pipe.Close()
	}
	digest := text(w.diffID)
	if w.gzip != nil {
		err := w.gzip.Close()
		w.gzip = nil
		if err != nil {
			return Facts{}, err
		}
		digest = text(w.digest)
	}
	return Facts{&digest, w.file.Written()}, w.file.Commit()
}

// Discard deletes a blob that was not committed.
func (w *Writer) Discard() {
	if w.gzip != nil {
		// Close ends the goroutines of the compressor; the file is deleted anyway.
		_ = w.gzip.Close()
	}
	if w.file != nil {
		w.file.Discard()
	}
}

func text(digest hash.Hash) string {
	return "sha256:" + hex.EncodeToString(digest.Sum(nil))
}
