// Package dataset opens the files that scan listed, and returns an error for files that changed after the scan.
package dataset

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"

	"packer/shardlist"
)

// Folder is the open folder of a dataset.
type Folder struct {
	descriptor int
	// Only a file's owner may open it with O_NOATIME. After the first refusal no file is opened with it.
	noAtimeRefused atomic.Bool
	lease          bool // whether to take a lease on each file, see File.guard
}

// Open opens the folder with the given path. With lease, its Readers return an error for a file that another process has
// open for writing.
func Open(path string, lease bool) (*Folder, error) {
	descriptor, err := openAt(workingFolder, path, pathOnly|syscall.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("opening the dataset %q: %w", path, err)
	}
	return &Folder{descriptor: descriptor, lease: lease}, nil
}

// Close closes the folder; its Readers cannot be used afterwards.
func (f *Folder) Close() {
	syscall.Close(f.descriptor)
}

// Reader reads a dataset for one goroutine. It keeps the last file's folder open: the next file is often in it.
type Reader struct {
	root       *Folder
	folder     string // relative to the dataset, with a slash at its end; "" for the dataset itself
	through    int    // length of the part of folder in which symlinks are followed
	descriptor int
	unleased   int64
}

// NewReader returns a Reader, which the caller must close.
func (f *Folder) NewReader() *Reader {
	return &Reader{root: f, descriptor: f.descriptor}
}

// TakeUnleased returns the number of opened files since the last call on which the system granted no lease, see File.guard.
func (r *Reader) TakeUnleased() int64 {
	number := r.unleased
	r.unleased = 0
	return number
}

// Close closes the folder of the last file.
func (r *Reader) Close() {
	if r.folder != "" {
		syscall.Close(r.descriptor)
	}
	r.folder, r.through, r.descriptor = "", 0, r.root.descriptor
}

// ReadFile fills content with a whole file, and returns an error if the file differs from the record before or after.
func (r *Reader) ReadFile(record *shardlist.Record, content []byte) error {
	file, err := r.OpenFile(record)
	if err != nil {
		return err
	}
	if err := file.ReadAt(content, 0); err != nil {
		file.Close()
		return err
	}
	return file.Finish()
}

// OpenFile opens a file, and returns an error if the file differs from the record.
func (r *Reader) OpenFile(record *shardlist.Record) (*File, error) {
	// Without O_NONBLOCK, opening a fifo that replaced the file would wait for a writer.
	descriptor, status, err := r.open(record, syscall.O_RDONLY|syscall.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	file := &File{record: record, descriptor: descriptor, opened: status}
	if err = checkStatus(record, &status); err == nil {
		err = file.guard(r)
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// CheckLink returns an error unless the symlink has the target in the record.
func (r *Reader) CheckLink(record *shardlist.Record) error {
	descriptor, _, err := r.open(record, pathOnly)
	if err != nil {
		return err
	}
	defer syscall.Close(descriptor)
	target, err := readLink(descriptor)
	if err != nil {
		return unreadable(record.Path, err)
	}
	if target != record.Target {
		return changed(record.Path, "its target was %q and is %q now", record.Target, target)
	}
	return nil
}

// CheckFolder returns an error unless the path still is a folder.
func (r *Reader) CheckFolder(record *shardlist.Record) error {
	descriptor, _, err := r.open(record, pathOnly)
	if err != nil {
		return err
	}
	return syscall.Close(descriptor)
}

// open opens the record's path, and returns an error unless it has the record's kind. It never follows a symlink outside
// of the part of the path that Record.Through allows.
func (r *Reader) open(record *shardlist.Record, flags int) (int, syscall.Stat_t, error) {
	var status syscall.Stat_t
	cut := strings.LastIndexByte(record.Path, '/') + 1
	if err := r.enter(record.Path[:cut], min(cut, record.Through)); err != nil {
		return 0, status, err
	}
	descriptor, err := r.openName(record.Path[cut:], flags|noFollow(len(record.Path), record.Through))
	if err != nil {
		return 0, status, explainOpen(record, err)
	}
	if err := fileStatus(descriptor, &status); err != nil {
		syscall.Close(descriptor)
		return 0, status, unreadable(record.Path, err)
	}
	if err := checkKind(record, &status); err != nil {
		syscall.Close(descriptor)
		return 0, status, err
	}
	return descriptor, status, nil
}

// openName opens a name in the Reader's folder, without changing the access time if that is allowed.
func (r *Reader) openName(name string, flags int) (int, error) {
	if flags&pathOnly != 0 || r.root.noAtimeRefused.Load() {
		return openAt(r.descriptor, name, flags)
	}
	descriptor, err := openAt(r.descriptor, name, flags|syscall.O_NOATIME)
	if err != syscall.EPERM {
		return descriptor, err
	}
	r.root.noAtimeRefused.Store(true)
	return openAt(r.descriptor, name, flags)
}

// enter opens a folder of the dataset one component at a time, so that it follows only the symlinks that `through` allows.
func (r *Reader) enter(folder string, through int) error {
	if folder == r.folder && through == r.through {
		return nil
	}
	r.Close()
	for start := 0; start < len(folder); {
		end := start + strings.IndexByte(folder[start:], '/')
		descriptor, err := openAt(r.descriptor, folder[start:end], pathOnly|syscall.O_DIRECTORY|noFollow(end, through))
		r.Close()
		if err != nil {
			return explainFolder(folder[:end], err)
		}
		start = end + 1
		r.folder, r.descriptor = folder[:start], descriptor
	}
	r.through = through
	return nil
}

// noFollow returns O_NOFOLLOW unless a path of the given length ends in the part in which symlinks are followed.
func noFollow(length, through int) int {
	if length <= through {
		return 0
	}
	return syscall.O_NOFOLLOW
}
