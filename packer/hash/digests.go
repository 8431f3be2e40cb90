// The digests of the small files of a block, and the SHA-256 of the batch.
package hash

import (
	"hash"

	"entrypoint/digest"
	"packer/lanes"
)

// sha256Name is the algorithm that the engine computes.
const sha256Name = "sha256"

// newHash returns a hash of the algorithm.
func (b *batch) newHash(algorithm digest.Algorithm) hash.Hash {
	if algorithm.Name == sha256Name {
		return b.engine.NewHash()
	}
	return algorithm.New()
}

// A digester computes the digests of several contents.
type digester struct {
	engine     *lanes.Engine
	algorithms []digest.Algorithm
	set        digest.Set
	contents   []lanes.Message
	rows       []byte
}

func newDigester(engine *lanes.Engine, algorithms []digest.Algorithm) *digester {
	return &digester{engine: engine, algorithms: algorithms, set: digest.NewSet(algorithms)}
}

func (d *digester) add(content []byte) {
	if len(d.contents) == cap(d.contents) {
		d.contents = append(d.contents, lanes.Message{})
	} else {
		d.contents = d.contents[:len(d.contents)+1]
	}
	d.contents[len(d.contents)-1].Content = content
}

// sums returns a row of digests for each content, valid until the next call.
func (d *digester) sums() []byte {
	d.rows = d.rows[:0]
	d.engine.Sum(d.contents)
	for i := range d.contents {
		for at, algorithm := range d.algorithms {
			if algorithm.Name == sha256Name {
				d.rows = append(d.rows, d.contents[i].Sum[:]...)
			} else {
				d.rows = d.set[at:at+1].Append(d.rows, d.contents[i].Content)
			}
		}
	}
	return d.rows
}
