// Package dataset opens the files that scan listed, and sees that they still are as scan found them.
package dataset

import (
	"fmt"
	"strings"
	"sync/atomic"
	"syscall"

	"packer/shardlist"
)

// Folder is a dataset's folder, open.
type Folder struct {
	descriptor int
	// Only its owner may read a file without changing the access time; after the first refusal nobody asks again.
	noAtimeRefused atomic.Bool
}

// Open returns the folder with the given path.
func Open(path string) (*Folder, error) {
	descriptor, err := openAt(workingFolder, path, pathOnly|syscall.O_DIRECTORY)
	if err != nil {
		return nil, fmt.Errorf("opening the dataset %q: %w", path, err)
	}
	return &Folder{descriptor: descriptor}, nil
}

// Close closes the folder; its Readers are of no use afterwards.
func (f *Folder) Close() {
	syscall.Close(f.descriptor)
}

// Reader reads a dataset for one goroutine. It keeps the folder of its last file open, as the next is often beside it.
type Reader struct {
	root       *Folder
	folder     string // relative to the dataset, with a slash at its end; "" for the dataset itself
	through    int    // how much of that may be links
	descriptor int
}

// NewReader returns a Reader that is to be closed.
func (f *Folder) NewReader() *Reader {
	return &Reader{root: f, descriptor: f.descriptor}
}

// Close closes the folder that the Reader kept open.
func (r *Reader) Close() {
	if r.folder != "" {
		syscall.Close(r.descriptor)
	}
	r.folder, r.through, r.descriptor = "", 0, r.root.descriptor
}

// ReadFile fills content with the whole of a file, which must be as the record says before and after.
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

// OpenFile opens a file, which must be as the record says.
func (r *Reader) OpenFile(record *shardlist.Record) (*File, error) {
	// A fifo that has taken the file's place would have us wait for a writer.
	descriptor, status, err := r.open(record, syscall.O_RDONLY|syscall.O_NONBLOCK)
	if err != nil {
		return nil, err
	}
	if err := checkStatus(record, &status); err != nil {
		syscall.Close(descriptor)
		return nil, err
	}
	return &File{record: record, descriptor: descriptor, opened: status}, nil
}

// CheckLink sees that a link still has the target that the record says.
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

// CheckFolder sees that a folder still is one.
func (r *Reader) CheckFolder(record *shardlist.Record) error {
	descriptor, _, err := r.open(record, pathOnly)
	if err != nil {
		return err
	}
	return syscall.Close(descriptor)
}

// open opens what the record names, and is of its kind, never through a link that scan was not to follow.
func (r *Reader) open(record *shardlist.Record, flags int) (int, syscall.Stat_t, error) {
	var status syscall.Stat_t
	cut := strings.LastIndexByte(record.Path, '/') + 1
	if err := r.enter(record.Path[:cut], min(cut, record.Through)); err != nil {
		return 0, status, err
	}
	descriptor, err := r.openHere(record.Path[cut:], flags|noFollow(len(record.Path), record.Through))
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

// openHere opens a name in the Reader's folder, without changing the access time where that is allowed.
func (r *Reader) openHere(name string, flags int) (int, error) {
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

// enter opens a folder of the dataset part by part, so that none of them can be a link but those to be followed.
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

// noFollow is the flag to open a path of the given length with, of which so much may be links.
func noFollow(length, through int) int {
	if length <= through {
		return 0
	}
	return syscall.O_NOFOLLOW
}
