// The goroutines of a run and the channels between them.
package hash

import (
	"sync"

	"entrypoint/digest"
	"entrypoint/progress"
	"packer/layer"
	"packer/shardlist"
)

// pack starts all goroutines and waits until the last block is used.
func (r *run) pack() {
	// Each channel has room for all blocks, so that sending a block never waits.
	jobs, order := make(chan *block, blockCount), make(chan *block, blockCount)
	var all sync.WaitGroup
	begin := func(work func()) {
		all.Add(1)
		go func() {
			defer all.Done()
			work()
		}()
	}
	progress := progress.Start(r.Progress, "hash:", r.summary.Files+r.summary.Links, r.summary.Bytes)
	defer progress.Stop()
	begin(func() { r.plan(jobs, order) })
	for range workerCount {
		w := &worker{r.root.NewReader(), digest.NewSet(r.Digests), r.rows, progress}
		begin(func() { w.work(r.ctx, jobs) })
	}
	consumers := r.consumers()
	for _, c := range consumers {
		begin(func() { r.consume(c) })
	}
	r.sequence(order, consumers)
	all.Wait()
}

// plan runs the planner on the list.
func (r *run) plan(jobs, order chan<- *block) {
	defer close(order)
	defer close(jobs)
	p := &planner{pool: r.pool, jobs: jobs, order: order}
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
		consumers = append(consumers, newConsumer(true, digestParts(algorithm, r.rows, offset)))
		offset += algorithm.Size
	}
	return consumers
}
