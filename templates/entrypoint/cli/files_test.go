// Tests of the commands on files, with the files of an image.

package cli

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"entrypoint/index/indextest"
)

// mounted writes `count` files and an empty folder, and returns the mount and the index of the files.
func mounted(t *testing.T, count int) (mount string, index []byte) {
	t.Helper()
	mount = t.TempDir()
	var rows []indextest.Row
	for number := range count {
		path, content := fmt.Sprintf("folder%d/file", number), fmt.Sprint("content ", number)
		digest := sha256.Sum256([]byte(content))
		rows = append(rows, indextest.Row{Path: path, Values: values{"size": len(content), "sha256": digest[:]}})
		write(t, mount+"/"+path, content)
	}
	if err := os.Mkdir(mount+"/empty", 0o755); err != nil {
		t.Fatal(err)
	}
	digest := indextest.Field{Name: "sha256", Kind: indextest.Digest, Bytes: 32}
	return mount, indextest.Build(mount, []indextest.Field{fields[0], digest}, rows)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// entries returns the paths of all files and folders below a folder.
func entries(t *testing.T, folder string) string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, _ os.DirEntry, err error) error {
		if inside := strings.TrimPrefix(path, folder); inside != "" {
			found = append(found, inside)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(found, " ")
}

func TestRunOnFilesWithoutMatchReturnsNoMatchAndWritesNothing(t *testing.T) {
	_, index := mounted(t, 2)
	target := t.TempDir() + "/target"
	for _, arguments := range [][]string{
		{"-get", "nosuch", "-verify"}, {"-get", "nosuch", "-export", target}, {"-where", "size>99", "-verify"},
	} {
		out, messages, status, err := execute(index, arguments...)
		if out != "" || messages != "" || status != NoMatch || err != nil {
			t.Errorf("%s: status %d, %v, printed %q and %q", arguments, status, err, out, messages)
		}
	}
	if _, err := os.Lstat(target); !os.IsNotExist(err) {
		t.Errorf("the target folder: %v", err)
	}
}

func TestRunExportOfSomeFilesMakesNoOtherFolders(t *testing.T) {
	_, index := mounted(t, 3)
	for arguments, expected := range map[string]string{
		"":                   "/empty /folder0 /folder0/file /folder1 /folder1/file /folder2 /folder2/file",
		"-limit 1":           "/folder0 /folder0/file",
		"-limit 3":           "/folder0 /folder0/file /folder1 /folder1/file /folder2 /folder2/file",
		"-offset 1 -limit 1": "/folder1 /folder1/file",
		"-offset 1":          "/folder1 /folder1/file /folder2 /folder2/file",
		"-get folder":        "/folder0 /folder0/file /folder1 /folder1/file /folder2 /folder2/file",
		"-limit 0":           "",
	} {
		target := t.TempDir()
		_, _, status, err := execute(index, append(strings.Fields(arguments), "-export", target)...)
		if found := entries(t, target); found != expected || status != Done || err != nil {
			t.Errorf("%q: status %d, %v, wrote %s\nexpected %s", arguments, status, err, found, expected)
		}
	}
}

func TestRunVerifyOneDamagedFileAmongManyReturnsStatusOne(t *testing.T) {
	const count = 30
	for _, damaged := range []int{0, 7, count - 1} {
		mount, index := mounted(t, count)
		path := fmt.Sprintf("%s/folder%d/file", mount, damaged)
		write(t, path, strings.ToUpper(fmt.Sprint("content ", damaged)))
		out, _, status, err := execute(index, "-verify")
		if status != NoMatch || err != nil || !strings.HasPrefix(out, path+": sha256 is ") || strings.Count(out, "\n") != 2 {
			t.Errorf("file %d is damaged: status %d, %v, printed %q", damaged, status, err, out)
		}
	}
}
