// The tar reader: reads the members of an uncompressed layer in ustar format with PAX records.

package squashfs

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	tarBlock = 512
	// Reads larger than this bypass the reader's buffer.
	readBytes = 64 << 10
	// More than any path needs. It limits the memory that a damaged header can allocate.
	maxPAXBytes = 1 << 20
	maxName     = 255
	// The longest target of a symlink on Linux.
	maxTarget = 4095
)

// entry is a member of a layer. Its byte slices are valid until the next member is read.
type entry struct {
	path   []byte
	kind   kind
	mode   uint16
	size   int64
	target []byte
}

// tarReader reads the members of a tar. After next returned a file, the caller must read all of the file's data.
type tarReader struct {
	*bufio.Reader
	header  tarHeader
	pax     paxRecords
	padding int
}

func newTarReader(r io.Reader) *tarReader {
	return &tarReader{Reader: bufio.NewReaderSize(r, readBytes)}
}

// next returns the next member, or io.EOF after the last member.
// Source: POSIX, pax, "ustar Interchange Format" and "pax Header Block".
func (t *tarReader) next() (entry, error) {
	t.pax.clear()
	for {
		if err := t.readHeader(); err != nil {
			return entry{}, err
		}
		if t.header[typeflag] != 'x' {
			return t.entry()
		}
		if err := t.readPAX(); err != nil {
			return entry{}, err
		}
	}
}

// readHeader reads the next header block, or returns io.EOF at the end of the archive.
func (t *tarReader) readHeader() error {
	if _, err := t.Discard(t.padding); err != nil {
		return unexpected(err)
	}
	t.padding = 0
	if _, err := io.ReadFull(t, t.header[:]); err != nil {
		return unexpected(err)
	}
	if t.header == (tarHeader{}) {
		return t.readEnd()
	}
	return t.header.check()
}

// readEnd returns io.EOF if a second block of zeros and no further data follows the first block of zeros.
func (t *tarReader) readEnd() error {
	if _, err := io.ReadFull(t, t.header[:]); err != nil {
		return unexpected(err)
	}
	for {
		if len(bytes.TrimLeft(t.header[:], "\x00")) > 0 {
			return errors.New("there is data after its end marker")
		}
		n, err := io.ReadFull(t, t.header[:])
		clear(t.header[n:])
		if n == 0 && err == io.EOF {
			return io.EOF
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return err
		}
	}
}

// unexpected replaces io.EOF by an error with a message.
func unexpected(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("it is truncated")
	}
	return err
}

func (t *tarReader) readPAX() error {
	size, err := t.header.number(sizeField)
	if err != nil {
		return err
	}
	if size > maxPAXBytes {
		return fmt.Errorf("it has a PAX header of %d bytes, expected at most %d", size, maxPAXBytes)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(t, content); err != nil {
		return unexpected(err)
	}
	t.padding = pad(size, tarBlock)
	return t.pax.parse(content)
}

// entry returns the member that the header and the preceding PAX records describe.
func (t *tarReader) entry() (entry, error) {
	one := entry{path: t.pax.path, target: t.pax.target, size: t.pax.size}
	if one.path == nil {
		one.path = t.header.path()
	}
	if one.target == nil {
		one.target = t.header.text(targetField)
	}
	mode, err := t.header.number(modeField)
	if err != nil {
		return one, err
	}
	one.mode = uint16(mode & 0o7777)
	if !t.pax.hasSize {
		if one.size, err = t.header.number(sizeField); err != nil {
			return one, err
		}
	}
	if err := t.setKind(&one); err != nil {
		return one, fmt.Errorf("%q %w", one.path, err)
	}
	return one, nil
}

// setKind sets the kind of a member, and returns an error if the member cannot be stored in a SquashFS.
func (t *tarReader) setKind(one *entry) error {
	switch t.header[typeflag] {
	case '0', 0:
		one.kind = file
		t.padding = pad(one.size, tarBlock)
	case '1':
		one.kind = hard
		one.target = bytes.TrimPrefix(one.target, []byte("./"))
		if err := checkPath(one.target); err != nil {
			return fmt.Errorf("is a hard link to %q, which %w", one.target, err)
		}
	case '2':
		one.kind = link
		if len(one.target) == 0 || len(one.target) > maxTarget {
			return fmt.Errorf("is a symlink with a target of %d bytes, expected 1 to %d", len(one.target), maxTarget)
		}
	case '5':
		one.kind = directory
		one.path = bytes.TrimSuffix(one.path, []byte("/"))
	default:
		return fmt.Errorf("has the tar type %q, expected a file, link or directory", t.header[typeflag])
	}
	if one.kind != file && one.size != 0 {
		return fmt.Errorf("has %d bytes of data although it is not a file", one.size)
	}
	return checkPath(one.path)
}

func checkPath(path []byte) error {
	for name := range bytes.SplitSeq(path, []byte("/")) {
		switch {
		case len(name) == 0, string(name) == ".", string(name) == "..", bytes.IndexByte(name, 0) >= 0:
			return errors.New("is not a plain relative path")
		case len(name) > maxName:
			return fmt.Errorf("has a name of %d bytes, expected at most %d", len(name), maxName)
		case bytes.HasPrefix(name, []byte(".wh.")):
			return errors.New("is a whiteout, which deletes a file of another layer and is not supported here")
		}
	}
	return nil
}

// pad returns the number of bytes from a size to the next multiple of block.
func pad(size int64, block int64) int {
	return int((block - size%block) % block)
}
