// The parts of a key that a condition can name.

package query

import "bytes"

func whole(key []byte) []byte { return key }

// Name returns what stands behind the last slash.
func Name(key []byte) []byte { return key[bytes.LastIndexByte(key, '/')+1:] }

// Folder returns what stands before the last slash.
func Folder(key []byte) []byte { return key[:max(bytes.LastIndexByte(key, '/'), 0)] }

// Suffix returns the end of the name from its last dot on, or from the one before where the last only says how the file is
// compressed, as in .nii.gz; nothing where the only dot begins the name. aggregate counts the dataset's types by the
// same, in lower case.
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
