// Package layer writes the tar headers of an OCI layer, which depend only on names, kinds, modes, sizes and targets.
//
// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; OCI image-spec, layer.md.
package layer

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// BlockBytes is the block size of tar: headers and contents are padded to a multiple of it.
const BlockBytes = 512

// Values of the header's type field.
const (
	typeFile     = '0'
	typeLink     = '2'
	typeFolder   = '5'
	typeExtended = 'x'
)

const (
	nameBytes   = 100
	prefixBytes = 155
	// The largest number with eleven octal digits; a larger size is stored in an extended header.
	maxSize = 1<<33 - 1
	// A program without support for extended headers extracts a file with this name.
	extendedName = "././@PaxHeader"
)

// Padding returns the number of zeros after a content of the given size.
func Padding(size int64) int {
	return int(-size & (BlockBytes - 1))
}

// entry contains the fields of a header that differ between paths.
type entry struct {
	name   string
	target string
	kind   byte
	mode   int64
	size   int64
}

// appendHeaders appends the entry's header, after an extended header if the values do not fit into the plain header.
func (e entry) appendHeaders(tar []byte) []byte {
	plain, prefix, extended := e.fitted()
	if len(extended) > 0 {
		tar = appendExtended(tar, extended)
	}
	return appendPlain(tar, plain, prefix)
}

// headersSize returns the number of bytes that appendHeaders appends.
func (e entry) headersSize() int64 {
	_, _, extended := e.fitted()
	if len(extended) == 0 {
		return BlockBytes
	}
	return int64(2*BlockBytes + len(extended) + Padding(int64(len(extended))))
}

// fitted returns the values of the plain header, and the records of the extended header for values that do not fit.
func (e entry) fitted() (plainEntry entry, prefix string, extended []byte) {
	prefix, name, fits := split(e.name)
	if !fits {
		extended = appendRecord(extended, "path", e.name)
		prefix, name = "", e.name[:min(nameBytes, len(e.name))]
	}
	if !plain(e.target) || len(e.target) > nameBytes {
		extended = appendRecord(extended, "linkpath", e.target)
		e.target = e.target[:min(nameBytes, len(e.target))]
	}
	if e.size > maxSize {
		extended = appendRecord(extended, "size", strconv.FormatInt(e.size, 10))
		e.size = 0
	}
	if !utf8.Valid(extended) {
		// Without hdrcharset, readers decode the values as UTF-8.
		extended = append(appendRecord(nil, "hdrcharset", "BINARY"), extended...)
	}
	return entry{name, e.target, e.kind, e.mode, e.size}, prefix, extended
}

// split returns the two header fields of a name, and whether the name fits into them.
func split(name string) (prefix, rest string, fits bool) {
	if !plain(name) {
		return "", "", false
	}
	if len(name) <= nameBytes {
		return "", name, true
	}
	// The slash between the fields is not stored. The last slash of a folder's name must stay in the second field.
	cut := strings.LastIndexByte(name[:min(prefixBytes+1, len(name)-1)], '/')
	if cut <= 0 || len(name)-cut-1 > nameBytes {
		return "", "", false
	}
	return name[:cut], name[cut+1:], true
}

// plain reports whether the text is ASCII: all programs decode ASCII in a plain header in the same way.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// appendExtended appends an extended header for the entry that follows it.
func appendExtended(tar, records []byte) []byte {
	size := int64(len(records))
	tar = appendPlain(tar, entry{extendedName, "", typeExtended, 0o644, size}, "")
	tar = append(tar, records...)
	return append(tar, zeros[:Padding(size)]...)
}

// appendRecord appends "length key=value\n"; the length includes its own digits.
func appendRecord(records []byte, key, value string) []byte {
	rest := len(" =\n") + len(key) + len(value)
	length := rest + len(strconv.Itoa(rest))
	length = rest + len(strconv.Itoa(length))
	records = strconv.AppendInt(records, int64(length), 10)
	records = append(records, ' ')
	records = append(records, key...)
	records = append(records, '=')
	records = append(records, value...)
	return append(records, '\n')
}

var zeros [BlockBytes]byte

// appendPlain appends a header of 512 bytes; owner, times and device are 0, and user names are empty.
func appendPlain(tar []byte, e entry, prefix string) []byte {
	start := len(tar)
	tar = append(tar, zeros[:]...)
	header := tar[start:]
	copy(header[0:100], e.name)
	octal(header[100:107], e.mode)
	octal(header[108:115], 0) // user
	octal(header[116:123], 0) // group
	octal(header[124:135], e.size)
	octal(header[136:147], 0) // modification time
	header[156] = e.kind
	copy(header[157:257], e.target)
	copy(header[257:265], "ustar\x0000")
	octal(header[329:336], 0) // device, major
	octal(header[337:344], 0) // device, minor
	copy(header[345:500], prefix)
	octal(header[148:154], checksum(header))
	header[155] = ' '
	return tar
}

// checksum returns the sum of the header's bytes, in which the checksum field counts as spaces.
func checksum(header []byte) int64 {
	sum := int64(8 * ' ')
	for _, one := range header {
		sum += int64(one)
	}
	return sum
}

// octal writes the value as octal digits into the whole field.
func octal(field []byte, value int64) {
	for i := len(field) - 1; i >= 0; i-- {
		field[i] = '0' + byte(value&7)
		value >>= 3
	}
}
