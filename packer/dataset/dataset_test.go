package dataset

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"packer/shardlist"
)

const name = "sub-01/bold.nii.gz"

// scanned creates a dataset with a file of ten bytes. It returns the file's path, its record and a Reader of the dataset.
func scanned(t *testing.T) (string, *shardlist.Record, *Reader) {
	t.Helper()
	root := t.TempDir()
	path := filepath.Join(root, name)
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, path, "0123456789")
	folder, err := Open(root, false)
	if err != nil {
		t.Fatal(err)
	}
	reader := folder.NewReader()
	t.Cleanup(func() { reader.Close(); folder.Close() })
	return path, recordOf(t, path), reader
}

func recordOf(t *testing.T, path string) *shardlist.Record {
	t.Helper()
	var status syscall.Stat_t
	if err := syscall.Lstat(path, &status); err != nil {
		t.Fatal(err)
	}
	return &shardlist.Record{Path: name, Kind: shardlist.File, Mode: status.Mode & 0o7777, Size: status.Size,
		MtimeNs: status.Mtim.Nano(), CtimeNs: status.Ctim.Nano(), Inode: status.Ino}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want an error that contains %q", err, want)
	}
}

func TestReadFileUnchangedReturnsItsBytes(t *testing.T) {
	_, record, reader := scanned(t)
	content := make([]byte, record.Size)
	if err := reader.ReadFile(record, content); err != nil || string(content) != "0123456789" {
		t.Errorf("got %q and %v", content, err)
	}
}

func TestReadFileChangedAfterTheScanNamesTheChange(t *testing.T) {
	for want, change := range map[string]func(t *testing.T, path string){
		`"sub-01/bold.nii.gz" changed after the scan: its size was 10 bytes and is 12 now; run snakemake again`: func(
			t *testing.T, path string) {
			write(t, path, "0123456789ab")
		},
		"its modification time was ": func(t *testing.T, path string) {
			later := time.Now().Add(time.Hour)
			must(t, os.Chtimes(path, later, later))
		},
		"it was replaced by another file: its inode was ": func(t *testing.T, path string) {
			before, err := os.Stat(path)
			must(t, err)
			write(t, path+".new", "9876543210")
			must(t, os.Chtimes(path+".new", before.ModTime(), before.ModTime()), os.Rename(path+".new", path))
		},
		`"sub-01/bold.nii.gz" changed after the scan: it no longer exists`: func(t *testing.T, path string) {
			must(t, os.Remove(path))
		},
		"it was a file and is a symlink now": func(t *testing.T, path string) {
			must(t, os.Rename(path, path+".moved"), os.Symlink("bold.nii.gz.moved", path))
		},
		"it was a file and is a folder now": func(t *testing.T, path string) {
			must(t, os.Remove(path), os.Mkdir(path, 0o755))
		},
		"it was a file and is a fifo now": func(t *testing.T, path string) {
			must(t, os.Remove(path), syscall.Mkfifo(path, 0o644))
		},
		`"sub-01" changed after the scan: it was a folder and no longer is`: func(t *testing.T, path string) {
			folder := filepath.Dir(path)
			must(t, os.Rename(folder, folder+".moved"), os.Symlink(folder+".moved", folder))
		},
		`"sub-01" changed after the scan: it no longer exists`: func(t *testing.T, path string) {
			must(t, os.RemoveAll(filepath.Dir(path)))
		},
	} {
		path, record, reader := scanned(t)
		change(t, path)
		wantError(t, reader.ReadFile(record, make([]byte, 10)), want)
	}
}

func TestReadFileWithoutInodeComparesTheCtime(t *testing.T) {
	path, record, reader := scanned(t)
	record.Inode = 0
	must(t, reader.ReadFile(record, make([]byte, 10)))
	time.Sleep(20 * time.Millisecond)
	must(t, os.Chmod(path, 0o600))
	wantError(t, reader.ReadFile(record, make([]byte, 10)), "its ctime was ")
}

func TestReadFileOfSizeZeroThatContainsBytesIsAnError(t *testing.T) {
	folder, err := Open("/proc/sys/kernel", false)
	must(t, err)
	reader := folder.NewReader()
	defer func() { reader.Close(); folder.Close() }()
	record := recordOf(t, "/proc/sys/kernel/ostype")
	record.Path = "ostype"
	wantError(t, reader.ReadFile(record, nil), `"ostype" contains bytes, but its size is 0: list it in `)
}

func TestReadAtTruncatedFileNamesBothSizes(t *testing.T) {
	path, record, reader := scanned(t)
	file, err := reader.OpenFile(record)
	must(t, err, os.Truncate(path, 3))
	defer file.Close()
	wantError(t, file.ReadAt(make([]byte, 10), 0), "its size was 10 bytes and is 3 now")
}

func TestCheckLinkOtherTargetNamesBothTargets(t *testing.T) {
	path, record, reader := scanned(t)
	record.Kind, record.Target = shardlist.Link, "before"
	wantError(t, reader.CheckLink(record), "it was a symlink and is a file now")
	must(t, os.Remove(path), os.Symlink("before", path))
	must(t, reader.CheckLink(record))
	must(t, os.Remove(path), os.Symlink("after", path))
	wantError(t, reader.CheckLink(record), `its target was "before" and is "after" now`)
}

func TestCheckFolderMissingOrFileIsAnError(t *testing.T) {
	path, record, reader := scanned(t)
	record.Kind = shardlist.Folder
	wantError(t, reader.CheckFolder(record), "it was a folder and is a file now")
	must(t, os.Remove(path))
	wantError(t, reader.CheckFolder(record), "it no longer exists")
	must(t, os.Mkdir(path, 0o700))
	must(t, reader.CheckFolder(record))
}

func TestUnreadableNamesTheRemedy(t *testing.T) {
	wantError(t, unreadable("a\xff", syscall.EACCES),
		"\"a\\xff\" cannot be read (permission denied): give read permission with `chmod`, or list it in `exclude`")
	wantError(t, unreadable("a", syscall.EIO), `"a" cannot be read (input/output error): repair its disk`)
}

func TestOpenMissingFolderIsNamed(t *testing.T) {
	_, err := Open("/nowhere/at all", false)
	wantError(t, err, `opening the dataset "/nowhere/at all": no such file or directory`)
}

func TestSetWorkersTakesANumberUpToTheDefault(t *testing.T) {
	defer func() { Workers = maxWorkers }()
	must(t, SetWorkers(""), SetWorkers("2"))
	if Workers != 2 {
		t.Errorf("got %d workers, want 2", Workers)
	}
	for _, text := range []string{"0", "33", "x"} {
		want := `DATACONTAINER_OPEN_FILES is "` + text + `", expected a number from 1 to 32`
		wantError(t, SetWorkers(text), want)
	}
}
