// Detection of other processes that write into a file while it is read.
package dataset

import (
	"slices"
	"syscall"
)

const (
	// SYNC_FILE_RANGE_WAIT_BEFORE and _WRITE of sync_file_range(2).
	writePages = 1 | 2
	// F_SETLEASE and F_GETLEASE of fcntl(2).
	setLease, getLease = 1024, 1025
)

// The types of file systems to which only this machine's kernel writes, so that its leases cover all writers: ext2 to ext4,
// XFS, Btrfs, tmpfs, F2FS, ZFS, bcachefs. Source: statfs(2).
var localTypes = []int64{0xEF53, 0x58465342, 0x9123683E, 0x01021994, 0xF2F52010, 0x2FC12FC1, 0xCA451A4E}

// guard makes later writes of other processes visible to Finish.
//
// It starts to write the file's dirty pages to disk, which makes them clean. The kernel changes a file's times at the first
// store through a memory map into a clean page, and does not notice stores into a dirty page.
//
// If files get a lease, it instead returns an error for a file that is open for writing or mapped writable. A process that
// opens the file for writing afterwards waits until the file is closed, and checkLease returns an error.
func (f *File) guard(r *Reader) error {
	if r.root.lease {
		err := f.takeLease()
		if err == syscall.EAGAIN {
			return inUse(f.record.Path)
		}
		if f.leased = err == nil; f.leased {
			return nil
		}
		r.unleased++
	}
	// Some file systems do not implement this.
	_ = syscall.SyncFileRange(f.descriptor, 0, 0, writePages)
	return nil
}

// takeLease returns nil if there is a lease, EAGAIN if the file is open for writing, other errors if there is no lease.
func (f *File) takeLease() error {
	var system syscall.Statfs_t
	if err := retry(func() error { return syscall.Fstatfs(f.descriptor, &system) }); err != nil {
		return err
	}
	if !slices.Contains(localTypes, int64(system.Type)) {
		return syscall.ENOTSUP
	}
	if _, _, failed := syscall.Syscall(syscall.SYS_FCNTL, uintptr(f.descriptor), setLease, syscall.F_RDLCK); failed != 0 {
		return failed
	}
	return nil
}

// checkLease returns an error if there was a lease and another process opened the file for writing.
func (f *File) checkLease() error {
	if !f.leased {
		return nil
	}
	kind, _, failed := syscall.Syscall(syscall.SYS_FCNTL, uintptr(f.descriptor), getLease, 0)
	if failed != 0 || kind != syscall.F_RDLCK {
		return changed(f.record.Path, "another process opened it for writing while it was read")
	}
	return nil
}
