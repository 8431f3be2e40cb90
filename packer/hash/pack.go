// The goroutines of a run, and how they are joined.
package hash

import (
	"sync"

	"entrypoint/digest"
	"entrypoint/progress"
	"packer/layer"
	"packer/shardlist"
)

// pack sends all blocks on their way and waits until the last was used.
func (r *run) pack() {
	// Each has room for all blocks there are, so that nobody who gives one on has to wait.
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

// plan lays out the records of the list.
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

// consumers returns all that need the blocks in their order.
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
