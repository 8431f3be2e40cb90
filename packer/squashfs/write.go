// Package squashfs writes the files of image layers as an uncompressed SquashFS 4.0, in one pass over each layer.
package squashfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"packer/output"
)

// Loop devices and data objects of a SIF begin at a multiple of this.
const alignment = 4096

// Write writes a SquashFS with the files of all layers into the existing file image, from offset to its end. It returns
// the size of the SquashFS, a multiple of 4096. The content of folder becomes the root; if it is empty, so does everything.
//
// Layers are uncompressed tars; a later layer overrides earlier layers. Each byte of data is read once and written once,
// and each file's data is contiguous. Data of replaced files stays in the image, unreferenced. Owners and times are 0.
// The memory is about 130 bytes per file.
func Write(image string, offset int64, folder string, layers []string) (size int64, err error) {
	file, err := os.OpenFile(image, os.O_WRONLY, 0)
	if err != nil {
		return 0, fmt.Errorf("writing image %q: %w; create it as an empty, writable file", image, output.Cause(err))
	}
	defer func() {
		if closing := file.Close(); err == nil && closing != nil {
			err = newImageError(image, closing)
		}
	}()
	if err := file.Truncate(offset); err != nil {
		return 0, newImageError(image, err)
	}
	out := newStream(&output.Early{File: file}, image, offset)
	head, err := writeAll(out, folder, layers)
	if closing := out.close(); err == nil {
		err = closing
	}
	if err != nil {
		return 0, err
	}
	if _, err := file.WriteAt(head.encode(), offset); err != nil {
		return 0, newImageError(image, err)
	}
	return out.size, nil
}

// writeAll writes everything except the superblock, and returns the superblock.
func writeAll(out *stream, folder string, layers []string) (superblock, error) {
	if _, err := out.Write(make([]byte, superblockBytes)); err != nil {
		return superblock{}, err
	}
	t, verification := newTree(), verification{}
	for _, layer := range layers {
		if err := verification.start(layer); err != nil {
			return superblock{}, err
		}
		if err := addLayer(t, out, folder, layer); err != nil {
			return superblock{}, err
		}
	}
	if err := verification.wait(0); err != nil {
		return superblock{}, err
	}
	head, err := writeTables(out, t.order())
	if err != nil {
		return head, err
	}
	_, err = out.Write(make([]byte, pad(out.size, alignment)))
	return head, err
}

// addLayer adds a layer's entries to the tree, and its file data to the image.
func addLayer(t *tree, out *stream, folder, path string) error {
	layer, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading layer %q: %w; run snakemake again", path, output.Cause(err))
	}
	defer layer.Close()
	err = addMembers(t, out, folder, newTarReader(layer))
	var ofImage *ImageError
	if err == nil || errors.As(err, &ofImage) {
		return err
	}
	return newLayerError(path, err)
}

// addMembers adds the entries below folder, without the folder's own path.
func addMembers(t *tree, out *stream, folder string, members *tarReader) error {
	var prefix []byte
	if folder != "" {
		prefix = []byte(folder + "/")
	}
	for {
		one, err := members.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		path, below := bytes.CutPrefix(one.path, prefix)
		if !below {
			if _, err := io.CopyN(io.Discard, members, one.size); err != nil {
				return unexpected(err)
			}
			continue
		}
		one.path = path
		if one.kind == hard {
			if one.target, below = bytes.CutPrefix(one.target, prefix); !below {
				return fmt.Errorf("%q is a hard link to a file outside of the folder", one.path)
			}
		}
		start := uint64(0)
		if one.size > 0 {
			start = uint64(out.size)
		}
		if err := t.add(one, start); err != nil {
			return err
		}
		if err := out.readFrom(members, one.size); err != nil {
			return unexpected(err)
		}
	}
}
