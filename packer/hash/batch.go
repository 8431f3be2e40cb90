// A batch: the shards of one call of Run, and what they share.
package hash

import (
	"context"
	"io"
	"runtime"
	"sync"

	"entrypoint/digest"
	"entrypoint/progress"
	"packer/dataset"
	"packer/lanes"
)

const (
	// The number of shards that are read at a time.
	shardCount = 16
	// With compression, more shards are not faster, and each shard's compressor needs memory for each core.
	compressedCount = 2
)

// Options are the inputs of Run.
type Options struct {
	Root string // the dataset's folder
	// The contents of all files in the order of the lists, instead of the folder; or nil.
	Stream   io.Reader
	Mount    string // the path in the image under which the files are stored
	Digests  []digest.Algorithm
	Check    bool      // whether a file is an error while another process writes into it, see dataset.File
	Progress io.Writer // the progress of all shards is printed here, unless nil
}

// A batch is the state of one call of Run.
type batch struct {
	Options
	ctx      context.Context
	fail     context.CancelCauseFunc // only the first failure is kept
	engine   *lanes.Engine
	pool     pool
	root     *dataset.Folder
	jobs     chan *block
	progress *progress.Progress
	mutex    sync.Mutex // held while done runs
	done     func(Summary) error
}

// Run writes the digests and the layers of shards, several at a time, and calls done with the summary of each shard when its
// outputs have their final names. The first failure and the end of the context stop all shards; nothing of a shard remains
// unless it is complete.
//
// It needs about 35 MB of memory, regardless of the number and the size of the shards; more with compression.
func Run(ctx context.Context, options Options, shards []Shard, done func(Summary) error) error {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	b := &batch{Options: options, ctx: ctx, fail: fail, done: done}
	runs, err := b.open(shards)
	if err != nil {
		return err
	}
	defer b.root.Close()
	defer b.engine.Close()
	defer b.progress.Stop()
	b.run(runs)
	return context.Cause(ctx)
}

// open reads the lists, and opens the dataset.
func (b *batch) open(shards []Shard) ([]*run, error) {
	var runs []*run
	var files, bytes int64
	for _, shard := range shards {
		summary, err := summarize(shard.List)
		if err != nil {
			return nil, err
		}
		runs = append(runs, &run{batch: b, Shard: shard, summary: summary})
		files += summary.Files + summary.Links
		bytes += summary.Bytes
	}
	var err error
	if b.root, err = dataset.Open(b.Root, b.Check); err != nil {
		return nil, err
	}
	b.engine = lanes.Start(runtime.GOMAXPROCS(0))
	b.pool, b.jobs = newPool(), make(chan *block, blockCount)
	b.progress = progress.Start(b.Progress, "hash:", files, bytes)
	return runs, nil
}

// run hashes the shards, and returns when they are complete or stopped.
func (b *batch) run(runs []*run) {
	var workers, shards sync.WaitGroup
	for range b.workers() {
		w := &worker{b.root.NewReader(), b.Stream, newDigester(b.engine, b.Digests), b.progress}
		workers.Go(func() { w.work(b.ctx, b.jobs) })
	}
	queue := make(chan *run, len(runs))
	for _, one := range runs {
		queue <- one
	}
	close(queue)
	for range b.concurrent(runs) {
		shards.Go(func() {
			for one := range queue {
				if err := one.hash(); err != nil {
					b.fail(err)
				}
			}
		})
	}
	shards.Wait()
	close(b.jobs)
	workers.Wait()
}

// workers returns the number of workers. Only one can read a stream in order.
func (b *batch) workers() int {
	if b.Stream != nil {
		return 1
	}
	return dataset.Workers
}

// concurrent returns the number of shards to read at a time.
func (b *batch) concurrent(runs []*run) int {
	// Of each shard, a large file may be open while all workers read other files.
	most := min(shardCount, b.workers(), len(runs))
	if layer := runs[0].Layer; layer.Gzip || layer.Pipe != nil {
		return min(compressedCount, most)
	}
	return most
}
