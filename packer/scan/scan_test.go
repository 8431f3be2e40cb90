package scan

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"packer/shardlist"
)

// made creates a folder with the given files and returns its path; a path that ends with a slash is an empty folder.
func made(t *testing.T, paths ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, path := range paths {
		full := filepath.Join(root, path)
		folder := filepath.Dir(full)
		if strings.HasSuffix(path, "/") {
			folder = full
		}
		must(t, os.MkdirAll(folder, 0o755))
		if folder != full {
			must(t, os.WriteFile(full, []byte(path), 0o644))
		}
	}
	return root
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// listed runs a scan, and returns the options with the paths of the outputs and the summary.
func listed(t *testing.T, root string, rules Rules) (Options, Summary) {
	t.Helper()
	out := t.TempDir()
	options := Options{Root: root, Exclude: rules, Records: filepath.Join(out, "records"),
		Columns: filepath.Join(out, "columns"), Refused: filepath.Join(out, "refused")}
	summary, err := Run(context.Background(), options)
	must(t, err)
	return options, summary
}

func records(t *testing.T, options Options) []shardlist.Record {
	t.Helper()
	list, err := shardlist.Open(options.Records)
	must(t, err)
	defer list.Close()
	var all []shardlist.Record
	for {
		record, err := list.Next()
		if record == nil {
			return all
		}
		must(t, err)
		all = append(all, *record)
	}
}

func paths(t *testing.T, root string, rules Rules) []string {
	t.Helper()
	options, _ := listed(t, root, rules)
	var all []string
	for _, record := range records(t, options) {
		all = append(all, record.Path)
	}
	return all
}

func refused(t *testing.T, root string) string {
	t.Helper()
	options, _ := listed(t, root, nil)
	content, err := os.ReadFile(options.Refused)
	must(t, err)
	return strings.ReplaceAll(string(content), "\x00", "|")
}

func wantEqual(t *testing.T, got, want any) {
	t.Helper()
	if fmt.Sprintf("%q", got) != fmt.Sprintf("%q", want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRunRecordsContainTheStatus(t *testing.T) {
	root := made(t, "sub/a", "void/")
	must(t, os.Chmod(filepath.Join(root, "sub/a"), 0o754), os.Symlink("../sub/a", filepath.Join(root, "sub/up")))
	var file, link syscall.Stat_t
	must(t, syscall.Lstat(filepath.Join(root, "sub/a"), &file), syscall.Lstat(filepath.Join(root, "sub/up"), &link))
	options, summary := listed(t, root, nil)
	want := []shardlist.Record{
		{Path: "sub/a", Kind: shardlist.File, Mode: 0o754, Size: 5, MtimeNs: file.Mtim.Nano(),
			CtimeNs: file.Ctim.Nano(), Inode: file.Ino},
		{Path: "sub/up", Kind: shardlist.Link, Mode: 0o777, Size: 8, MtimeNs: link.Mtim.Nano(),
			CtimeNs: link.Ctim.Nano(), Inode: link.Ino, Target: "../sub/a"},
		{Path: "void", Kind: shardlist.Folder, Mode: 0o755},
	}
	wantEqual(t, records(t, options), want)
	summary.Digest = ""
	wantEqual(t, summary, Summary{Records: 3, Files: 1, Bytes: 5})
}

func TestRunSortsByTheBytesOfWholePaths(t *testing.T) {
	root := made(t, "a/b", "a-b", "a.b", "a0", "a/b.c/d", "\xff", ".snakemake_timestamp", "a/.snakemake_timestamp")
	wantEqual(t, paths(t, root, nil), []string{"a-b", "a.b", "a/b", "a/b.c/d", "a0", "\xff"})
}

func TestRunFolderOfSeveralTasksIsSorted(t *testing.T) {
	var all []string
	for i := range 3*pieceNames + 1 {
		all = append(all, fmt.Sprintf("%06d/x", 2*i), fmt.Sprintf("%06d", 2*i+1))
	}
	wantEqual(t, paths(t, made(t, all...), nil), all)
}

func TestRunColumnsContainEndSizeAndPathDigest(t *testing.T) {
	options, _ := listed(t, made(t, "a", "sub/bb", "sub/deep/c", "void/"), nil)
	all, err := os.ReadFile(options.Records)
	must(t, err)
	columns, err := os.ReadFile(options.Columns)
	must(t, err)
	start := uint64(0)
	for i, want := range records(t, options) {
		row := columns[i*columnsBytes:]
		end := binary.LittleEndian.Uint64(row)
		path := strings.Split(string(all[start:end]), "\x00")[1]
		digest := sha256.Sum256([]byte(want.Path))
		wantEqual(t, path, want.Path)
		wantEqual(t, binary.LittleEndian.Uint64(row[8:]), uint64(want.Size))
		wantEqual(t, binary.LittleEndian.Uint64(row[16:]), binary.BigEndian.Uint64(digest[:]))
		start = end
	}
	wantEqual(t, start, uint64(len(all)))
	wantEqual(t, len(columns), 4*columnsBytes)
}

func TestRunWithoutOutputsReturnsTheSameSummary(t *testing.T) {
	root := made(t, "a", "sub/.wh.b", "void/")
	_, summary := listed(t, root, nil)
	withoutOutputs, err := Run(context.Background(), Options{Root: root})
	must(t, err)
	wantEqual(t, withoutOutputs, summary)
}

func TestRunRefusedEntriesHaveReasonAndTarget(t *testing.T) {
	root := made(t, ".wh.x", ".wh.dir/a")
	for name, target := range map[string]string{"absolute": "/etc/passwd", "outside": "../other"} {
		must(t, os.Symlink(target, filepath.Join(root, name)))
	}
	must(t, syscall.Mkfifo(filepath.Join(root, "pipe"), 0o644), syscall.Mknod(filepath.Join(root, "socket"),
		syscall.S_IFSOCK, 0))
	wantEqual(t, refused(t, root), ".wh.dir|has a name with the prefix .wh., which deletes a file in an image layer||"+
		".wh.x|has a name with the prefix .wh., which deletes a file in an image layer||"+
		"absolute|is a symlink to the absolute path|/etc/passwd|"+
		"outside|is a symlink to a path outside of the dataset:|../other|pipe|is a fifo||socket|is a socket||")
}

func TestRunFolderWithTooLongPathIsRefused(t *testing.T) {
	root, name := t.TempDir(), strings.Repeat("a", 255)
	t.Chdir(root)
	for range 17 {
		must(t, os.Mkdir(name, 0o755), os.Chdir(name))
	}
	// The 16th folder has a path of 4,095 bytes.
	want := strings.Repeat(name+"/", 15) + name + "|has a path of 4095 bytes, more than the maximum of 3839||"
	wantEqual(t, refused(t, root), want)
}

func TestKindReasonNamesTheKindOfDevice(t *testing.T) {
	wantEqual(t, kindReason(syscall.S_IFCHR), "is a character device")
	wantEqual(t, kindReason(syscall.S_IFBLK), "is a block device")
	wantEqual(t, kindReason(syscall.S_IFDIR), "is not a file, symlink or folder")
}

func TestClassifyFollowsLinksLikeTheSystem(t *testing.T) {
	root := made(t, "deep/er/x", "near/x", "left/x", "left.txt")
	for name, target := range map[string]string{"deep/hop": "../near", "loop": "loop/x", "out": "/near", "up": ".",
		"round": "round"} {
		must(t, os.Symlink(target, filepath.Join(root, name)))
	}
	descriptor, err := openFolder(workingFolder, root, 0)
	must(t, err)
	defer syscall.Close(descriptor)
	w := &walk{root: descriptor, exclude: rulesOf(t, "/left/")}
	for _, one := range []struct {
		folder, target string
		want           targetClass
	}{
		{"", "near/x", inside},
		{"", "missing/../near", dangling},
		{"", "near/x/.", dangling},
		{"", "..", outside},
		{"", "/near", absolute},
		{"deep/er/", "../../..", outside},
		{"deep/er/", "../../near/x", inside},
		{"deep/er/", "../..//./near", inside},
		{"deep/", "hop/../x", dangling},
		{"deep/", "hop/../near/x", inside},
		// deep/hop is a symlink to the folder near, so the target is outside of the dataset.
		{"", "deep/hop/../../x", outside},
		{"", "loop", loop},
		{"", "round", loop},
		{"", "out/x", outside},
		{"", "up/up/near", inside},
		{"", "up/../near", outside},
		{"", "left/x", excluded},
		{"", "left/../near", excluded},
		{"", "left.txt", inside},
	} {
		must(t, os.Symlink(one.target, filepath.Join(root, one.folder, "l")))
		if got := w.classify(&base{}, one.folder, "l", one.target); got != one.want {
			t.Errorf("%q in %q: got %q, want %q", one.target, one.folder, got, one.want)
		}
		must(t, os.Remove(filepath.Join(root, one.folder, "l")))
	}
}

func TestRunCanceledContextReturnsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Options{Root: made(t, "a")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestRunMissingFolderIsNamed(t *testing.T) {
	_, err := Run(context.Background(), Options{Root: "/no/such"})
	wantEqual(t, err.Error(), `opening the dataset "/no/such": no such file or directory`)
}

func TestRunFullDiskIsExplained(t *testing.T) {
	_, err := Run(context.Background(), Options{Root: made(t, "a"), Records: "/dev/full"})
	wantEqual(t, err.Error(),
		`writing "/dev/full": the disk is full: free space on it, or set outdir to another disk`)
}
