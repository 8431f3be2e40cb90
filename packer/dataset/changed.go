// Errors for files that changed after the scan or cannot be read.
package dataset

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"packer/shardlist"
)

var kinds = map[uint32]string{
	syscall.S_IFREG:  "a file",
	syscall.S_IFLNK:  "a symlink",
	syscall.S_IFDIR:  "a folder",
	syscall.S_IFIFO:  "a fifo",
	syscall.S_IFSOCK: "a socket",
	syscall.S_IFCHR:  "a character device",
	syscall.S_IFBLK:  "a block device",
}

var recordKinds = map[byte]uint32{
	shardlist.File:   syscall.S_IFREG,
	shardlist.Link:   syscall.S_IFLNK,
	shardlist.Folder: syscall.S_IFDIR,
}

// checkKind returns an error unless the status has the kind of the record: file, symlink or folder.
func checkKind(record *shardlist.Record, status *syscall.Stat_t) error {
	was, is := recordKinds[record.Kind], status.Mode&syscall.S_IFMT
	if was != is {
		return changed(record.Path, "it was %s and is %s now", kinds[was], kinds[is])
	}
	return nil
}

// checkStatus returns an error unless size, modification time and inode, or ctime without an inode, are those of the record.
func checkStatus(record *shardlist.Record, status *syscall.Stat_t) error {
	switch {
	case status.Size != record.Size:
		return changed(record.Path, "its size was %d bytes and is %d now", record.Size, status.Size)
	case status.Mtim.Nano() != record.MtimeNs:
		was, is := timeText(record.MtimeNs), timeText(status.Mtim.Nano())
		return changed(record.Path, "its modification time was %s and is %s now", was, is)
	case record.Inode == 0 && status.Ctim.Nano() != record.CtimeNs:
		was, is := timeText(record.CtimeNs), timeText(status.Ctim.Nano())
		return changed(record.Path, "its ctime was %s and is %s now", was, is)
	case record.Inode != 0 && status.Ino != record.Inode:
		return changed(record.Path, "it was replaced by another file: its inode was %d and is %d now",
			record.Inode, status.Ino)
	}
	return nil
}

func timeText(ns int64) string {
	return time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
}

func changed(path string, format string, values ...any) error {
	return fmt.Errorf("%q changed after the scan: %s; run snakemake again", path, fmt.Sprintf(format, values...))
}

// inUse returns the error for a file into which another process may write.
func inUse(path string) error {
	return fmt.Errorf("%q is open for writing in another process: end that process, which `lsof` shows, or pack a snapshot "+
		"of the dataset", path)
}

// explainOpen returns the error for a record whose file, symlink or folder could not be opened.
func explainOpen(record *shardlist.Record, err error) error {
	was := kinds[recordKinds[record.Kind]]
	switch {
	case errors.Is(err, syscall.ELOOP):
		return changed(record.Path, "it was %s and is a symlink now", was)
	case errors.Is(err, syscall.EAGAIN):
		return inUse(record.Path)
	case errors.Is(err, syscall.ENXIO):
		return changed(record.Path, "it was %s and is a socket or a device now", was)
	}
	return unreadable(record.Path, err)
}

// explainFolder returns the error for a parent folder that could not be opened.
func explainFolder(folder string, err error) error {
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
		return changed(folder, "it was a folder and no longer is")
	}
	return unreadable(folder, err)
}

// unreadable returns the error for a file or folder that no longer exists or cannot be read, with the remedy.
func unreadable(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ESTALE):
		return changed(path, "it no longer exists")
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%q cannot be read (%w): give read permission with `chmod`, or list it in `exclude`", path, err)
	}
	return fmt.Errorf("%q cannot be read (%w): repair its disk, or list it in `exclude`", path, err)
}
