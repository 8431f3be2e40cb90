// What is said of a file that is not as scan found it.
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
	syscall.S_IFLNK:  "a link",
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

// checkKind sees that a status is that of a file, a link or a folder, as the record says.
func checkKind(record *shardlist.Record, status *syscall.Stat_t) error {
	was, is := recordKinds[record.Kind], status.Mode&syscall.S_IFMT
	if was != is {
		return changed(record.Path, "it was %s and is %s now", kinds[was], kinds[is])
	}
	return nil
}

// checkStatus sees that a status is that of the record's file, unchanged.
func checkStatus(record *shardlist.Record, status *syscall.Stat_t) error {
	switch {
	case status.Size != record.Size:
		return changed(record.Path, "its size was %d bytes and is %d now", record.Size, status.Size)
	case status.Mtim.Nano() != record.MtimeNs:
		was, is := timeText(record.MtimeNs), timeText(status.Mtim.Nano())
		return changed(record.Path, "its modification time was %s and is %s now", was, is)
	case status.Ino != record.Inode:
		return changed(record.Path, "another file has taken its place: its inode was %d and is %d now",
			record.Inode, status.Ino)
	}
	return nil
}

func timeText(ns int64) string {
	return time.Unix(0, ns).UTC().Format(time.RFC3339Nano)
}

func changed(path string, what string, values ...any) error {
	return fmt.Errorf("%q changed after the scan: %s; run snakemake again", path, fmt.Sprintf(what, values...))
}

// explainOpen says why what the record names could not be opened.
func explainOpen(record *shardlist.Record, err error) error {
	was := kinds[recordKinds[record.Kind]]
	switch {
	case errors.Is(err, syscall.ELOOP):
		return changed(record.Path, "it was %s and is a link now", was)
	case errors.Is(err, syscall.ENXIO):
		return changed(record.Path, "it was %s and is a socket or a device now", was)
	}
	return unreadable(record.Path, err)
}

// explainFolder says why a folder on the way to a file could not be opened.
func explainFolder(folder string, err error) error {
	if errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
		return changed(folder, "it was a folder and is none now")
	}
	return unreadable(folder, err)
}

// unreadable says that a file or folder is gone or cannot be read, and what to do.
func unreadable(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ESTALE):
		return changed(path, "it is gone now")
	case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		return fmt.Errorf("%q cannot be read (%w): allow it with `chmod`, or leave it out with `exclude`", path, err)
	}
	return fmt.Errorf("%q cannot be read (%w): repair its disk, or leave it out with `exclude`", path, err)
}
