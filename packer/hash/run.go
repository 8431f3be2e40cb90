// Package hash reads the files of shards once, and writes their digests and layers.
//
// The planner of a shard divides the layer's tar into blocks; workers fill many blocks of all shards concurrently; the
// sequencer of a shard passes its blocks in order to consumers, which write the layer, compute its diff ID, and the digests
// of files larger than a block.
package hash

import (
	"context"
	"sync/atomic"

	"entrypoint/digest"
	"packer/blob"
	"packer/output"
)

// A Shard is a part of the dataset, with its outputs.
type Shard struct {
	List    string      // its list, which scan wrote
	Records string      // path of the file of digests, see rows
	Layer   blob.Target // empty to compute digests only
}

// A run is the state of one shard.
type run struct {
	*batch
	Shard
	rows     *rows
	layer    *blob.Writer
	summary  Summary
	unleased atomic.Int64
}

// hash writes the outputs of the shard and calls done. It writes nothing if a file differs from its record or the context
// ends.
func (r *run) hash() error {
	defer r.close()
	if err := r.open(); err != nil {
		return err
	}
	r.pack()
	if err := context.Cause(r.ctx); err != nil {
		return err
	}
	r.summary.Unleased = r.unleased.Load()
	if err := r.commit(); err != nil {
		return err
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	return r.done(r.summary)
}

// open opens the outputs.
func (r *run) open() error {
	records, err := output.Create(r.Records)
	if err != nil {
		return err
	}
	r.rows = &rows{records, digest.Width(r.Digests)}
	if r.Layer.Wanted() {
		r.layer, err = blob.Create(r.Layer, r.engine.NewHash)
	}
	return err
}

// close deletes outputs that were not committed.
func (r *run) close() {
	if r.rows != nil {
		r.rows.file.Discard()
	}
	if r.layer != nil {
		r.layer.Discard()
	}
}

// commit gives the outputs their final names, and completes the summary.
func (r *run) commit() error {
	if r.layer == nil {
		return r.rows.file.Commit()
	}
	if err := r.rows.file.Sync(); err != nil {
		return err
	}
	diffID, size := r.layer.DiffID()
	r.summary.LayerSize, r.summary.DiffID = size, &diffID
	facts, err := r.layer.Commit()
	if err != nil {
		return err
	}
	r.summary.Facts = facts
	return r.rows.file.Commit()
}
