// The second read of a shard, which finds files that changed during the first one without a change of their times.
package hash

import (
	"context"
	"errors"
	"fmt"

	"packer/blob"
	"packer/shardlist"
)

// readAgain reads the files of the shard a second time if the system granted no lease on some of them, which it
// counts in the summary.
func (r *run) readAgain() error {
	if r.summary.Unleased = r.root.Unleased(); r.summary.Unleased == 0 {
		return nil
	}
	return r.compare()
}

// compare reads the shard, and returns an error that names a file whose digests are not those in r.rows.
func (r *run) compare() error {
	ctx, fail := context.WithCancelCause(r.ctx)
	defer fail(nil)
	second := *r
	second.ctx, second.fail, second.layer, second.Layer = ctx, fail, nil, blob.Target{}
	second.rows = &rows{r.rows.file, r.rows.width, true}
	second.pack()
	err := context.Cause(ctx)
	var row differentRow
	if !errors.As(err, &row) {
		return err
	}
	record, err := recordOf(r.List, int64(row))
	if err != nil {
		return err
	}
	return fmt.Errorf("%q changed while it was read: two reads returned different bytes; end the process that writes to "+
		"it, or pack a snapshot of the dataset, and run snakemake again", record.Path)
}

// recordOf returns the record of a row of digests.
func recordOf(list string, row int64) (*shardlist.Record, error) {
	reader, err := shardlist.Open(list)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	for {
		record, err := reader.Next()
		if err != nil {
			return nil, err
		}
		if record.Kind == shardlist.Folder {
			continue
		}
		if row--; row < 0 {
			return record, nil
		}
	}
}
