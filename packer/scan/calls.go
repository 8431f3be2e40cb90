// System calls that package os does not offer: relative to an open folder, for names with any bytes.
package scan

import (
	"runtime"
	"syscall"
	"unsafe"
)

const (
	// AT_FDCWD and AT_SYMLINK_NOFOLLOW of openat(2) and fstatat(2).
	workingFolder = -100
	noFollow      = 0x100
	// The size of the buffer for a symlink's target; Linux allows 4,095 bytes.
	maxTarget = 4096
)

// The number of newfstatat(2), which package syscall names differently on each architecture.
var fstatat = map[string]uintptr{"amd64": 262, "arm64": 79}[runtime.GOARCH]

// retry repeats a system call while signals interrupt it (EINTR), which happens on FUSE and network file systems.
func retry(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}

// openFolder opens a folder, whose path is relative to an open folder, for readEntries.
func openFolder(folder int, path string, flags int) (descriptor int, err error) {
	flags |= syscall.O_RDONLY | syscall.O_DIRECTORY | syscall.O_CLOEXEC
	err = retry(func() (err error) {
		descriptor, err = syscall.Openat(folder, path, flags, 0)
		return err
	})
	return descriptor, err
}

// readEntries reads the next entries of an open folder in the format of getdents(2); returns 0 bytes at the end.
func readEntries(folder int, buffer []byte) (n int, err error) {
	err = retry(func() (err error) {
		n, err = syscall.ReadDirent(folder, buffer)
		return err
	})
	return n, err
}

// linkStatus fills in the status of an entry of an open folder without following a symlink; the name ends with NUL.
func linkStatus(folder int, name []byte, status *syscall.Stat_t) error {
	return retry(func() error {
		_, _, failed := syscall.Syscall6(fstatat, uintptr(folder), uintptr(unsafe.Pointer(&name[0])),
			uintptr(unsafe.Pointer(status)), noFollow, 0, 0)
		return asError(failed)
	})
}

// pathStatus fills in the status of a path, which is relative to an open folder, following symlinks.
func pathStatus(folder int, path string, status *syscall.Stat_t) error {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return err
	}
	return retry(func() error {
		_, _, failed := syscall.Syscall6(fstatat, uintptr(folder), uintptr(unsafe.Pointer(name)),
			uintptr(unsafe.Pointer(status)), 0, 0, 0)
		return asError(failed)
	})
}

// readLink returns the target of a symlink, whose path is relative to an open folder.
func readLink(folder int, path string) (string, error) {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return "", err
	}
	var target [maxTarget]byte
	var n uintptr
	err = retry(func() error {
		var failed syscall.Errno
		n, _, failed = syscall.Syscall6(syscall.SYS_READLINKAT, uintptr(folder), uintptr(unsafe.Pointer(name)),
			uintptr(unsafe.Pointer(&target)), maxTarget, 0, 0)
		return asError(failed)
	})
	if err != nil {
		return "", err
	}
	return string(target[:n]), nil
}

func asError(failed syscall.Errno) error {
	if failed != 0 {
		return failed
	}
	return nil
}
