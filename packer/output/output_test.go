package output

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func create(t *testing.T, path string) *File {
	t.Helper()
	file, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

func entries(t *testing.T, folder string) []string {
	t.Helper()
	found, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range found {
		names = append(names, entry.Name())
	}
	return names
}

func TestCommitRenamesToTheFinalName(t *testing.T) {
	folder := t.TempDir()
	file := create(t, filepath.Join(folder, "out"))
	file.Write([]byte("abc"))
	file.WriteAt([]byte("x"), 1)
	if got := strings.Join(entries(t, folder), " "); !strings.HasPrefix(got, ".out.") || !strings.HasSuffix(got, ".partial") {
		t.Errorf("before: got %s, want .out.….partial", got)
	}
	if err := file.Commit(); err != nil {
		t.Fatal(err)
	}
	file.Discard()
	content, err := os.ReadFile(filepath.Join(folder, "out"))
	if err != nil || string(content) != "axc" || len(entries(t, folder)) != 1 {
		t.Errorf("got %q, %v and the files %v", content, err, entries(t, folder))
	}
}

func TestDiscardDeletesTheTemporaryFileAndKeepsTheOldFile(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "out")
	os.WriteFile(path, []byte("old"), 0o644)
	os.WriteFile(filepath.Join(folder, ".out.X.partial"), []byte("left by a run that was killed"), 0o400)
	file := create(t, path)
	file.Write([]byte("new"))
	file.Discard()
	content, _ := os.ReadFile(path)
	if got := strings.Join(entries(t, folder), " "); got != "out" || string(content) != "old" {
		t.Errorf("got %q in the files %s, want old in out", content, got)
	}
}

func TestCommitFailsForAProcessThatOutlivedItsRun(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "out")
	orphan := create(t, path)
	orphan.Write([]byte("orphan"))
	file := create(t, path)
	file.Write([]byte("half"))
	if err := orphan.Commit(); err == nil {
		t.Error("the orphan's file got its final name")
	}
	if got := entries(t, folder); len(got) != 1 || got[0] == "out" {
		t.Errorf("got the files %v, want only the incomplete file", got)
	}
	file.Write([]byte(" and half"))
	if err := file.Commit(); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(path); string(content) != "half and half" {
		t.Errorf("got %q", content)
	}
}

func TestCommitFileLargerThanTheWritebackIsComplete(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out")
	file, block := create(t, path), bytes.Repeat([]byte("datacontainer..."), 1<<18)
	for range 5 {
		file.Write(block)
	}
	if err := file.Commit(); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(path); !bytes.Equal(content, bytes.Repeat(block, 5)) {
		t.Errorf("got %d different bytes, want %d", len(content), 5*len(block))
	}
}

func TestWriteFullDiskNamesFileAndRemedy(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("/dev/full does not exist")
	}
	_, err = (&File{path: "results/a.tar", file: full}).Write([]byte("x"))
	want := `writing "results/a.tar": the disk is full: free space on it, or set outdir to another disk`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCreateMissingFolderNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "out")
	if _, err := Create(path); err == nil || !strings.HasPrefix(err.Error(), `writing "`+path+`": no such file`) {
		t.Errorf("got %v", err)
	}
}
