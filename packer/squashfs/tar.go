// The tar reader: members of an uncompressed layer, in ustar form with PAX records.

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
	// Reads larger than this pass the reader's buffer by.
	readBytes = 64 << 10
	// Far above what paths need; a damaged header must not make us allocate more.
	maxPAXBytes = 1 << 20
	maxName     = 255
	// Linux allows links no longer target.
	maxTarget = 4095
)

// entry is a member of a layer. Its byte slices are valid until the next one is read.
type entry struct {
	path   []byte
	kind   kind
	mode   uint16
	size   int64
	target []byte
}

// tarReader reads the members of a tar. The data of a file is to be read from it between two calls of next.
type tarReader struct {
	*bufio.Reader
	header  tarHeader
	pax     paxRecords
	padding int
}

func newTarReader(r io.Reader) *tarReader {
	return &tarReader{Reader: bufio.NewReaderSize(r, readBytes)}
}

// next returns the next member, and io.EOF behind the last one.
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

// readHeader reads the next header block, and returns io.EOF where there are zeros alone from there on.
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

// readEnd sees that an archive ends as it should: with a second block of zeros, and nothing else behind.
func (t *tarReader) readEnd() error {
	if _, err := io.ReadFull(t, t.header[:]); err != nil {
		return unexpected(err)
	}
	for {
		if len(bytes.TrimLeft(t.header[:], "\x00")) > 0 {
			return errors.New("there are bytes behind its end mark")
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

// unexpected makes the end of the file an error.
func unexpected(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("it ends early")
	}
	return err
}

func (t *tarReader) readPAX() error {
	size, err := t.header.number(sizeField)
	if err != nil {
		return err
	}
	if size > maxPAXBytes {
		return fmt.Errorf("a header of %d bytes, where %d are the most", size, maxPAXBytes)
	}
	content := make([]byte, size)
	if _, err := io.ReadFull(t, content); err != nil {
		return unexpected(err)
	}
	t.padding = pad(size, tarBlock)
	return t.pax.parse(content)
}

// entry makes a member of the header and of the PAX records before it.
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

// setKind sets what the header's type asks for, and checks that a SquashFS can hold it.
func (t *tarReader) setKind(one *entry) error {
	switch t.header[typeflag] {
	case '0', 0:
		one.kind = file
		t.padding = pad(one.size, tarBlock)
	case '2':
		one.kind = link
		if len(one.target) == 0 || len(one.target) > maxTarget {
			return fmt.Errorf("is a link with a target of %d bytes, where 1 to %d are allowed", len(one.target), maxTarget)
		}
	case '5':
		one.kind = directory
		one.path = bytes.TrimSuffix(one.path, []byte("/"))
	default:
		return fmt.Errorf("is of tar type %q, where files, links and directories are expected", t.header[typeflag])
	}
	if one.kind != file && one.size != 0 {
		return fmt.Errorf("has %d bytes of data and is not a file", one.size)
	}
	return checkPath(one.path)
}

func checkPath(path []byte) error {
	for name := range bytes.SplitSeq(path, []byte("/")) {
		switch {
		case len(name) == 0, string(name) == ".", string(name) == "..", bytes.IndexByte(name, 0) >= 0:
			return errors.New("is not a plain relative path")
		case len(name) > maxName:
			return fmt.Errorf("has a name of %d bytes, where %d are the most", len(name), maxName)
		case bytes.HasPrefix(name, []byte(".wh.")):
			return errors.New("is a whiteout, which deletes a file of another layer, and is not expected")
		}
	}
	return nil
}

// pad returns how many bytes bring a size to a multiple of block.
func pad(size int64, block int64) int {
	return int((block - size%block) % block)
}
