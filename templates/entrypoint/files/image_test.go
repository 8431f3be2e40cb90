// The files of a test image and their index.

package files

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

// image has files in <root>/data and a job for all of them. Content that begins with "-> " is the target of a symlink.
type image struct {
	root string
	job  Job
	out  *bytes.Buffer
}

func newImage(t *testing.T, contents map[string]string) *image {
	t.Helper()
	root := t.TempDir()
	os.Mkdir(root+"/data", 0o755)
	var rows []indextest.Row
	for path, content := range contents {
		put(t, root+"/data/"+path, content)
		rows = append(rows, row(path, content))
	}
	return newJob(t, root, rows, indextest.Field{Name: "sha256", Kind: indextest.Digest, Bytes: 32})
}

// row returns the correct row for a file.
func row(path, content string) indextest.Row {
	values := map[string]any{}
	if target, isLink := strings.CutPrefix(content, "-> "); isLink {
		content, values["link"] = target, target
	}
	digest := sha256.Sum256([]byte(content))
	values["size"], values["sha256"] = len(content), digest[:]
	return indextest.Row{Path: path, Values: values}
}

func newJob(t *testing.T, root string, rows []indextest.Row, digests ...indextest.Field) *image {
	t.Helper()
	fields := append([]indextest.Field{{Name: "size", Kind: indextest.Integer}}, digests...)
	fields = append(fields, indextest.Field{Name: "link", Kind: indextest.Text})
	ix, err := index.Open(indextest.Build("/data", fields, rows))
	if err != nil {
		t.Fatal(err)
	}
	i := &image{root: root, out: &bytes.Buffer{}}
	i.job = Job{Index: ix, Rows: ix.Keys(0, ix.Rows), All: true, Root: root, Out: i.out, Messages: &bytes.Buffer{}}
	return i
}

// selectRows limits the job to the rows whose key contains the term.
func (i *image) selectRows(term string) {
	rows := i.job.Rows
	i.job.All = false
	i.job.Rows = func(yield func(int, []byte) bool) {
		for row, key := range rows {
			if strings.Contains(string(key), term) && !yield(row, key) {
				return
			}
		}
	}
}

// beforeSecondRow calls `action` before the second row of the job.
func (i *image) beforeSecondRow(action func()) {
	rows := i.job.Rows
	i.job.Rows = func(yield func(int, []byte) bool) {
		for row, key := range rows {
			if row == 1 {
				action()
			}
			if !yield(row, key) {
				return
			}
		}
	}
}

// put writes a file or symlink and its parent folders, and replaces an existing entry.
func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	os.RemoveAll(path)
	err := errors.New("")
	if target, isLink := strings.CutPrefix(content, "-> "); isLink {
		err = os.Symlink(target, path)
	} else {
		err = os.WriteFile(path, []byte(content), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// content returns the content of a file, or "-> " and the target of a symlink, like the argument of put.
func content(t *testing.T, path string) string {
	t.Helper()
	if target, err := os.Readlink(path); err == nil {
		return "-> " + target
	}
	found, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(found)
}

// listing returns the paths of all entries below a folder; the paths of folders end with a slash.
func listing(t *testing.T, folder string) []string {
	t.Helper()
	found := []string{}
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if path != folder {
			path = strings.TrimPrefix(path, folder+"/")
			if entry.IsDir() {
				path += "/"
			}
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// status returns the exit status of an error, or -1 if the error has no exit status.
func status(err error) int {
	var own interface{ ExitStatus() int }
	if errors.As(err, &own) {
		return own.ExitStatus()
	}
	return -1
}

func unhex(t *testing.T, digits string) []byte {
	t.Helper()
	found, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// requireContains fails the test unless the text contains the words.
func requireContains(t *testing.T, text, words string) {
	t.Helper()
	if !strings.Contains(text, words) {
		t.Errorf("%q does not contain %q", text, words)
	}
}

// toolDigest returns the digest of a file by a program such as sha256sum.
func toolDigest(t *testing.T, tool, path string) string {
	t.Helper()
	printed, err := exec.Command(tool, path).Output()
	if err != nil {
		t.Skipf("%s: %v", tool, err)
	}
	return strings.TrimPrefix(strings.Fields(string(printed))[0], `\`)
}
