// The sequencer, and those that need the blocks in their order: the layer, its diff ID, and the digests of large files.
package hash

import (
	"hash"

	"entrypoint/digest"
)

// A consumer uses blocks in the order in which they come, in a goroutine of its own.
type consumer struct {
	blocks chan *block
	parts  bool // needs only the blocks that begin with a part of a large file
	use    func(*block) error
}

// newConsumer returns a consumer that has not begun.
func newConsumer(parts bool, use func(*block) error) *consumer {
	return &consumer{make(chan *block, blockCount), parts, use}
}

// consume uses all blocks; after the first failure, anywhere, it only gives them back.
func (r *run) consume(c *consumer) {
	for b := range c.blocks {
		if r.ctx.Err() == nil {
			if err := c.use(b); err != nil {
				r.fail(err)
			}
		}
		r.pool.release(b)
	}
}

// sequence gives the blocks to their consumers when their turn has come and they are filled.
func (r *run) sequence(order <-chan *block, consumers []*consumer) {
	for b := range order {
		if err := <-b.filled; err != nil {
			r.fail(err)
		}
		b.users.Store(int32(1 + len(consumers)))
		for _, c := range consumers {
			if c.parts && b.part() == nil {
				r.pool.release(b)
			} else {
				c.blocks <- b
			}
		}
		r.pool.release(b)
	}
	for _, c := range consumers {
		close(c.blocks)
	}
}

// writeTo returns what writes each block to a file or a hash, by its method.
func writeTo(write func([]byte) (int, error)) func(*block) error {
	return func(b *block) error {
		_, err := write(b.bytes)
		return err
	}
}

// digestParts returns what computes one digest of each large file, and writes it at an offset in the file's row.
func digestParts(algorithm digest.Algorithm, rows *rows, offset int) func(*block) error {
	var sum hash.Hash
	return func(b *block) error {
		part := b.part()
		if part.offset == 0 {
			sum = algorithm.New()
		}
		sum.Write(part.content)
		if !part.last() {
			return nil
		}
		return rows.writeOne(sum.Sum(nil), part.large.row, offset)
	}
}
