// Package scan lists a dataset: a record for each file, symlink and empty folder, sorted by the bytes of the paths.
//
// Many workers read folders at the same time, in the order of the list; one writer joins their results. The memory is
// bounded by how far workers may run ahead of the writer (maxAhead), and by the number of names in one folder.
package scan

import (
	"context"
	"fmt"
	"io"
	"syscall"

	"entrypoint/progress"
)

// FUSE_SUPER_MAGIC of statfs(2).
const fuseType = 0x65735546

// Options are the inputs and outputs of Run.
type Options struct {
	Root     string    // the dataset's folder
	Listing  io.Reader // instead of a walk of the folder, see writeListing; or nil
	Exclude  Rules     // the patterns of excluded paths
	Defaults int       // the number of patterns at the start of Exclude that are defaults, and not from the user
	Symlinks string    // how symlinks are handled, one of Policies
	// Paths of the output files, see writer; all "" to write no files.
	Records, Columns, Refused string
	Progress                  io.Writer // the progress is printed here, unless nil
}

// Summary contains the totals of a list, and its digest.
type Summary struct {
	Records int64   `json:"records"`
	Files   int64   `json:"files"`
	Bytes   int64   `json:"bytes"` // total size of the files
	Refused int64   `json:"refused"`
	Digest  string  `json:"digest"` // of all records and refused entries
	Broken  Broken  `json:"broken"`
	LeftOut []int64 `json:"left_out"` // the number of entries that each default excludes, without the entries below them
}

// Run lists the dataset.
func Run(ctx context.Context, options Options) (Summary, error) {
	root, err := openFolder(workingFolder, options.Root, 0)
	if err != nil {
		return Summary{}, fmt.Errorf("opening the dataset %q: %w", options.Root, err)
	}
	defer syscall.Close(root)
	out, err := newWriter(options)
	if err != nil {
		return Summary{}, err
	}
	defer out.close()
	out.records = progress.Start(options.Progress, "scan:", progress.Unknown, 0)
	defer out.records.Stop()
	w := &walk{root: root, exclude: options.Exclude, defaults: options.Defaults, symlinks: options.Symlinks}
	w.first = w.exclude.firstBytes()
	w.columns = options.Columns != ""
	w.reader = thisReader()
	var system syscall.Statfs_t
	w.inodes = syscall.Fstatfs(root, &system) != nil || system.Type != fuseType
	if options.Listing != nil {
		err = w.writeListing(ctx, options.Listing, out)
	} else {
		err = w.write(ctx, out)
	}
	if err != nil {
		return Summary{}, err
	}
	return out.summary()
}
