// Package output writes files that appear under their final name only when they are whole and on the disk.
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

// How many bytes are left to the kernel before it is told to start writing them: the wait at the end is short then.
const writebackBytes = 16 << 20

// Of sync_file_range(2): start writing what is not being written yet, and do not wait.
const syncFileRangeWrite = 2

// File is written beside its final name until Commit. Its errors name it.
type File struct {
	path    string
	partial string // its name until then
	file    *os.File
	written int64 // bytes, by Write
	started int64 // bytes of those that the kernel was told to write
}

// Create returns an empty File that Commit gives the name path, and Discard takes away.
func Create(path string) (*File, error) {
	folder, name := filepath.Split(path)
	if err := removeLeft(folder, name); err != nil {
		return nil, fmt.Errorf("removing what an earlier run left of %q: %w", path, err)
	}
	f := &File{path: path, partial: filepath.Join(folder, "."+name+"."+rand.Text()+".partial")}
	file, err := os.OpenFile(f.partial, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, f.explain(err)
	}
	f.file = file
	return f, nil
}

// removeLeft removes what runs that were killed have left of a file. The names differ, so that a process that outlived
// its run cannot give the file of the next one its final name.
func removeLeft(folder, name string) error {
	entries, err := os.ReadDir(filepath.Clean(folder))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return cause(err)
	}
	for _, entry := range entries {
		left := entry.Name()
		if strings.HasPrefix(left, "."+name+".") && strings.HasSuffix(left, ".partial") {
			if err := os.Remove(filepath.Join(folder, left)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return cause(err)
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
		// A file system that cannot do it writes later.
		_ = syscall.SyncFileRange(int(f.file.Fd()), f.started, f.written-f.started, syncFileRangeWrite)
		f.started = f.written
	}
	return n, f.explain(err)
}

// Written returns how many bytes Write has appended.
func (f *File) Written() int64 {
	return f.written
}

// WriteAt writes bytes where they belong, in any order, from any goroutine.
func (f *File) WriteAt(content []byte, offset int64) (int, error) {
	n, err := f.file.WriteAt(content, offset)
	return n, f.explain(err)
}

// Sync waits until the file is on the disk.
func (f *File) Sync() error {
	return f.explain(f.file.Sync())
}

// Commit gives the file its final name when it is on the disk.
func (f *File) Commit() error {
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.file.Close(); err != nil {
		return f.explain(err)
	}
	return f.explain(os.Rename(f.partial, f.path))
}

// Discard removes the file; one that was committed has no longer the name that is removed.
func (f *File) Discard() {
	f.file.Close()
	os.Remove(f.partial)
}

func (f *File) explain(err error) error {
	return Explain(f.path, err)
}

// Explain says which file could not be written, and for a full disk what to do.
func Explain(path string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("writing %q: the disk is full: free space on it, or set outdir to another disk", path)
	case errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("writing %q: your quota is used up: free space, or set outdir to another disk", path)
	}
	return fmt.Errorf("writing %q: %w", path, cause(err))
}

// cause returns an error without the partial file's name that package os puts before it, which nobody asked for.
func cause(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}
