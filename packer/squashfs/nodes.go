// The nodes of the tree: 32 bytes for each file, symlink and directory.

package squashfs

type kind uint8

// The numbers, except removed, are those of the format's directory entries.
const (
	removed   kind = 0 // an entry of a later layer replaced it
	directory kind = 1
	file      kind = 2
	link      kind = 3
	hard      kind = 4 // only of an entry: its node becomes a copy of the file's
)

// node represents one path of the image.
type node struct {
	name   uint64 // position in tree.names
	start  uint64 // file: position of its data in the image; symlink: position of its target in tree.names
	size   int64  // file: size of its data; symlink: length of its target
	parent uint32
	mode   uint16
	length uint8 // length of the name
	kind   kind
}

const nodeBits = 14

// nodes is a list that grows without moving its elements.
type nodes struct {
	chunks [][]node
	count  uint32
}

// add appends a node and returns its number.
func (n *nodes) add(one node) uint32 {
	if n.count>>nodeBits == uint32(len(n.chunks)) {
		n.chunks = append(n.chunks, make([]node, 1<<nodeBits))
	}
	number := n.count
	n.count++
	*n.at(number) = one
	return number
}

func (n *nodes) at(number uint32) *node {
	return &n.chunks[number>>nodeBits][number&(1<<nodeBits-1)]
}
