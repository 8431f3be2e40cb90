// Verification of the layers' digests, beside the copy of their files.

package squashfs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"packer/output"
)

const (
	// Of layers that are hashed at the same time: more would need more cores than the job of the workflow has.
	hashedLayers = 2
	hashBytes    = 256 << 10
)

// The path of a blob in an OCI image layout ends with its digest.
var blobName = regexp.MustCompile(`/sha256/([0-9a-f]{64})$`)

// verification hashes layers while their files are copied. Both read a layer at about the same time, so that the disk reads
// it once.
type verification struct {
	running []chan error // in the order of start
}

// start starts to hash a layer, and returns the error of an earlier one. A file that is not a blob is not hashed.
func (v *verification) start(path string) error {
	found := make(chan error, 1)
	v.running = append(v.running, found)
	go func() { found <- verify(path) }()
	return v.wait(hashedLayers)
}

// wait returns when at most count layers are being hashed, or with the error of a layer.
func (v *verification) wait(count int) error {
	for ; len(v.running) > count; v.running = v.running[1:] {
		if err := <-v.running[0]; err != nil {
			return err
		}
	}
	return nil
}

// verify returns an error if path is that of a blob, and the content has another digest.
func verify(path string) error {
	name := blobName.FindStringSubmatch(filepath.ToSlash(path))
	if name == nil {
		return nil
	}
	layer, err := os.Open(path)
	if err != nil {
		return newLayerError(path, err)
	}
	defer layer.Close()
	sum := sha256.New()
	if _, err := io.CopyBuffer(sum, struct{ io.Reader }{layer}, make([]byte, hashBytes)); err != nil {
		return newLayerError(path, err)
	}
	if found := hex.EncodeToString(sum.Sum(nil)); found != name[1] {
		return newLayerError(path, fmt.Errorf("its sha256 is %s, not that of its name", found))
	}
	return nil
}

func newLayerError(path string, err error) error {
	return fmt.Errorf("reading layer %q: %w; delete it and run snakemake again", path, output.Cause(err))
}
