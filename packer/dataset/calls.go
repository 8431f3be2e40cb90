// System calls that package os does not offer: relative to an open folder, without the runtime's poller or allocations.
package dataset

import (
	"syscall"
	"unsafe"
)

const (
	// AT_FDCWD of openat(2).
	workingFolder = -100
	// O_PATH of open(2), which package syscall does not define: opens without reading, so it needs no read permission.
	pathOnly = 0x200000
	// The size of the buffer for a symlink's target; Linux allows 4,095 bytes.
	maxTarget = 4096
)

// retry repeats a system call while signals interrupt it (EINTR), which happens on FUSE and network file systems.
func retry(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}

func openAt(folder int, name string, flags int) (descriptor int, err error) {
	err = retry(func() (err error) {
		descriptor, err = syscall.Openat(folder, name, flags|syscall.O_CLOEXEC, 0)
		return err
	})
	return descriptor, err
}

func fileStatus(descriptor int, status *syscall.Stat_t) error {
	return retry(func() error { return syscall.Fstat(descriptor, status) })
}

func readAt(descriptor int, content []byte, offset int64) (n int, err error) {
	err = retry(func() (err error) {
		n, err = syscall.Pread(descriptor, content, offset)
		return err
	})
	return n, err
}

// readLink returns the target of a symlink that was opened with pathOnly.
func readLink(descriptor int) (string, error) {
	var target [maxTarget]byte
	var empty [1]byte
	var n uintptr
	err := retry(func() error {
		var failed syscall.Errno
		n, _, failed = syscall.Syscall6(syscall.SYS_READLINKAT, uintptr(descriptor), uintptr(unsafe.Pointer(&empty)),
			uintptr(unsafe.Pointer(&target)), maxTarget, 0, 0)
		if failed != 0 {
			return failed
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return string(target[:n]), nil
}
