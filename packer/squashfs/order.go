// The order of the nodes in the image: the children of each directory side by side, sorted by the bytes of their names.

package squashfs

import (
	"bytes"
	"slices"
)

// ordered lists the nodes that are left in the tree. A node's inode number is its position plus 1, so that those of a
// directory's children follow each other.
type ordered struct {
	*tree
	numbers []uint32 // of the nodes, by position; the root is the first
	begin   []uint32 // by a directory's number: the position of its first child; one more for the end of the last
}

// order finishes the tree.
func (t *tree) order() ordered {
	o := ordered{tree: t, begin: t.countChildren()}
	o.numbers = make([]uint32, o.begin[t.nodes.count])
	next := slices.Clone(o.begin)
	for number := uint32(root + 1); number < t.nodes.count; number++ {
		if one := t.nodes.at(number); one.kind != gone {
			o.numbers[next[one.parent]] = number
			next[one.parent]++
		}
	}
	for number := range t.nodes.count {
		o.sort(o.numbers[o.begin[number]:o.begin[number+1]])
	}
	return o
}

// countChildren marks what lies below nodes that are gone as gone too, and returns where each node's children begin.
func (t *tree) countChildren() []uint32 {
	begin := make([]uint32, t.nodes.count+1)
	for number := uint32(root + 1); number < t.nodes.count; number++ {
		one := t.nodes.at(number)
		if t.nodes.at(one.parent).kind == gone {
			one.kind = gone
		}
		if one.kind != gone {
			begin[one.parent+1]++
		}
	}
	// The root stands before all children.
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

// at returns the node of a position.
func (o ordered) at(position uint32) *node {
	return o.nodes.at(o.numbers[position])
}

// children returns the positions of a directory's children: the first, and the one behind the last.
func (o ordered) children(position uint32) (first, end uint32) {
	number := o.numbers[position]
	return o.begin[number], o.begin[number+1]
}
