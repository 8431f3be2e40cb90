// Verification of a layer's digest while the layer is read.

package squashfs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
)

// The path of a blob in an OCI image layout ends with its digest.
var blobName = regexp.MustCompile(`/sha256/([0-9a-f]{64})$`)

// verified is a reader of a layer that sends a copy of the bytes to a goroutine, which hashes them.
type verified struct {
	layer  io.Reader
	chunk  []byte
	full   chan []byte
	free   chan []byte
	digest chan string
}

func newVerified(layer io.Reader) *verified {
	v := &verified{
		layer:  layer,
		full:   make(chan []byte, chunkCount),
		free:   make(chan []byte, chunkCount),
		digest: make(chan string, 1),
	}
	for range chunkCount {
		v.free <- make([]byte, 0, chunkBytes)
	}
	v.chunk = <-v.free
	go v.hash()
	return v
}

func (v *verified) hash() {
	sum := sha256.New()
	for chunk := range v.full {
		sum.Write(chunk)
		v.free <- chunk[:0]
	}
	v.digest <- hex.EncodeToString(sum.Sum(nil))
}

// Read reads from the layer.
func (v *verified) Read(p []byte) (int, error) {
	n, err := v.layer.Read(p)
	for read := p[:n]; len(read) > 0; {
		if len(v.chunk) == cap(v.chunk) {
			v.full <- v.chunk
			v.chunk = <-v.free
		}
		taken := copy(v.chunk[len(v.chunk):cap(v.chunk)], read)
		v.chunk = v.chunk[:len(v.chunk)+taken]
		read = read[taken:]
	}
	return n, err
}

// finish ends the goroutine. It returns an error if path is that of a blob, and the bytes have another digest. The layer
// must be read to its end.
func (v *verified) finish(path string) error {
	v.full <- v.chunk
	close(v.full)
	found := <-v.digest
	if name := blobName.FindStringSubmatch(filepath.ToSlash(path)); name != nil && name[1] != found {
		return fmt.Errorf("its sha256 is %s, not that of its name", found)
	}
	return nil
}
