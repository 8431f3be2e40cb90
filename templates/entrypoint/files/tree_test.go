// Tests of Tree.

package files

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"entrypoint/index/indextest"
)

func TestTreePrintsFoldersAndSizes(t *testing.T) {
	i := newImage(t, map[string]string{
		"a": strings.Repeat("x", 1234), "a-b": "", "b/c/d": "9", "b/c/e\n": "", "b/f": "-> c/d", "g/h/i/j": strings.Repeat("x", 999),
	})
	const wanted = `/data/
├── a (1.2 kB)
├── a-b (0 B)
├── b/
│   ├── c/
│   │   ├── d (1 B)
│   │   └── "e\n" (0 B)
│   └── f -> c/d
└── g/
    └── h/
        └── i/
            └── j (999 B)

5 folders, 6 files, 2237 bytes
`
	if files, err := Tree(i.job); files != 6 || err != nil || i.out.String() != wanted {
		t.Errorf("%d files, %v:\n%s", files, err, i.out)
	}
}

func TestTreeOfSelectedRowsPrintsOnlyTheirFolders(t *testing.T) {
	i := newImage(t, map[string]string{"a/1": "", "a/2": "", "b/1": "", "c/1/2": "", "c/2": "", "d/2": ""})
	i.selectRows("1")
	const wanted = `/data/
├── a/
│   └── 1 (0 B)
├── b/
│   └── 1 (0 B)
└── c/
    └── 1/
        └── 2 (0 B)

4 folders, 3 files, 0 bytes
`
	if files, err := Tree(i.job); files != 3 || err != nil || i.out.String() != wanted {
		t.Errorf("%d files, %v:\n%s", files, err, i.out)
	}
}

func TestTreeWithoutRowsPrintsMountOrNothing(t *testing.T) {
	i := newImage(t, nil)
	if files, err := Tree(i.job); files != 0 || err != nil || i.out.String() != "/data/\n\n0 folders, 0 files, 0 bytes\n" {
		t.Errorf("%d files, %v: %q", files, err, i.out)
	}
	i = newImage(t, fruit)
	i.selectRows("no such")
	if files, err := Tree(i.job); files != 0 || err != nil || i.out.Len() != 0 {
		t.Errorf("no row selected: %d files, %v: %q", files, err, i.out)
	}
}

// TestTreeRandomNamesPrintsSameAsTreeCommand compares random trees with the output of tree(1).
func TestTreeRandomNamesPrintsSameAsTreeCommand(t *testing.T) {
	tool, err := exec.LookPath("tree")
	if err != nil {
		t.Skip("tree is not installed")
	}
	for seed := range uint64(20) {
		random := rand.New(rand.NewPCG(seed, 0))
		contents := map[string]string{}
		for range random.IntN(60) + 1 {
			// Folders and files have different names, so that no path is both.
			path := fmt.Sprintf("f%d", random.IntN(9))
			for range random.IntN(5) {
				path = fmt.Sprintf("%c/%s", 'a'+rune(random.IntN(4)), path)
			}
			contents[path] = ""
		}
		i := newImage(t, contents)
		if _, err := Tree(i.job); err != nil {
			t.Fatal(err)
		}
		command := exec.Command(tool, "--noreport", i.root+"/data")
		command.Env = []string{"LC_ALL=C.UTF-8"}
		printed, err := command.Output()
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.ReplaceAll(string(printed), "\u00a0", " "), "\n")
		lines[0] = "/data"
		found := regexp.MustCompile(`(?m)( \(0 B\)|/)$`).ReplaceAllString(strings.Split(i.out.String(), "\n\n")[0]+"\n", "")
		if wanted := strings.Join(lines, "\n"); found != wanted {
			t.Fatalf("seed %d: printed\n%s\ntree prints\n%s", seed, found, wanted)
		}
	}
}

func TestTreeOfManyRowsMarksLastEntryOfEachFolder(t *testing.T) {
	var rows []indextest.Row
	for n := range 20000 {
		rows = append(rows, row(fmt.Sprintf("%d/%d/%d", n%3, n%100, n), ""))
	}
	i := newJob(t, t.TempDir(), rows, indextest.Field{Name: "sha256", Kind: indextest.Digest, Bytes: 32})
	if files, err := Tree(i.job); files != 20000 || err != nil {
		t.Errorf("%d files, %v", files, err)
	}
	if last := strings.Count(i.out.String(), "└── "); last != 1+3+300 {
		t.Errorf("%d entries are the last of their folder", last)
	}
	requireContains(t, i.out.String(), "\n\n303 folders, 20000 files, 0 bytes\n")
}
