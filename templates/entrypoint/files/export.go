// Copies of files in a folder outside of the image.

package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"sync"
	"syscall"

	"entrypoint/progress"
)

// Summary says what Export did. Bytes are those of all Files, and Kept of these were there already.
type Summary struct {
	Files, Kept int
	Bytes       int64
}

// Export copies the files of all rows to dir, which gets the dataset's own tree, without the mount. Each file is written
// beside its name as .partial-…, compared with the index's size and sha256 on the way, synced, and renamed. A file that is
// there with the right content, which is read, is kept; a regular file with another content is replaced; anything else in
// the way is an error. Links are made as links. Nothing is written outside of dir, and no link in it is followed. Where all
// rows are chosen, empty folders are made too.
//
// A file of the image that is not as the index says is named on job.Out and left out, and an error at the end tells of it.
func Export(ctx context.Context, job Job, dir string) (Summary, error) {
	c, err := newCatalog(job.Index, job.Root)
	if err != nil {
		return Summary{}, err
	}
	root, err := openTarget(job, dir)
	if err != nil {
		return Summary{}, err
	}
	defer root.Close()
	p := job.startProgress(c, "exported")
	defer p.Stop()
	e := &export{job: job, dir: dir, root: root, progress: p}
	if err := e.run(ctx, c); err != nil {
		return e.summary, e.explain(ctx, c, err)
	}
	p.Stop()
	return e.summary, e.close()
}

// export is one run of Export.
type export struct {
	job      Job
	dir      string
	root     *os.Root
	progress *progress.Progress
	warned   sync.Once

	mutex   sync.Mutex // of what is below
	summary Summary
	damaged int
}

// openTarget opens the folder to copy to, which it makes where it is missing.
func openTarget(job Job, dir string) (*os.Root, error) {
	if dir == "" {
		return nil, statusf(statusWrongUsage, "the folder to copy to has no name")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, statusf(statusDisagrees, "making the folder %q: %w: give one that can be written to%s",
			dir, reason(err), hint(job))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, statusf(statusDisagrees, "opening the folder %q: %w", dir, reason(err))
	}
	if job.Root == "" && vanishes(dir) {
		fmt.Fprintf(job.Messages, "warning: %q lies in the container and goes with it%s\n", dir, hint(job))
	}
	return root, nil
}

// run copies everything.
func (e *export) run(ctx context.Context, c catalog) error {
	var workers []work[string]
	// More than there are cores, as they wait for the disk.
	for range 2*runtime.GOMAXPROCS(0) + 2 {
		reader, err := c.newReader(e.progress, c.ix.Field("sha256"))
		if err != nil {
			return err
		}
		one := &copier{run: e, reader: reader}
		defer one.leave()
		workers = append(workers, one.export)
	}
	err := inOrder(ctx, e.job.Rows, workers, func(key []byte, difference string) error {
		if difference == "" {
			return nil
		}
		return e.progress.Print(e.job.Out, shown(key)+": "+difference)
	})
	if err == nil && e.job.All {
		err = e.emptyFolders(ctx, c.root+c.ix.Mount)
	}
	return err
}

// outcome is what became of a file.
type outcome struct {
	difference string // why the image's file was left out
	kept       bool
}

// count takes the outcome for a file of this size into the summary.
func (e *export) count(found outcome, size int64) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.progress.Files.Add(1)
	if found.difference != "" {
		e.damaged++
		return
	}
	e.summary.Files++
	e.summary.Bytes += size
	if found.kept {
		e.summary.Kept++
	}
}

// close prints the last line, and gives an error when files were left out.
func (e *export) close() error {
	line := fmt.Sprintf("exported %s, %s to %q in %s", counted(e.summary.Files, "file"),
		counted(int(e.summary.Bytes), "byte"), e.dir, e.progress.Elapsed())
	switch e.summary.Kept {
	case 0:
	case 1:
		line += " (1 was there already)"
	default:
		line += fmt.Sprintf(" (%d were there already)", e.summary.Kept)
	}
	if err := e.progress.Print(e.job.Out, line); err != nil {
		return err
	}
	if e.damaged > 0 {
		return statusf(statusDisagrees, "%s of the image left out, not as the index says: pull or build the image again",
			counted(e.damaged, "file"))
	}
	return nil
}

// explain returns the error that a user sees.
func (e *export) explain(ctx context.Context, c catalog, err error) error {
	switch {
	case ctx.Err() != nil:
		return statusf(statusInterrupted, "interrupted: %s in %q; the same command goes on from there",
			counted(e.summary.Files, "file"), e.dir)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		_, bytes := e.job.total(c)
		return statusf(statusDisagrees,
			"%q is full (%w): the files still to copy need %s; make room and run the same command again", e.dir, reason(err), counted(int(bytes-e.summary.Bytes), "byte"))
	}
	return err
}

// warn says once that a mode or a time could not be set; the content is what counts.
func (e *export) warn(path string, err error) {
	e.warned.Do(func() {
		e.progress.Print(e.job.Messages, fmt.Sprintf(
			"warning: %q: mode or time cannot be set as in the image (%s); more may follow", path, reason(err)))
	})
}

// forbidden reports whether a file system does not let one set a mode or a time.
func forbidden(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported)
}
