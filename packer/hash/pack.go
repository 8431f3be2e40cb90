// The goroutines of a shard and the channels between them.
package hash

import (
	"sync"

	"packer/layer"
	"packer/shardlist"
)

// pack starts the goroutines of the shard and waits until its last block is used.
func (r *run) pack() {
	// It has room for all blocks, so that sending a block never waits.
	order := make(chan *block, blockCount)
	var all sync.WaitGroup
	all.Go(func() { r.plan(order) })
	consumers := r.consumers()
	for _, c := range consumers {
		all.Go(func() { r.consume(c) })
	}
	r.sequence(order, consumers)
	all.Wait()
}

// plan runs the planner on the list.
func (r *run) plan(order chan<- *block) {
	defer close(order)
	p := &planner{run: r, order: order}
	if r.layer != nil {
		p.members = layer.NewMembers(r.Mount)
	}
	list, err := shardlist.Open(r.List)
	if err == nil {
		defer list.Close()
		err = p.plan(r.ctx, list)
	}
	if err != nil {
		r.fail(err)
	}
}

// consumers returns the consumers: layer and diff ID if there is a layer, and one for each digest of large files.
func (r *run) consumers() []*consumer {
	var consumers []*consumer
	if r.layer != nil {
		consumers = append(consumers, newConsumer(false, writeTo(r.layer.Write)), newConsumer(false, writeTo(r.layer.Digest)))
	}
	offset := 0
	for _, algorithm := range r.Digests {
		consumers = append(consumers, newConsumer(true, digestParts(r.newHash(algorithm), r.rows, offset)))
		offset += algorithm.Size
	}
	return consumers
}
