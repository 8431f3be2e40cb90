// The tree of all layers: each path once, as the last layer that has it says.

package squashfs

import (
	"bytes"
	"fmt"
	"hash/maphash"
)

const (
	root = 0
	// Of directories that no layer has an entry for.
	defaultMode = 0o755
	firstSlots  = 1 << 10
)

// tree holds the nodes of all paths. A parent has a smaller number than its children; the root is number 0.
type tree struct {
	names names
	nodes nodes

	// A hash table with open addressing: the numbers of all nodes but the root, found by parent and name. 0 is a free slot.
	slots []uint32
	used  int
	seed  maphash.Seed

	// The directory that was asked for last: paths come sorted, and the next one mostly lies in the same. It is never
	// one that is replaced: who replaces a directory has asked for the one above it.
	lastPath []byte
	last     uint32
}

func newTree() *tree {
	t := &tree{slots: make([]uint32, firstSlots), seed: maphash.MakeSeed()}
	t.nodes.add(node{kind: directory, mode: defaultMode})
	return t
}

// add puts an entry of the next layer into the tree; start is where a file's data begins in the image.
//
// A directory that is there already takes the entry's mode and keeps what it holds. All else that is there is replaced.
func (t *tree) add(one entry, start uint64) error {
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

// split cuts a path before its last name.
func split(path []byte) (parent, name []byte) {
	slash := bytes.LastIndexByte(path, '/')
	return path[:max(slash, 0)], path[slash+1:]
}

// directory returns the node of a directory, which it makes, with those above it, where there is none.
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
		case gone:
			found.kind, found.mode = directory, defaultMode
		case file, link:
			return 0, fmt.Errorf("%q is a file or link, and not a directory to hold it", name)
		}
	}
	t.lastPath, t.last = append(t.lastPath[:0], path...), number
	return number, nil
}

// child returns the number of the node of that name in a directory; a new one has no kind yet.
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

// replace takes a directory, with all below it, out of the tree and returns a new node for its name.
func (t *tree) replace(number uint32) uint32 {
	old := t.nodes.at(number)
	slot := t.slot(old.parent, t.name(old))
	*slot = t.nodes.add(node{name: old.name, length: old.length, parent: old.parent})
	old.kind = gone
	return *slot
}

func (t *tree) name(one *node) []byte {
	return t.names.get(one.name, int(one.length))
}

// slot returns where the number of that child is, or would go.
func (t *tree) slot(parent uint32, name []byte) *uint32 {
	mask := uint64(len(t.slots) - 1)
	// The multiplier is 2^64 divided by the golden ratio; it spreads neighbouring numbers.
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
