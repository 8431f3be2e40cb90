// Package scan lists a dataset: a record for each file, link and empty folder, in the order of the paths' bytes.
//
// Many workers look at folders at once, those that come first in the order before others; one writer puts together what
// they found. It keeps as much of the list in memory as the workers are ahead of it, and each open folder's names.
package scan

import (
	"context"
	"fmt"
	"io"
	"syscall"

	"entrypoint/progress"
)

// Options say what is to be listed, and where the list goes.
type Options struct {
	Root    string // the dataset's folder
	Exclude Rules  // what is left out
	// What becomes of links, one of Policies.
	Symlinks string
	// The outputs, see writer; all "" for the summary alone.
	Records, Columns, Offenders string
	// Where to tell how far it is, or nil.
	Progress io.Writer
}

// Summary says what was listed.
type Summary struct {
	Records   int64  `json:"records"`
	Files     int64  `json:"files"`
	Bytes     int64  `json:"bytes"` // of the files
	Offenders int64  `json:"offenders"`
	Digest    string `json:"digest"` // of all records and offenders
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
	w := &walk{root: root, exclude: options.Exclude, symlinks: options.Symlinks, columns: options.Columns != ""}
	w.reader = thisReader()
	if err := w.write(ctx, out); err != nil {
		return Summary{}, err
	}
	return out.summary()
}
