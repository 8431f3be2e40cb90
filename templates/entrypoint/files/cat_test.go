// Tests of Cat.

package files

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

// mounted writes files to a temporary folder and returns their index, with this folder as the mount.
func mounted(t *testing.T, contents map[string]string) *index.Index {
	t.Helper()
	mount := t.TempDir()
	var rows []indextest.Row
	for path, content := range contents {
		put(t, mount+"/"+path, content)
		rows = append(rows, row(path, content))
	}
	ix, err := index.Open(indextest.Build(mount, []indextest.Field{
		{Name: "size", Kind: indextest.Integer},
		{Name: "sha256", Kind: indextest.Digest, Bytes: 32},
		{Name: "link", Kind: indextest.Text},
	}, rows))
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

func TestCatPrintsWholeContent(t *testing.T) {
	large := strings.Repeat("0123456789abcdef\x00\xff\n", 100000)
	ix := mounted(t, map[string]string{"large": large, "empty": "", "to/large": "-> ../large"})
	for path, wanted := range map[string]string{"large": large, "empty": "", "to/large": large} {
		var memory bytes.Buffer
		file, err := os.Create(t.TempDir() + "/out")
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if err := Cat(&memory, ix, ix.Mount+"/"+path); err != nil || memory.String() != wanted {
			t.Errorf("%s: %d bytes and %v", path, memory.Len(), err)
		}
		if err := Cat(file, ix, ix.Mount+"/"+path); err != nil || content(t, file.Name()) != wanted {
			t.Errorf("%s: a file of %d bytes and %v", path, len(content(t, file.Name())), err)
		}
	}
}

func TestCatUnknownKeyListsNearestKeys(t *testing.T) {
	ix := mounted(t, map[string]string{"b/1": "", "b/3": "", "d": ""})
	for key, expected := range map[string]string{
		"/b/2": `there is no file "MOUNT/b/2"; the nearest names: "MOUNT/b/1", "MOUNT/b/3"`,
		"/a":   `there is no file "MOUNT/a"; the nearest names: "MOUNT/b/1"`,
		"/e\n": `there is no file "MOUNT/e\n"; the nearest names: "MOUNT/d"`,
		"/b":   `"MOUNT/b" is a folder with 2 files: list them with -get "MOUNT/b/"`,
		"/b/":  `"MOUNT/b/" is a folder with 2 files: list them with -get "MOUNT/b/"`,
	} {
		err := Cat(&bytes.Buffer{}, ix, ix.Mount+key)
		if status(err) != 1 || strings.ReplaceAll(err.Error(), ix.Mount, "MOUNT") != expected {
			t.Errorf("%q returns %v", key, err)
		}
	}
	for _, key := range []string{"b/1", "/b/1"} {
		err := Cat(&bytes.Buffer{}, ix, key)
		expected := fmt.Sprintf("there is no file %q: did you mean \"MOUNT/b/1\"?", key)
		if status(err) != 1 || strings.ReplaceAll(err.Error(), ix.Mount, "MOUNT") != expected {
			t.Errorf("%q returns %v", key, err)
		}
	}
	if err := Cat(&bytes.Buffer{}, mounted(t, nil), "/x"); status(err) != 1 || !strings.HasSuffix(err.Error(), "contains no files") {
		t.Errorf("an empty dataset returns %v", err)
	}
}

func TestCatMetadataPrintsOnlyRegularFilesOfTheFolder(t *testing.T) {
	folder := t.TempDir() + "/.datacontainer"
	put(t, folder+"/dataset.json", "{}")
	put(t, folder+"/link", "-> dataset.json")
	put(t, folder+"/sub/deep", "")
	put(t, folder+"/../secret", "")
	var out bytes.Buffer
	if err := catMetadata(&out, folder, "dataset.json"); err != nil || out.String() != "{}" {
		t.Errorf("%q and %v", out.String(), err)
	}
	for _, name := range []string{"", ".", "..", "../secret", "../.datacontainer/dataset.json", "link", "sub", "sub/deep", "x\x00"} {
		expected := fmt.Sprintf(`there is no file %q; the files with metadata: %q`, folder+"/"+name, folder+"/dataset.json")
		if err := catMetadata(&out, folder, name); status(err) != 1 || err.Error() != expected {
			t.Errorf("%q returns %v", name, err)
		}
	}
	for _, key := range []string{"/.datacontainer", "/.datacontainer/", "/.datacontainer/../etc/passwd", "/.datacontainer/x"} {
		if err := Cat(&out, mounted(t, nil), key); status(err) != 1 || !strings.Contains(err.Error(), `"/.datacontainer`) {
			t.Errorf("%q returns %v", key, err)
		}
	}
	if out.String() != "{}" {
		t.Errorf("printed %q", out.String())
	}
}

func TestCatFileThatDiffersFromIndexReturnsError(t *testing.T) {
	ix := mounted(t, map[string]string{"short": "1234", "grown": "1234", "gone": "", "dangling": "-> nowhere"})
	put(t, ix.Mount+"/short", "123")
	put(t, ix.Mount+"/grown", "12345")
	os.Remove(ix.Mount + "/gone")
	for path, expected := range map[string]string{
		"/short":    `/short" is 3 bytes, but 4 bytes in the index`,
		"/grown":    `/grown" is 5 bytes, but 4 bytes in the index`,
		"/gone":     `/gone": no such file`,
		"/dangling": `/dangling": no such file`,
	} {
		if err := Cat(&bytes.Buffer{}, ix, ix.Mount+path); status(err) != 1 || !strings.Contains(err.Error(), expected) {
			t.Errorf("%q returns %v", path, err)
		}
	}
}
