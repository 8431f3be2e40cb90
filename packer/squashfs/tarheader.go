// The tar header: a block of 512 bytes with fields, and PAX records that override fields.

package squashfs

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

// tarHeader is the block before a member's data.
type tarHeader [tarBlock]byte

// field is the range of a field in the header: its first byte, and the byte after its last byte.
type field struct{ start, end int }

var (
	nameField     = field{0, 100}
	modeField     = field{100, 108}
	sizeField     = field{124, 136}
	checksumField = field{148, 156}
	targetField   = field{157, 257}
	magicField    = field{257, 263}
	prefixField   = field{345, 500}
)

const typeflag = 156

// check compares the header with its checksum: the sum of its bytes, in which the checksum field counts as spaces.
func (h *tarHeader) check() error {
	wanted, err := h.number(checksumField)
	if err != nil {
		return err
	}
	sum := int64(' ') * int64(checksumField.end-checksumField.start)
	for _, b := range h[:checksumField.start] {
		sum += int64(b)
	}
	for _, b := range h[checksumField.end:] {
		sum += int64(b)
	}
	if sum != wanted {
		return fmt.Errorf("it has a damaged header: its checksum is %d, expected %d", sum, wanted)
	}
	return nil
}

func (h *tarHeader) text(f field) []byte {
	text, _, _ := bytes.Cut(h[f.start:f.end], []byte{0})
	return text
}

// path returns the name, after the prefix if the header is in POSIX format.
func (h *tarHeader) path() []byte {
	name, prefix := h.text(nameField), h.text(prefixField)
	if string(h[magicField.start:magicField.end]) != "ustar\x00" || len(prefix) == 0 {
		return name
	}
	return bytes.Join([][]byte{prefix, name}, []byte("/"))
}

// number parses a field of octal digits or, if the first bit is set, a binary number.
func (h *tarHeader) number(f field) (int64, error) {
	digits := h[f.start:f.end]
	if digits[0] == 0x80 {
		return binaryNumber(digits[1:])
	}
	value := int64(0)
	for _, digit := range bytes.Trim(digits, " \x00") {
		if digit < '0' || digit > '7' {
			return 0, fmt.Errorf("it has a damaged header: %q is not a number", digits)
		}
		value = value<<3 | int64(digit-'0')
	}
	return value, nil
}

func binaryNumber(digits []byte) (int64, error) {
	value := int64(0)
	for _, digit := range digits {
		if value >= 1<<(63-8) {
			return 0, errors.New("it has a damaged header: a number is too large")
		}
		value = value<<8 | int64(digit)
	}
	return value, nil
}

// paxRecords contains the PAX records that are used; times, owners and others are ignored.
type paxRecords struct {
	path, target []byte
	size         int64
	hasSize      bool
}

func (p *paxRecords) clear() { *p = paxRecords{} }

// parse reads records of the form `LENGTH KEY=VALUE\n`, where LENGTH is the length of the whole record.
func (p *paxRecords) parse(content []byte) error {
	for len(content) > 0 {
		digits, _, _ := bytes.Cut(content, []byte(" "))
		length, err := strconv.Atoi(string(digits))
		if err != nil || length <= len(digits)+1 || length > len(content) || content[length-1] != '\n' {
			return errors.New("it has a PAX record with a wrong length")
		}
		key, value, found := bytes.Cut(content[len(digits)+1:length-1], []byte("="))
		if !found {
			return errors.New("it has a PAX record without a value")
		}
		if err := p.set(string(key), value); err != nil {
			return err
		}
		content = content[length:]
	}
	return nil
}

func (p *paxRecords) set(key string, value []byte) error {
	switch key {
	case "path":
		p.path = value
	case "linkpath":
		p.target = value
	case "size":
		size, err := strconv.ParseInt(string(value), 10, 64)
		if err != nil || size < 0 {
			return fmt.Errorf("it has a PAX record with the size %q", value)
		}
		p.size, p.hasSize = size, true
	case "GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.size":
		return errors.New("it contains a sparse file, which is not supported here")
	}
	return nil
}
