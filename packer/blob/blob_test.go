package blob

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

var tar = bytes.Repeat([]byte("a layer's tar "), 200_000)

func sha(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// write writes the tar with a new Writer, commits it and returns the facts.
func write(t *testing.T, target Target) Facts {
	t.Helper()
	w, err := Create(target, sha256.New)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Discard()
	for start := 0; start < len(tar); start += 100_000 {
		piece := tar[start:min(start+100_000, len(tar))]
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
		w.Digest(piece)
	}
	facts, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	if diffID, size := w.DiffID(); diffID != sha(tar) || size != int64(len(tar)) {
		t.Errorf("the diff ID is %s of %d bytes, want %s of %d", diffID, size, sha(tar), len(tar))
	}
	return facts
}

func TestCommitReturnsDigestAndSizeOfTheFile(t *testing.T) {
	for _, compressed := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "blob")
		facts := write(t, Target{Path: path, Gzip: compressed})
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if *facts.Digest != sha(content) || facts.Size != int64(len(content)) {
			t.Errorf("got %s and %d bytes, want %s and %d", *facts.Digest, facts.Size, sha(content), len(content))
		}
		if compressed != (len(content) < len(tar)/10) {
			t.Errorf("with compression %v, the blob has %d bytes", compressed, len(content))
		}
	}
}

func TestWriterGzipDecompressesToTheTar(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blob")
	write(t, Target{Path: path, Gzip: true})
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, tar) {
		t.Errorf("got %d bytes and %v, want the tar of %d", len(got), err, len(tar))
	}
}

func TestDiscardDeletesTheBlob(t *testing.T) {
	folder := t.TempDir()
	for _, compressed := range []bool{false, true} {
		w, err := Create(Target{Path: filepath.Join(folder, "blob"), Gzip: compressed}, sha256.New)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(tar); err != nil {
			t.Fatal(err)
		}
		w.Discard()
		if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
			t.Errorf("left over: %v, %v", left, err)
		}
	}
}

func TestWriterPipeReceivesTheTarAndFactsAreEmpty(t *testing.T) {
	read, written, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	// SetPipe takes ownership of its descriptor, so the test duplicates it.
	descriptor, err := syscall.Dup(int(written.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	written.Close()
	got := make(chan []byte)
	go func() {
		content, _ := io.ReadAll(read)
		got <- content
	}()
	var target Target
	if err := target.SetPipe(strconv.Itoa(descriptor)); err != nil {
		t.Fatal(err)
	}
	if facts := write(t, target); facts.Digest != nil || facts.Size != 0 {
		t.Errorf("got %+v, want no facts", facts)
	}
	if content := <-got; !bytes.Equal(content, tar) {
		t.Errorf("%d bytes came through the pipe, want %d", len(content), len(tar))
	}
}

func TestWriteClosedPipeIsExplained(t *testing.T) {
	read, written, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	w, err := Create(Target{Pipe: written}, sha256.New)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(tar); err == nil || !strings.Contains(err.Error(), "the program that reads the pipe has exited") {
		t.Errorf("got %v", err)
	}
}

func TestSetPipeInvalidNumberIsAnError(t *testing.T) {
	var target Target
	if err := target.SetPipe("-1"); err == nil || target.Wanted() {
		t.Errorf("got %v and %+v", err, target)
	}
}
