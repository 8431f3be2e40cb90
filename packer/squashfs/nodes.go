// The nodes of the tree: 32 bytes for each file, link and directory.

package squashfs

type kind uint8

// The numbers are those of the format's directory entries, but for gone.
const (
	gone      kind = 0 // a later layer has put something else in its place
	directory kind = 1
	file      kind = 2
	link      kind = 3
)

// node is one path of the image.
type node struct {
	name   uint64 // its place in the names
	start  uint64 // of a file: where its data begins, from the image's start; of a link: its target's place in the names
	size   int64  // of a file: its bytes; of a link: the length of its target
	parent uint32
	mode   uint16
	length uint8 // of the name
	kind   kind
}

const nodeBits = 14

// nodes is a list of nodes that grows without moving them.
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
