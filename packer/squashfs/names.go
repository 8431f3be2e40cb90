// The arena of names: millions of short byte strings without an allocation or a header for each.

package squashfs

const (
	arenaBits = 20
	arenaMask = 1<<arenaBits - 1
)

// names keeps byte strings of up to 1 MiB; each is known by the place that add gives it.
type names struct {
	chunks [][]byte
}

// add copies a string into the arena and returns its place.
func (n *names) add(text []byte) uint64 {
	last := len(n.chunks) - 1
	if last < 0 || len(n.chunks[last])+len(text) > 1<<arenaBits {
		n.chunks = append(n.chunks, make([]byte, 0, 1<<arenaBits))
		last++
	}
	place := uint64(last)<<arenaBits | uint64(len(n.chunks[last]))
	n.chunks[last] = append(n.chunks[last], text...)
	return place
}

// get returns the string of that place and length, which stays the arena's.
func (n *names) get(place uint64, length int) []byte {
	if length == 0 {
		return nil
	}
	start := place & arenaMask
	return n.chunks[place>>arenaBits][start : start+uint64(length)]
}
