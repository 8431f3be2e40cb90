// An open file, which several goroutines may read at the same time.
package dataset

import (
	"fmt"
	"syscall"

	"packer/shardlist"
)

// File is an open file of a dataset. The caller must call Finish or Close.
type File struct {
	record     *shardlist.Record
	descriptor int
	opened     syscall.Stat_t
	leased     bool // whether writers wait until the file is closed, see guard
}

// ReadAt fills content with the file's bytes, starting at an offset.
func (f *File) ReadAt(content []byte, offset int64) error {
	for len(content) > 0 {
		n, err := readAt(f.descriptor, content, offset)
		if err != nil {
			return unreadable(f.record.Path, err)
		}
		if n == 0 {
			return f.shrunk(offset)
		}
		content, offset = content[n:], offset+int64(n)
	}
	return f.checkLease()
}

// Finish closes the file, and returns an error if the file changed since it was opened.
func (f *File) Finish() error {
	defer f.Close()
	// In /proc and on some FUSE file systems, a file of size 0 contains bytes.
	var beyond [1]byte
	n := 0
	if f.record.Size == 0 {
		var err error
		if n, err = readAt(f.descriptor, beyond[:], 0); err != nil {
			return unreadable(f.record.Path, err)
		}
	}
	var now syscall.Stat_t
	if err := fileStatus(f.descriptor, &now); err != nil {
		return unreadable(f.record.Path, err)
	}
	if err := f.checkLease(); err != nil {
		return err
	}
	if now.Size != f.opened.Size || now.Mtim != f.opened.Mtim {
		return checkStatus(f.record, &now)
	}
	if now.Ctim != f.opened.Ctim {
		return changed(f.record.Path, "it was written or its status was changed while it was read")
	}
	if n > 0 {
		return fmt.Errorf("%q contains bytes, but its size is 0: list it in `exclude`, or pack a copy", f.record.Path)
	}
	return nil
}

// Close closes the file without checking for changes.
func (f *File) Close() {
	syscall.Close(f.descriptor)
}

// shrunk returns the error for a file that ended before its size.
func (f *File) shrunk(end int64) error {
	var now syscall.Stat_t
	if err := fileStatus(f.descriptor, &now); err != nil {
		return unreadable(f.record.Path, err)
	}
	if err := checkStatus(f.record, &now); err != nil {
		return err
	}
	// The status has the old size although the file is shorter: a faulty network file system may do this.
	return unreadable(f.record.Path, fmt.Errorf("it ends at byte %d, but its size is %d", end, f.record.Size))
}
