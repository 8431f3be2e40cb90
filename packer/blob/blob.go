// Package blob writes a layer as it is stored: as it comes, compressed, or into a pipe to who compresses it.
package blob

import (
	"crypto/sha256"
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

// A Target says where a layer goes, and in which form.
type Target struct {
	Path string
	Gzip bool
	Pipe *os.File // in place of a file, or nil
}

// Wanted tells whether there is to be a layer.
func (t Target) Wanted() bool {
	return t.Path != "" || t.Pipe != nil
}

// SetPipe sets the pipe by the number under which the program was given it.
func (t *Target) SetPipe(number string) error {
	descriptor, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return fmt.Errorf("%q is not the number of a pipe", number)
	}
	t.Pipe = os.NewFile(uintptr(descriptor), "pipe "+number)
	return nil
}

// Facts are what is known of a blob; a blob that a reader of the pipe makes is known to that alone.
type Facts struct {
	Digest *string `json:"digest"`
	Size   int64   `json:"blob_size"`
}

// A Writer takes a layer's tar.
type Writer struct {
	content int64
	diffID  hash.Hash
	form    io.Writer
	file    *output.File // nil with a pipe
	gzip    *gzip.Writer // nil where nothing is compressed
	digest  hash.Hash    // of what is compressed
}

// Create begins a blob, which appears under its name when it is committed.
func Create(target Target) (*Writer, error) {
	w := &Writer{diffID: sha256.New()}
	if target.Pipe != nil {
		w.form = target.Pipe
		return w, nil
	}
	file, err := output.Create(target.Path)
	if err != nil {
		return nil, err
	}
	w.file, w.form = file, file
	if target.Gzip {
		w.digest = sha256.New()
		w.gzip = gzip.NewWriter(io.MultiWriter(file, w.digest), runtime.GOMAXPROCS(0))
		w.form = w.gzip
	}
	return w, nil
}

// Write appends bytes of the tar.
func (w *Writer) Write(content []byte) (int, error) {
	n, err := w.form.Write(content)
	w.content += int64(n)
	if err != nil && w.file == nil {
		return n, fmt.Errorf("writing the layer into a pipe: %w; who reads it has ended", err)
	}
	return n, err
}

// Digest takes bytes of the tar into the diff ID; it can do so while others are written.
func (w *Writer) Digest(content []byte) (int, error) {
	return w.diffID.Write(content)
}

// DiffID returns the digest of the tar, and its size.
func (w *Writer) DiffID() (diffID string, size int64) {
	return text(w.diffID), w.content
}

// Commit gives the blob its name when it is on the disk.
func (w *Writer) Commit() (Facts, error) {
	if w.file == nil {
		return Facts{}, nil
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

// Discard removes a blob that was not committed.
func (w *Writer) Discard() {
	if w.gzip != nil {
		// Its goroutines end; what it still writes goes with the file.
		_ = w.gzip.Close()
	}
	if w.file != nil {
		w.file.Discard()
	}
}

func text(digest hash.Hash) string {
	return "sha256:" + hex.EncodeToString(digest.Sum(nil))
}
