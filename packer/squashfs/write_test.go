// Tests of whole images, which unsquashfs extracts, and of the errors of Write.

package squashfs

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// requireTool skips the test if a program is not installed; in CI, the test fails instead.
func requireTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err == nil {
		return
	}
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed", name)
	}
	t.Skipf("%s is not installed", name)
}

// image writes layers at an offset in a new file and returns its path.
func image(t *testing.T, offset int64, layers ...[]byte) string {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "image")
	if err := os.WriteFile(path, bytes.Repeat([]byte{7}, int(offset)+100000), 0o600); err != nil {
		t.Fatal(err)
	}
	size, err := Write(path, offset, "", layerFiles(t, layers...))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Size() != offset+size || size%4096 != 0 {
		t.Fatalf("Write returned the size %d at offset %d; the file: %v, %v", size, offset, info.Size(), err)
	}
	return path
}

func layerFiles(t *testing.T, layers ...[]byte) []string {
	t.Helper()
	var paths []string
	folder := t.TempDir()
	for i, layer := range layers {
		paths = append(paths, filepath.Join(folder, fmt.Sprintf("layer%d", i)))
		if err := os.WriteFile(paths[i], layer, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return paths
}

func TestWriteFilesAfter4GiBAreExtracted(t *testing.T) {
	const hole = int64(1)<<32 + 4096
	path := filepath.Join(t.TempDir(), "image")
	output, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer output.Close()
	// The stream starts as if more than 4 GiB of data were written already.
	out := newStream(output, path, hole)
	out.size = hole
	head, err := writeAll(out, "", layerFiles(t, tarOf(t, fileMember("a", "behind"), fileMember("d/empty", ""))))
	if err := errors.Join(err, out.close()); err != nil {
		t.Fatal(err)
	}
	if _, err := output.WriteAt(head.encode(), 0); err != nil {
		t.Fatal(err)
	}
	requireTool(t, "unsquashfs")
	folder := filepath.Join(t.TempDir(), "extracted")
	if printed, err := exec.Command("unsquashfs", "-no-progress", "-d", folder, path).CombinedOutput(); err != nil {
		t.Fatalf("unsquashfs: %v: %s", err, printed)
	}
	if found, err := os.ReadFile(filepath.Join(folder, "a")); err != nil || string(found) != "behind" {
		t.Errorf("the file is extracted as %q: %v", found, err)
	}
	if found, err := os.ReadFile(filepath.Join(folder, "d/empty")); err != nil || len(found) > 0 {
		t.Errorf("the empty file is extracted as %q: %v", found, err)
	}
}

func TestWriteErrorsNameFileAndRemedy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	damaged := layerFiles(t, tarOf(t, fileMember("a", "content"))[:515])[0]
	for _, test := range []struct{ image, layer, wanted string }{
		{path, damaged, fmt.Sprintf("reading layer %q: it is truncated; delete it and run snakemake again", damaged)},
		{path, "gone", `reading layer "gone": no such file or directory; run snakemake again`},
		{"gone", damaged, `writing image "gone": no such file or directory; create it as an empty, writable file`},
	} {
		if _, err := Write(test.image, 0, "", []string{test.layer}); err == nil || err.Error() != test.wanted {
			t.Errorf("the error is %v, expected %s", err, test.wanted)
		}
	}
}

func TestVerifyComparesTheWholeDigest(t *testing.T) {
	const content = "content"
	sum := sha256.Sum256([]byte(content))
	for at, change := range map[int]byte{0: 1, 31: 1, 15: 0} {
		digest := sum
		digest[at] ^= change
		path := filepath.Join(t.TempDir(), "sha256", hex.EncodeToString(digest[:]))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		err := verify(path)
		if wanted := fmt.Sprintf("its sha256 is %x, not that of its name", sum); (err != nil) != (change != 0) ||
			err != nil && !strings.Contains(err.Error(), wanted) {
			t.Errorf("byte %d changed by %d: the error is %v", at, change, err)
		}
	}
}

func TestWriteErrorOfTheLastBytesIsReturned(t *testing.T) {
	const limit = 64 << 10
	layers := layerFiles(t, tarOf(t, fileMember("a", strings.Repeat("x", limit))))
	path := filepath.Join(t.TempDir(), "image")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: limit, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := Write(path, 0, "", layers)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if wanted := fmt.Sprintf("writing %q: file too large", path); err == nil || err.Error() != wanted {
		t.Errorf("the error is %v, expected %s", err, wanted)
	}
}

// fullDisk is a file on a disk with room for that many bytes.
type fullDisk int64

func (f fullDisk) WriteAt(p []byte, offset int64) (int, error) {
	if offset+int64(len(p)) > int64(f) {
		return 0, &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return len(p), nil
}

func TestWriteAllFullDiskNamesTheRemedy(t *testing.T) {
	layers := layerFiles(t, tarOf(t, fileMember("large", strings.Repeat("x", 10<<20)), fileMember("empty", "")))
	for _, space := range []fullDisk{0, chunkBytes, 9 << 20} {
		out := newStream(space, "some.sif", 0)
		_, err := writeAll(out, "", layers)
		if closing := out.close(); err == nil {
			err = closing
		}
		wanted := `writing "some.sif": the disk is full: free space on it, or set outdir to another disk`
		if err == nil || err.Error() != wanted {
			t.Errorf("with %d free bytes the error is %v, expected %s", space, err, wanted)
		}
	}
}
