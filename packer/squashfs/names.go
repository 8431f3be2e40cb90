// An arena for names: stores millions of short byte strings without an allocation or a slice header for each.

package squashfs

const (
	arenaBits = 20
	arenaMask = 1<<arenaBits - 1
)

// names contains byte strings of up to 1 MiB, which are identified by their position in the arena.
type names struct {
	chunks [][]byte
}

// add copies a string into the arena and returns its position.
func (n *names) add(text []byte) uint64 {
	last := len(n.chunks) - 1
	if last < 0 || len(n.chunks[last])+len(text) > 1<<arenaBits {
		n.chunks = append(n.chunks, make([]byte, 0, 1<<arenaBits))
		last++
	}
	position := uint64(last)<<arenaBits | uint64(len(n.chunks[last]))
	n.chunks[last] = append(n.chunks[last], text...)
	return position
}

// get returns the string with the given position and length, without copying it.
func (n *names) get(position uint64, length int) []byte {
	if length == 0 {
		return nil
	}
	start := position & arenaMask
	return n.chunks[position>>arenaBits][start : start+uint64(length)]
}
