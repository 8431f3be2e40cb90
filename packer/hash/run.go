// Package hash reads the files of a shard once, for their digests and for the shard's layer.
//
// A planner lays the shard out as blocks of the layer's tar; workers fill the blocks, many at a time; a sequencer gives
// them in their order to those that write the layer, compute its diff ID, and the digests of files larger than a block.
package hash

import (
	"context"
	"io"

	"entrypoint/digest"
	"packer/blob"
	"packer/dataset"
	"packer/output"
)

// Options say what is to be read and written.
type Options struct {
	Root    string // the dataset's folder
	List    string // the shard's list
	Mount   string // where the files lie in the image
	Digests []digest.Algorithm
	Records string      // for each file and link of the list, its digests
	Layer   blob.Target // or none, for digests alone
	// Where to tell how far it is, or nil.
	Progress io.Writer
}

// A run is one shard being hashed.
type run struct {
	Options
	ctx     context.Context
	fail    context.CancelCauseFunc // the first failure counts
	pool    pool
	root    *dataset.Folder
	rows    *rows
	layer   *blob.Writer
	summary Summary
}

// Run writes the records and the layer, or nothing when a file is not as the list says or the context ends.
//
// It takes about 20 MB of memory, whatever the shard's size.
func Run(ctx context.Context, options Options) (Summary, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	r := &run{Options: options, ctx: ctx, fail: fail, pool: newPool()}
	defer r.close()
	if err := r.open(); err != nil {
		return Summary{}, err
	}
	r.pack()
	if err := context.Cause(ctx); err != nil {
		return Summary{}, err
	}
	err := r.commit()
	return r.summary, err
}

// open opens the inputs and outputs.
func (r *run) open() (err error) {
	if r.summary, err = summarize(r.List); err != nil {
		return err
	}
	if r.root, err = dataset.Open(r.Root); err != nil {
		return err
	}
	records, err := output.Create(r.Records)
	if err != nil {
		return err
	}
	r.rows = &rows{records, digest.Width(r.Digests)}
	if r.Layer.Wanted() {
		r.layer, err = blob.Create(r.Layer)
	}
	return err
}

// close closes what is open and removes outputs that were not committed.
func (r *run) close() {
	if r.root != nil {
		r.root.Close()
	}
	if r.rows != nil {
		r.rows.file.Discard()
	}
	if r.layer != nil {
		r.layer.Discard()
	}
}

// commit gives the outputs their names and fills in what the summary says of the layer.
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
