// The sequencer, and the consumers: layer, diff ID, and digests of large files.
package hash

import "hash"

// A consumer uses blocks in order, in its own goroutine.
type consumer struct {
	blocks chan *block
	parts  bool // true to receive only blocks with a part of a large file
	use    func(*block) error
}

// newConsumer returns a consumer; run.consume starts it.
func newConsumer(parts bool, use func(*block) error) *consumer {
	return &consumer{make(chan *block, blockCount), parts, use}
}

// consume uses all blocks of a consumer. After the first failure of the run, it only releases them.
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

// sequence sends the blocks to the consumers in order, each when it is filled.
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

// writeTo returns a consumer's function that calls write with the bytes of each block.
func writeTo(write func([]byte) (int, error)) func(*block) error {
	return func(b *block) error {
		_, err := write(b.bytes)
		return err
	}
}

// digestParts returns a consumer's function that computes one digest of each large file, and writes it at an offset in the
// file's row.
func digestParts(sum hash.Hash, rows *rows, offset int) func(*block) error {
	return func(b *block) error {
		part := b.part()
		if part.offset == 0 {
			sum.Reset()
		}
		sum.Write(part.content)
		if !part.last() {
			return nil
		}
		return rows.writeOne(sum.Sum(nil), part.large.row, offset)
	}
}
