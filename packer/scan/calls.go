// The system calls that package os has no form for: relative to an open folder, for names of any bytes.
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
	// The longest target that Linux gives a link.
	maxTarget = 4096
)

// The number of newfstatat(2), which package syscall names differently on each machine.
var fstatat = map[string]uintptr{"amd64": 262, "arm64": 79}[runtime.GOARCH]

// retried calls again what a signal has interrupted, as file systems in user space and on the network allow.
func retried(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}

// openFolder opens a folder for its names to be read.
func openFolder(folder int, path string, flags int) (descriptor int, err error) {
	flags |= syscall.O_RDONLY | syscall.O_DIRECTORY | syscall.O_CLOEXEC
	err = retried(func() (err error) {
		descriptor, err = syscall.Openat(folder, path, flags, 0)
		return err
	})
	return descriptor, err
}

// readEntries reads the next entries of an open folder as getdents(2) gives them; none are left when there are no bytes.
func readEntries(folder int, buffer []byte) (n int, err error) {
	err = retried(func() (err error) {
		n, err = syscall.ReadDirent(folder, buffer)
		return err
	})
	return n, err
}

// linkStatus fills in the status of what an open folder has under a name, which ends with NUL; of a link, its own.
func linkStatus(folder int, name []byte, status *syscall.Stat_t) error {
	return retried(func() error {
		_, _, failed := syscall.Syscall6(fstatat, uintptr(folder), uintptr(unsafe.Pointer(&name[0])),
			uintptr(unsafe.Pointer(status)), noFollow, 0, 0)
		return asError(failed)
	})
}

// pathStatus fills in the status of what an open folder has under a path; of a link, that of what it leads to.
func pathStatus(folder int, path string, status *syscall.Stat_t) error {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return err
	}
	return retried(func() error {
		_, _, failed := syscall.Syscall6(fstatat, uintptr(folder), uintptr(unsafe.Pointer(name)),
			uintptr(unsafe.Pointer(status)), 0, 0, 0)
		return asError(failed)
	})
}

// readLink returns the target of the link that an open folder has under a path.
func readLink(folder int, path string) (string, error) {
	name, err := syscall.BytePtrFromString(path)
	if err != nil {
		return "", err
	}
	var target [maxTarget]byte
	var n uintptr
	err = retried(func() error {
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
