package blob

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var tar = bytes.Repeat([]byte("a layer's tar "), 200_000)

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
