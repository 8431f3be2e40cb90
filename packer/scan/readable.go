// Whether this process may read a file.
package scan

import (
	"os"
	"slices"
	"syscall"
)

// A reader is this process as a file's mode sees it.
type reader struct {
	user   uint32
	groups []uint32
}

func thisReader() reader {
	r := reader{user: uint32(os.Geteuid()), groups: []uint32{uint32(os.Getegid())}}
	// Who cannot be told its groups is asked by opening more files.
	groups, _ := os.Getgroups()
	for _, group := range groups {
		r.groups = append(r.groups, uint32(group))
	}
	return r
}

// allowed tells whether a file's mode lets it be read. A list of access rights, or a capability, may allow more.
func (r *reader) allowed(status *syscall.Stat_t) bool {
	switch {
	case status.Uid == r.user:
		return status.Mode&0o400 != 0
	case slices.Contains(r.groups, status.Gid):
		return status.Mode&0o040 != 0
	}
	return status.Mode&0o004 != 0
}

// checkReadable refuses a file that cannot be read; where the mode does not say so already, it is opened.
func (w *worker) checkReadable(b *builder, folder, name string, descriptor, flags int) {
	if w.reader.allowed(&w.status) {
		return
	}
	var opened int
	err := retried(func() (err error) {
		opened, err = syscall.Openat(descriptor, name, flags|syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		b.refuse(folder+name, "cannot be read", err)
		return
	}
	syscall.Close(opened)
}
