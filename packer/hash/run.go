// Package hash reads the files of a shard once, and writes their digests and the shard's layer.
//
// A planner divides the layer's tar into blocks; workers fill many blocks concurrently; a sequencer passes the blocks in
// order to consumers, which write the layer, compute its diff ID, and the digests of files larger than a block.
package hash

import (
	"context"
	"io"

	"entrypoint/digest"
	"packer/blob"
	"packer/dataset"
	"packer/output"
)

// Options are the inputs and outputs of Run.
type Options struct {
	Root     string // the dataset's folder
	List     string // the shard's list
	Mount    string // the path in the image under which the files are stored
	Digests  []digest.Algorithm
	Records  string      // path of the file of digests, see rows
	Layer    blob.Target // empty to compute digests only
	Check    bool        // whether a file is an error while another process writes into it, see dataset.File
	Progress io.Writer   // the progress is printed here, unless nil
}

// A run is the state of one call of Run.
type run struct {
	Options
	ctx     context.Context
	fail    context.CancelCauseFunc // only the first failure is kept
	pool    pool
	root    *dataset.Folder
	rows    *rows
	layer   *blob.Writer
	summary Summary
}

// Run writes the digests and the layer. It writes nothing if a file differs from its record or the context ends.
//
// It needs about 20 MB of memory, regardless of the shard's size.
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
	r.summary.Unleased = r.root.Unleased()
	err := r.commit()
	return r.summary, err
}

// open opens the inputs and outputs.
func (r *run) open() (err error) {
	if r.summary, err = summarize(r.List); err != nil {
		return err
	}
	if r.root, err = dataset.Open(r.Root, r.Check); err != nil {
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

// close closes the dataset, and deletes outputs that were not committed.
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
