// The parts of a key that a condition can use.

package query

import "bytes"

func wholeKey(key []byte) []byte { return key }

// Name returns the part of the key after the last slash.
func Name(key []byte) []byte { return key[bytes.LastIndexByte(key, '/')+1:] }

// Folder returns the part of the key before the last slash.
func Folder(key []byte) []byte { return key[:max(bytes.LastIndexByte(key, '/'), 0)] }

// Suffix returns the name from its last dot on, or from the dot before if the last suffix is a compression, as in .nii.gz. It
// returns nothing if the only dot is the first character. The aggregate stage counts file types by the same rule, in lower
// case.
func Suffix(key []byte) []byte {
	name := Name(key)
	last := bytes.LastIndexByte(name, '.')
	if last < 1 || last == len(name)-1 {
		return nil
	}
	switch string(name[last:]) {
	case ".gz", ".bz2", ".xz", ".zst":
		if before := bytes.LastIndexByte(name[:last], '.'); before > 0 && alphanumeric(name[before+1:last]) {
			return name[before:]
		}
	}
	return name[last:]
}

func alphanumeric(text []byte) bool {
	for _, c := range text {
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return len(text) > 0
}
