// The folders of the dataset, which exist only as parts of the keys.

package serve

import (
	"bytes"
	"path"

	"entrypoint/index"
)

// An entry is a file, a symlink or a folder in a folder. Name has no slash; rows [From, To) are the files of a folder.
type entry struct {
	name     []byte
	folder   bool
	from, to int
}

// tree finds files and folders by their keys.
type tree struct {
	*index.Index
	size, sha256, link *index.Field
}

// isFolder returns the rows below a folder, and whether the folder exists. key: without a slash at its end.
func (t *tree) isFolder(key []byte) (from, to int, exists bool) {
	from, to = t.WithPrefix(append(bytes.Clone(key), '/'))
	return from, to, from < to || string(key) == t.Mount
}

// children calls visit for the entries of a folder in the order of their keys, beginning with the first name that is not less
// than `start`, until visit returns false. A folder sorts as its name with a slash. prefix: the key with a slash at its end.
//
// Its cost is proportional to the number of visited entries, because it skips the files below each subfolder.
func (t *tree) children(prefix, start []byte, visit func(entry) bool) {
	_, end := t.WithPrefix(prefix)
	row := max(t.LowerBound(append(bytes.Clone(prefix), start...)), 0)
	for row < end {
		next := end
		for at, key := range t.Keys(row, end) {
			name := key[len(prefix):]
			slash := bytes.IndexByte(name, '/')
			if slash < 0 {
				if !visit(entry{name: name, from: at, to: at + 1}) {
					return
				}
				continue
			}
			_, next = t.WithPrefix(key[:len(prefix)+slash+1])
			if !visit(entry{name: name[:slash], folder: true, from: at, to: next}) {
				return
			}
			break
		}
		row = next
	}
}

// file returns the row of a file or symlink.
func (t *tree) file(key []byte) (int, bool) {
	if bytes.IndexByte(key, 0) >= 0 {
		return 0, false
	}
	return t.Find(key)
}

func (t *tree) isLink(row int) bool { return t.link != nil && !t.link.Missing(row) }

// mostLinks is the number of symlinks that are followed one after the other, as in Linux.
const mostLinks = 40

// resolve returns the row of the file to which a symlink leads, and the row itself for a file. It returns false if a symlink
// leads out of the dataset, to a folder, or nowhere.
func (t *tree) resolve(row int) (int, bool) {
	for range mostLinks {
		if !t.isLink(row) {
			return row, true
		}
		target := string(t.link.Bytes(row))
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(string(t.AppendKey(nil, row))), target)
		}
		next, found := t.Find([]byte(path.Clean(target)))
		if !found {
			return 0, false
		}
		row = next
	}
	return 0, false
}
