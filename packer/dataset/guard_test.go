package dataset

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// mapped returns the content of a file through a writable memory map, whose descriptor is closed, with a changed page.
func mapped(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	content, err := syscall.Mmap(int(file.Fd()), 0, 10, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	must(t, err, file.Close())
	t.Cleanup(func() { syscall.Munmap(content) })
	content[0] = 'X'
	// Longer than the resolution of file times.
	time.Sleep(20 * time.Millisecond)
	return content
}

func TestFinishStoreThroughAMapIntoAChangedPageNamesTheFile(t *testing.T) {
	path, _, reader := scanned(t)
	var system syscall.Statfs_t
	must(t, syscall.Statfs(path, &system))
	if !slices.Contains(localTypes[:3], int64(system.Type)) {
		t.Skipf("the file system type %#x writes no pages back", system.Type)
	}
	content := mapped(t, path)
	file, err := reader.OpenFile(recordOf(t, path))
	must(t, err)
	content[9] = 'X'
	wantError(t, file.Finish(), "its modification time was ")
}

func TestOpenFileWithLeaseReportsWriters(t *testing.T) {
	const inUse = `"sub-01/bold.nii.gz" is open for writing in another process: end that process`
	path, record, reader := scanned(t)
	reader.root.lease = true
	must(t, reader.ReadFile(record, make([]byte, 10)))
	if reader.TakeUnleased() > 0 {
		t.Skip("this file system, or this user, has no leases")
	}
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	wantError(t, reader.ReadFile(record, make([]byte, 10)), inUse)
	must(t, writer.Close(), reader.ReadFile(record, make([]byte, 10)))
	file, err := reader.OpenFile(record)
	must(t, err)
	_, err = os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	wantError(t, err, "resource temporarily unavailable")
	for _, found := range []error{file.ReadAt(make([]byte, 10), 0), file.Finish()} {
		wantError(t, found, "another process opened it for writing while it was read")
	}
	writer, err = os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	if _, _, failed := syscall.Syscall(syscall.SYS_FCNTL, writer.Fd(), setLease, syscall.F_WRLCK); failed != 0 {
		t.Fatal(failed)
	}
	wantError(t, reader.ReadFile(record, make([]byte, 10)), inUse)
	must(t, writer.Close())
	mapped(t, path)
	wantError(t, reader.ReadFile(recordOf(t, path), make([]byte, 10)), inUse)
}

func TestOpenFileWithLeaseOnANetworkFileSystemCountsTheFile(t *testing.T) {
	defer func(types []int64) { localTypes = types }(localTypes)
	localTypes = nil
	path, record, reader := scanned(t)
	reader.root.lease = true
	writer, err := os.OpenFile(path, os.O_WRONLY, 0)
	must(t, err)
	defer writer.Close()
	must(t, reader.ReadFile(record, make([]byte, 10)))
	if unleased := reader.TakeUnleased(); unleased != 1 {
		t.Errorf("%d files without a lease", unleased)
	}
}
