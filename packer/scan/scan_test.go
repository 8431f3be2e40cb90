package scan

import (
	"context"
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

func TestRunCanceledContextReturnsCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, Options{Root: made(t, "a")}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestRunFullDiskIsExplained(t *testing.T) {
	_, err := Run(context.Background(), Options{Root: made(t, "a"), Records: "/dev/full"})
	wantEqual(t, err.Error(),
		`writing "/dev/full": the disk is full: free space on it, or set outdir to another disk`)
}
