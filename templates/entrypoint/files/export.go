// The copy of files to a folder outside of the image.

package files

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"entrypoint/index"
	"entrypoint/process"
	"entrypoint/progress"
)

// Summary is the result of Export: the number of exported Files, their total Bytes, and how many already existed (Kept).
type Summary struct {
	Files, Kept int
	Bytes       int64
}

// Export copies the files of all rows to dir, with their paths in the dataset, without the mount. Each file is written as
// .partial-… in its folder, compared with size and sha256 of the index during the copy, synced, and renamed. An existing
// file is read: it is kept if its content is right, and replaced if it is a regular file with another content. Any other
// existing entry is an error. Symlinks are copied as symlinks. Export writes nothing outside of dir and follows no symlink
// in it. If all rows are selected, empty folders are copied too.
//
// A file of the image that differs from the index, or that the file system of dir cannot hold under exactly its name, is
// printed to job.Out and skipped, and Export returns an error at the end.
func Export(ctx context.Context, job Job, dir string) (Summary, error) {
	return exportInto(ctx, job, dir, nil)
}

// exportInto is Export or, with a bag, ExportBag.
func exportInto(ctx context.Context, job Job, dir string, b *bag) (Summary, error) {
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
	e := &export{job: job, dir: dir, bag: b, root: root, progress: p, names: newNames(root)}
	defer e.names.close()
	if err := e.run(ctx, c); err != nil {
		return e.summary, e.userError(ctx, c, err)
	}
	p.Stop()
	return e.summary, e.printSummary()
}

// export is one run of Export.
type export struct {
	job      Job
	dir      string
	bag      *bag // nil for a plain folder
	root     *os.Root
	progress *progress.Progress
	names    *names
	warned   atomic.Bool

	mutex            sync.Mutex // protects the fields below
	summary          Summary
	damaged, refused int
}

// openTarget opens the target folder, and creates it if it is missing.
func openTarget(job Job, dir string) (*os.Root, error) {
	if dir == "" {
		return nil, statusf(statusWrongUsage, "-export needs the path of a folder, but its value is empty")
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, notWritable(job, fmt.Errorf("creating the folder %q: %w", dir, Reason(err)))
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, notWritable(job, fmt.Errorf("opening the folder %q: %w", dir, Reason(err)))
	}
	if job.Root == "" && isDeletedWithContainer(dir) {
		fmt.Fprintf(job.Messages, "warning: %q is inside of the container and will be deleted with it%s\n", dir, hint(job))
	}
	return root, nil
}

// run copies all files and, if all rows are selected, the empty folders.
func (e *export) run(ctx context.Context, c catalog) error {
	var workers []work[string]
	// More workers than cores, because workers wait for the disk.
	for range process.Workers(2*runtime.GOMAXPROCS(0) + 2) {
		reader, err := c.newReader(e.progress, e.compared(c)...)
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
	switch {
	case err != nil:
		return err
	case e.bag != nil:
		err = e.bag.finish(ctx, e, c)
	case e.job.All:
		err = e.emptyFolders(ctx, c.root+c.ix.Mount)
	}
	if err != nil {
		return err
	}
	return e.syncNames()
}

// syncfs is the number of the call syncfs(2), which package syscall lacks, by architecture.
var syncfs = map[string]uintptr{"amd64": 306, "arm64": 267}

// syncNames waits until the names of the exported files are on the disk; the content of each file already is.
func (e *export) syncNames() error {
	folder, err := e.root.Open(".")
	if err != nil {
		return err
	}
	defer folder.Close()
	if _, _, failed := syscall.Syscall(syncfs[runtime.GOARCH], folder.Fd(), 0, 0); failed != 0 && failed != syscall.ENOSYS {
		return fmt.Errorf("syncing %q: %w", e.dir, failed)
	}
	return nil
}

// compared returns the digests with which each copy is compared.
func (e *export) compared(c catalog) []*index.Field {
	if e.bag != nil {
		return e.bag.digests
	}
	return []*index.Field{c.ix.Field("sha256")}
}

// outcome is the result for one file.
type outcome struct {
	difference string // why the file was skipped, or ""
	refused    bool   // whether it was skipped because the target cannot hold it
	kept       bool   // whether a correct copy existed
	omitted    bool   // whether it is a symlink, which a bag does not contain
}

// count adds the outcome for a file of the given size to the summary.
func (e *export) count(found outcome, size int64) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.progress.Files.Add(1)
	switch {
	case found.omitted:
		return
	case found.refused:
		e.refused++
		return
	case found.difference != "":
		e.damaged++
		return
	}
	e.summary.Files++
	e.summary.Bytes += size
	if found.kept {
		e.summary.Kept++
	}
}

// printSummary prints the last line and returns an error if files were skipped.
func (e *export) printSummary() error {
	line := fmt.Sprintf("exported %s, %s to %q in %s", counted(e.summary.Files, "file"),
		counted(int(e.summary.Bytes), "byte"), e.dir, e.progress.Elapsed())
	if e.summary.Kept > 0 {
		line += fmt.Sprintf(" (%d already existed)", e.summary.Kept)
	}
	if err := e.progress.Print(e.job.Out, line); err != nil {
		return err
	}
	var skipped []string
	if e.damaged > 0 {
		skipped = append(skipped, fmt.Sprintf("skipped %s of the image because of differences from the index: pull or build the image again",
			counted(e.damaged, "file")))
	}
	if e.refused > 0 {
		holder, remedy := "", "export to a Linux file system, such as ext4 or XFS, or select the other files with -where"
		if e.bag != nil {
			holder, remedy = "a bag or ", "the bag is valid without them"
		}
		skipped = append(skipped, fmt.Sprintf("skipped %s that %sthe file system of %q cannot hold: %s",
			counted(e.refused, "path"), holder, e.dir, remedy))
	}
	if e.bag != nil && e.damaged > 0 {
		skipped = append(skipped, fmt.Sprintf("%q is not a bag: its manifests are not written", e.dir))
	}
	if skipped != nil {
		return statusf(statusFailed, "%s", strings.Join(skipped, "; "))
	}
	return nil
}

// userError returns the error to print, with advice for the user.
func (e *export) userError(ctx context.Context, c catalog, err error) error {
	switch {
	case ctx.Err() != nil:
		return statusf(statusInterrupted, "interrupted: exported %s to %q; run the same command to continue",
			counted(e.summary.Files, "file"), e.dir)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		_, bytes := e.job.total(c)
		return statusf(statusFailed,
			"%q is full (%w): the remaining files need %s; free space and run the same command again", e.dir, Reason(err), counted(int(bytes-e.summary.Bytes), "byte"))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return notWritable(e.job, err)
	case errors.Is(err, fs.ErrNotExist):
		return statusf(statusFailed, "%w: %q or a folder in it was deleted during the export; run the same command again", err, e.dir)
	}
	return err
}

// warn prints, for the first file only, that mode or time could not be set. The content of the file is still correct.
func (e *export) warn(path, why string) {
	if e.warned.CompareAndSwap(false, true) {
		e.progress.Print(e.job.Messages, fmt.Sprintf(
			"warning: %q: cannot set mode or time as in the image (%s); other files may be affected too", path, why))
	}
}

// forbidden reports whether err is the refusal of a file system to set a mode or a time.
func forbidden(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, errors.ErrUnsupported)
}
