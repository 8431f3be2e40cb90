// Package output writes files that get their final name only when they are complete and synced to disk.
package output

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Every time this many bytes are written, the kernel is asked to start writing them to disk. This shortens the final sync.
const writebackBytes = 16 << 20

// SYNC_FILE_RANGE_WRITE of sync_file_range(2): start to write dirty pages, and do not wait.
const syncFileRangeWrite = 2

// File has a temporary name in the folder of its final name until Commit. Its errors contain the final name.
type File struct {
	path    string
	partial string // the temporary name
	file    *os.File
	written int64 // number of bytes that Write appended
	started int64 // number of bytes that the kernel was asked to write to disk
}

// Create creates an empty File. Commit renames the file to path; Discard deletes it.
func Create(path string) (*File, error) {
	folder, name := filepath.Split(path)
	if err := removePartial(folder, name); err != nil {
		return nil, fmt.Errorf("removing temporary files of an earlier run of %q: %w", path, err)
	}
	f := &File{path: path, partial: filepath.Join(folder, "."+name+"."+rand.Text()+".partial")}
	file, err := os.OpenFile(f.partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, f.explain(err)
	}
	f.file = file
	return f, nil
}

// removePartial deletes the temporary files of killed runs. Each File has a random temporary name, so that a process that
// outlived its run cannot rename the file of the next run.
func removePartial(folder, name string) error {
	entries, err := os.ReadDir(filepath.Clean(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Cause(err)
	}
	for _, entry := range entries {
		partial := entry.Name()
		if strings.HasPrefix(partial, "."+name+".") && strings.HasSuffix(partial, ".partial") {
			if err := os.Remove(filepath.Join(folder, partial)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return Cause(err)
			}
		}
	}
	return nil
}

// Write appends bytes.
func (f *File) Write(content []byte) (int, error) {
	n, err := f.file.Write(content)
	f.written += int64(n)
	if f.written-f.started >= writebackBytes {
		// An error is ignored: file systems without this call write later.
		_ = syscall.SyncFileRange(int(f.file.Fd()), f.started, f.written-f.started, syncFileRangeWrite)
		f.started = f.written
	}
	return n, f.explain(err)
}

// Early is a file that is written in the order of its bytes. It asks the kernel like a File to start writing them to disk.
type Early struct {
	*os.File
	started int64 // number of bytes that the kernel was asked to write to disk
}

// WriteAt writes bytes at an offset.
func (e *Early) WriteAt(p []byte, offset int64) (int, error) {
	n, err := e.File.WriteAt(p, offset)
	if end := offset + int64(n); end-e.started >= writebackBytes {
		_ = syscall.SyncFileRange(int(e.Fd()), e.started, end-e.started, syncFileRangeWrite)
		e.started = end
	}
	return n, err
}

// Written returns the number of bytes that Write appended.
func (f *File) Written() int64 {
	return f.written
}

// WriteAt writes bytes at an offset. Goroutines may call it concurrently, in any order of offsets.
func (f *File) WriteAt(content []byte, offset int64) (int, error) {
	n, err := f.file.WriteAt(content, offset)
	return n, f.explain(err)
}

// Sync waits until the content is on disk.
func (f *File) Sync() error {
	return f.explain(f.file.Sync())
}

// Commit syncs the file to disk and renames it to its final name.
func (f *File) Commit() error {
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.file.Close(); err != nil {
		return f.explain(err)
	}
	return f.explain(os.Rename(f.partial, f.path))
}

// Discard deletes the file, unless it was committed.
func (f *File) Discard() {
	f.file.Close()
	os.Remove(f.partial)
}

func (f *File) explain(err error) error {
	return Explain(f.path, err)
}

// Explain returns the error for a file that could not be written, with the remedy if the disk or the quota is full.
func Explain(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("writing %q: the disk is full: free space on it, or set outdir to another disk", path)
	case errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("writing %q: your quota of bytes or files is used up: delete files, or set outdir to another disk", path)
	}
	return fmt.Errorf("writing %q: %w", path, Cause(err))
}

// Cause returns an error without the path that package os adds.
func Cause(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}
