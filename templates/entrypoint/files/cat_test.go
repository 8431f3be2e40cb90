// What Cat prints is what the file holds.

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

// mounted returns an index of files that lie where the index says, below a folder of the test.
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

func TestCatCopiesEveryByte(t *testing.T) {
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

func TestCatUnknownKeyNamesWhatIsNear(t *testing.T) {
	ix := mounted(t, map[string]string{"b/1": "", "b/3": "", "d": ""})
	for key, said := range map[string]string{
		"/b/2": `there is no file "MOUNT/b/2"; the nearest: "MOUNT/b/1", "MOUNT/b/3"`,
		"/a":   `there is no file "MOUNT/a"; the nearest: "MOUNT/b/1"`,
		"/e\n": `there is no file "MOUNT/e\n"; the nearest: "MOUNT/d"`,
		"/b":   `"MOUNT/b" is a folder, of 2 files: -get "MOUNT/b/" lists them`,
		"/b/":  `"MOUNT/b/" is a folder, of 2 files: -get "MOUNT/b/" lists them`,
	} {
		err := Cat(&bytes.Buffer{}, ix, ix.Mount+key)
		if status(err) != 1 || strings.ReplaceAll(err.Error(), ix.Mount, "MOUNT") != said {
			t.Errorf("%q gives %v", key, err)
		}
	}
	for _, key := range []string{"b/1", "/b/1"} {
		err := Cat(&bytes.Buffer{}, ix, key)
		said := fmt.Sprintf("there is no file %q: did you mean \"MOUNT/b/1\"?", key)
		if status(err) != 1 || strings.ReplaceAll(err.Error(), ix.Mount, "MOUNT") != said {
			t.Errorf("%q gives %v", key, err)
		}
	}
	if err := Cat(&bytes.Buffer{}, mounted(t, nil), "/x"); status(err) != 1 || !strings.HasSuffix(err.Error(), "holds none") {
		t.Errorf("an empty dataset gives %v", err)
	}
}

func TestCatFileThatIsNotAsTheIndexSays(t *testing.T) {
	ix := mounted(t, map[string]string{"short": "1234", "gone": "", "dangling": "-> nowhere"})
	put(t, ix.Mount+"/short", "123")
	os.Remove(ix.Mount + "/gone")
	for path, said := range map[string]string{
		"/short":    `/short" is 3 bytes, not 4 as the index says`,
		"/gone":     `/gone": no such file`,
		"/dangling": `/dangling": no such file`,
	} {
		if err := Cat(&bytes.Buffer{}, ix, ix.Mount+path); status(err) != 1 || !strings.Contains(err.Error(), said) {
			t.Errorf("%q gives %v", path, err)
		}
	}
}
