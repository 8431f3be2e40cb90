// The merged tree of all layers: a path of a later layer replaces the same path of an earlier layer.

package squashfs

import (
	"bytes"
	"errors"
	"fmt"
	"hash/maphash"
)

const (
	root = 0
	// The mode of directories without an entry in any layer.
	defaultMode = 0o755
	firstSlots  = 1 << 10
)

// tree contains the nodes of all paths. A parent has a smaller number than its children; the root has number 0.
type tree struct {
	names names
	nodes nodes

	// A hash table with open addressing: node numbers by parent and name, without the root. 0 is a free slot.
	slots []uint32
	used  int
	seed  maphash.Seed

	// Cache of the last result of `directory`: paths are sorted, and the next path is usually in the same directory. It is
	// never a replaced directory, because a replacement looks up the parent directory first.
	lastPath []byte
	last     uint32
}

func newTree() *tree {
	t := &tree{slots: make([]uint32, firstSlots), seed: maphash.MakeSeed()}
	t.nodes.add(node{kind: directory, mode: defaultMode})
	return t
}

// add adds an entry of the next layer to the tree; start is the position of a file's data in the image.
//
// If both the entry and an existing node are directories, the directory keeps its content and gets the entry's mode. In
// all other cases the entry replaces the existing node.
func (t *tree) add(one entry, start uint64) error {
	if one.kind == hard {
		linked, err := t.file(one.target)
		if err != nil {
			return fmt.Errorf("%q is a hard link to %q, which %w", one.path, one.target, err)
		}
		one.kind, one.mode, one.size, start = file, linked.mode, linked.size, linked.start
	}
	parentPath, name := split(one.path)
	parent, err := t.directory(parentPath)
	if err != nil {
		return fmt.Errorf("%q: %w", one.path, err)
	}
	number := t.child(parent, name)
	found := t.nodes.at(number)
	if found.kind == directory && one.kind != directory {
		number = t.replace(number)
		found = t.nodes.at(number)
	}
	found.kind, found.mode, found.start, found.size = one.kind, one.mode, start, one.size
	if one.kind == link {
		found.start, found.size = t.names.add(one.target), int64(len(one.target))
	}
	return nil
}

// split returns the parent and the last name of a path.
func split(path []byte) (parent, name []byte) {
	slash := bytes.LastIndexByte(path, '/')
	return path[:max(slash, 0)], path[slash+1:]
}

// directory returns the number of a directory's node. It creates the directory and its parents if they are missing.
func (t *tree) directory(path []byte) (uint32, error) {
	if bytes.Equal(path, t.lastPath) {
		return t.last, nil
	}
	number := uint32(root)
	for name := range bytes.SplitSeq(path, []byte("/")) {
		if len(path) == 0 {
			break
		}
		number = t.child(number, name)
		switch found := t.nodes.at(number); found.kind {
		case removed:
			found.kind, found.mode = directory, defaultMode
		case file, link:
			return 0, fmt.Errorf("its parent %q is a file or symlink, not a directory", name)
		}
	}
	t.lastPath, t.last = append(t.lastPath[:0], path...), number
	return number, nil
}

// file returns the node of a file, whose data another file with a hard link shares.
func (t *tree) file(path []byte) (*node, error) {
	number := uint32(root)
	for name := range bytes.SplitSeq(path, []byte("/")) {
		if number = *t.slot(number, name); number == root {
			return nil, errors.New("is missing before it")
		}
	}
	if found := t.nodes.at(number); found.kind == file {
		return found, nil
	}
	return nil, errors.New("is not a file")
}

// child returns the number of a child's node. It creates the node, without a kind, if it is missing.
func (t *tree) child(parent uint32, name []byte) uint32 {
	slot := t.slot(parent, name)
	if *slot != 0 {
		return *slot
	}
	number := t.nodes.add(node{name: t.names.add(name), length: uint8(len(name)), parent: parent})
	*slot = number
	t.used++
	if t.used > len(t.slots)/4*3 {
		t.grow()
	}
	return number
}

// replace removes a directory and its descendants, and returns the number of a new node with the same path.
func (t *tree) replace(number uint32) uint32 {
	old := t.nodes.at(number)
	slot := t.slot(old.parent, t.name(old))
	*slot = t.nodes.add(node{name: old.name, length: old.length, parent: old.parent})
	old.kind = removed
	return *slot
}

func (t *tree) name(one *node) []byte {
	return t.names.get(one.name, int(one.length))
}

// slot returns the slot for a child: it contains the child's number, or 0 if there is no such child.
func (t *tree) slot(parent uint32, name []byte) *uint32 {
	mask := uint64(len(t.slots) - 1)
	// The multiplier is 2^64 divided by the golden ratio; it distributes consecutive numbers.
	hash := maphash.Bytes(t.seed, name) ^ uint64(parent)*0x9E3779B97F4A7C15
	for i := (hash ^ hash>>32) & mask; ; i = (i + 1) & mask {
		number := t.slots[i]
		if number == 0 {
			return &t.slots[i]
		}
		if one := t.nodes.at(number); one.parent == parent && bytes.Equal(t.name(one), name) {
			return &t.slots[i]
		}
	}
}

func (t *tree) grow() {
	old := t.slots
	t.slots = make([]uint32, 2*len(old))
	for _, number := range old {
		if number != 0 {
			one := t.nodes.at(number)
			*t.slot(one.parent, t.name(one)) = number
		}
	}
}
