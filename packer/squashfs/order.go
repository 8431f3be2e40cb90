// The order of the nodes in the image: the children of a directory are consecutive and sorted by the bytes of their names.

package squashfs

import (
	"bytes"
	"slices"
)

// ordered assigns a position to each node that was not removed. A node's inode number is its position plus 1, so that a
// directory's children have consecutive inode numbers.
type ordered struct {
	*tree
	numbers []uint32 // node number for each position; the root has position 0
	begin   []uint32 // position of the first child for each node number, with one more element for the end
}

// order returns the order of a complete tree.
func (t *tree) order() ordered {
	o := ordered{tree: t, begin: t.countChildren()}
	o.numbers = make([]uint32, o.begin[t.nodes.count])
	next := slices.Clone(o.begin)
	for number := uint32(root + 1); number < t.nodes.count; number++ {
		if one := t.nodes.at(number); one.kind != removed {
			o.numbers[next[one.parent]] = number
			next[one.parent]++
		}
	}
	for number := range t.nodes.count {
		o.sort(o.numbers[o.begin[number]:o.begin[number+1]])
	}
	return o
}

// countChildren marks all descendants of removed nodes as removed, and returns the positions where each node's children
// begin.
func (t *tree) countChildren() []uint32 {
	begin := make([]uint32, t.nodes.count+1)
	for number := uint32(root + 1); number < t.nodes.count; number++ {
		one := t.nodes.at(number)
		if t.nodes.at(one.parent).kind == removed {
			one.kind = removed
		}
		if one.kind != removed {
			begin[one.parent+1]++
		}
	}
	// The root has position 0.
	begin[0] = 1
	for i := 1; i < len(begin); i++ {
		begin[i] += begin[i-1]
	}
	return begin
}

func (o ordered) sort(children []uint32) {
	compare := func(a, b uint32) int {
		return bytes.Compare(o.name(o.nodes.at(a)), o.name(o.nodes.at(b)))
	}
	if !slices.IsSortedFunc(children, compare) {
		slices.SortFunc(children, compare)
	}
}

// at returns the node at a position.
func (o ordered) at(position uint32) *node {
	return o.nodes.at(o.numbers[position])
}

// children returns the position of a directory's first child, and the position after its last child.
func (o ordered) children(position uint32) (first, end uint32) {
	number := o.numbers[position]
	return o.begin[number], o.begin[number+1]
}
