// Package layer makes the tar headers of an OCI layer: one header per path, the same for the same names and sizes.
//
// Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended Header"; OCI image-spec, layer.md.
package layer

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// BlockBytes is what tar pads headers and contents to.
const BlockBytes = 512

// Types of an entry as tar marks them.
const (
	typeFile     = '0'
	typeLink     = '2'
	typeFolder   = '5'
	typeExtended = 'x'
)

const (
	nameBytes   = 100
	prefixBytes = 155
	// What eleven octal digits hold; a larger size goes into an extended header.
	maxSize = 1<<33 - 1
	// A program that does not know extended headers makes a file of this name.
	extendedName = "././@PaxHeader"
)

// Padding returns how many zeros follow a content of the given size.
func Padding(size int64) int {
	return int(-size & (BlockBytes - 1))
}

// entry is what a header says; all else is the same for every path.
type entry struct {
	name   string
	target string
	kind   byte
	mode   int64
	size   int64
}

// appendHeaders appends the entry's header, with an extended header before it where the plain one cannot hold all.
func (e entry) appendHeaders(tar []byte) []byte {
	prefix, name, fits := split(e.name)
	var extended []byte
	if !fits {
		extended = appendRecord(extended, "path", e.name)
		prefix, name = "", e.name[:min(nameBytes, len(e.name))]
	}
	if !plain(e.target) || len(e.target) > nameBytes {
		extended = appendRecord(extended, "linkpath", e.target)
		e.target = e.target[:min(nameBytes, len(e.target))]
	}
	size := e.size
	if size > maxSize {
		extended = appendRecord(extended, "size", strconv.FormatInt(size, 10))
		size = 0
	}
	if len(extended) > 0 {
		tar = appendExtended(tar, extended)
	}
	return appendPlain(tar, entry{name, e.target, e.kind, e.mode, size}, prefix)
}

// split returns a name as the two fields of a header, and whether they can hold it.
func split(name string) (prefix, rest string, fits bool) {
	if !plain(name) {
		return "", "", false
	}
	if len(name) <= nameBytes {
		return "", name, true
	}
	// The slash between the fields is not stored, and a folder's own slash at the end is none of those.
	cut := strings.LastIndexByte(name[:min(prefixBytes+1, len(name)-1)], '/')
	if cut <= 0 || len(name)-cut-1 > nameBytes {
		return "", "", false
	}
	return name[:cut], name[cut+1:], true
}

// plain tells whether all programs read the text alike in a plain header: it is ASCII.
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
	if !utf8.Valid(records) {
		// Without it, values are taken for UTF-8.
		records = append(appendRecord(nil, "hdrcharset", "BINARY"), records...)
	}
	size := int64(len(records))
	tar = appendPlain(tar, entry{extendedName, "", typeExtended, 0o644, size}, "")
	tar = append(tar, records...)
	return append(tar, zeros[:Padding(size)]...)
}

// appendRecord appends "length key=value\n", where length counts its own digits too.
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

// appendPlain appends a header of 512 bytes; owner, times and device are 0, and there are no names of users.
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

// checksum returns the sum of the header's bytes, with spaces in place of the checksum.
func checksum(header []byte) int64 {
	sum := int64(8 * ' ')
	for _, one := range header {
		sum += int64(one)
	}
	return sum
}

// octal fills the field with the value's octal digits.
func octal(field []byte, value int64) {
	for i := len(field) - 1; i >= 0; i-- {
		field[i] = '0' + byte(value&7)
		value >>= 3
	}
}
