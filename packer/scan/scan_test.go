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
)

// made creates a folder with the given files and returns its path.
func made(t *testing.T, paths ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, path := range paths {
		full := filepath.Join(root, path)
		must(t, os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(path), 0o644))
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
	out := filepath.Join(t.TempDir(), "refused")
	_, err := Run(context.Background(), Options{Root: root, Refused: out})
	content, unread := os.ReadFile(out)
	must(t, err, unread)
	want := strings.Repeat(name+"/", 15) + name + "\x00has a path of 4095 bytes, more than the maximum of 3839\x00\x00"
	wantEqual(t, string(content), want)
}

func TestRunLongestPathIsAcceptedAndALongerOneRefused(t *testing.T) {
	for length, wanted := range map[int]string{
		maxPath: "", maxPath + 1: "has a path of 3840 bytes, more than the maximum of 3839",
	} {
		root, folder := t.TempDir(), strings.Repeat("a", 239)
		t.Chdir(root)
		for range 15 {
			must(t, os.Mkdir(folder, 0o755), os.Chdir(folder))
		}
		must(t, os.WriteFile(strings.Repeat("b", length-15*240), nil, 0o644))
		out := filepath.Join(t.TempDir(), "refused")
		_, err := Run(context.Background(), Options{Root: root, Refused: out})
		content, unread := os.ReadFile(out)
		must(t, err, unread)
		if wanted == "" != (len(content) == 0) || !strings.Contains(string(content), wanted) {
			t.Errorf("a path of %d bytes: refused with %q", length, content)
		}
	}
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
