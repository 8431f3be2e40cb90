// Copies are right or not there, and nothing outside of the folder changes.

package files

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"entrypoint/index/indextest"
)

// exportTo exports and fails the test unless an error contains the words; none must come when they are empty.
func exportTo(t *testing.T, i *image, dir, words string) Summary {
	t.Helper()
	i.out.Reset()
	found, err := Export(context.Background(), i.job, dir)
	if words == "" && err != nil || words != "" && (err == nil || !strings.Contains(err.Error(), words)) {
		t.Fatalf("the error is %v, not %q", err, words)
	}
	noPartials(t, dir)
	return found
}

func noPartials(t *testing.T, dir string) {
	t.Helper()
	for _, path := range listing(t, dir) {
		if strings.Contains(path, partialPrefix) {
			t.Errorf("%q is left behind", path)
		}
	}
}

func TestExportWholeImageCopiesTheDatasetsTree(t *testing.T) {
	i := newImage(t, fruit)
	old := time.Unix(0, 0)
	os.MkdirAll(i.root+"/data/empty/er", 0o755)
	os.Chmod(i.root+"/data/a.txt", 0o755)
	os.Chtimes(i.root+"/data/a.txt", old, old)
	dir := t.TempDir() + "/new/dir"
	if found := exportTo(t, i, dir, ""); found != (Summary{6, 0, 33}) {
		t.Errorf("the summary is %v", found)
	}
	if text := seconds(i.out.String()); text != fmt.Sprintf("exported 6 files, 33 bytes to %q in T s\n", dir) {
		t.Errorf("it says %q", text)
	}
	if found, wanted := listing(t, dir), listing(t, i.root+"/data"); !slices.Equal(found, wanted) {
		t.Errorf("it copies %q, not %q", found, wanted)
	}
	for path, wanted := range fruit {
		if found := content(t, dir+"/"+path); found != wanted {
			t.Errorf("%q is %q, not %q", path, found, wanted)
		}
	}
	info, _ := os.Stat(dir + "/a.txt")
	if info.Mode() != 0o755 || !info.ModTime().Equal(old) {
		t.Errorf("the mode is %s, the time %s", info.Mode(), info.ModTime())
	}
	if info, _ := os.Stat(dir + "/b/c.txt"); info.Mode() != 0o644 {
		t.Errorf("the mode of b/c.txt is %s", info.Mode())
	}
}

func TestExportChosenRowsMakesNoOtherFolders(t *testing.T) {
	i := newImage(t, fruit)
	os.Mkdir(i.root+"/data/empty", 0o755)
	i.choose("/b/c")
	dir := t.TempDir()
	if found := exportTo(t, i, dir, ""); found != (Summary{1, 0, 8}) {
		t.Errorf("the summary is %v", found)
	}
	if found := listing(t, dir); !slices.Equal(found, []string{"b/", "b/c.txt"}) {
		t.Errorf("it copies %q", found)
	}
}

func TestExportAgainKeepsWhatIsRightAndReplacesWhatIsNot(t *testing.T) {
	i := newImage(t, fruit)
	dir := t.TempDir()
	exportTo(t, i, dir, "")
	put(t, dir+"/a.txt", "avocadO\n\n")
	put(t, dir+"/b/c.txt", "longer than it is")
	os.Remove(dir + "/b/d/e")
	put(t, dir+"/other", "left alone")
	before, _ := os.Stat(dir + "/z\n")
	if found := exportTo(t, i, dir, ""); found != (Summary{6, 3, 33}) {
		t.Errorf("the summary is %v", found)
	}
	says(t, i.out.String(), "s (3 were there already)\n")
	for path, wanted := range fruit {
		if found := content(t, dir+"/"+path); found != wanted {
			t.Errorf("%q is %q, not %q", path, found, wanted)
		}
	}
	if after, _ := os.Stat(dir + "/z\n"); !os.SameFile(before, after) {
		t.Error("a file that is right was written again")
	}
	if content(t, dir+"/other") != "left alone" {
		t.Error("a file that is not of the dataset was changed")
	}
}

func TestExportSomethingElseInTheWayIsNamedAndStays(t *testing.T) {
	outside := t.TempDir() + "/outside"
	for path, c := range map[string]struct{ put, said string }{
		"a.txt":   {"-> " + outside, "a.txt\" is a link where a file is to go: move it away"},
		"b":       {"-> " + outside, "b\" is a link where a folder is to go"},
		"b/d":     {"-> ../inside", "b/d\" is a link where a folder is to go"},
		"b/c.txt": {"folder", "b/c.txt\" is a folder where a file is to go"},
		"b/l":     {"-> elsewhere", "b/l\" is a link where a link to \"../a.txt\" is to go"},
	} {
		t.Run(path, func(t *testing.T) {
			i := newImage(t, fruit)
			dir := t.TempDir()
			os.Mkdir(outside, 0o755)
			os.Mkdir(dir+"/inside", 0o755)
			if c.put == "folder" {
				os.MkdirAll(dir+"/"+path, 0o755)
			} else {
				put(t, dir+"/"+path, c.put)
			}
			exportTo(t, i, dir, c.said)
			if found := append(listing(t, outside), listing(t, dir+"/inside")...); len(found) != 0 {
				t.Errorf("%q were written behind a link", found)
			}
			if target, isLink := strings.CutPrefix(c.put, "-> "); isLink && content(t, dir+"/"+path) != "-> "+target {
				t.Error("what was in the way has changed")
			}
		})
	}
}

func TestExportLinkOutOfTheDatasetIsMadeAndNothingIsWrittenThroughIt(t *testing.T) {
	outside := t.TempDir()
	for _, target := range []string{outside, "../..", "missing", "c/../../../x"} {
		i := newImage(t, map[string]string{"b/l": "-> " + target, "b/lx": "beside it"})
		dir := t.TempDir()
		for range 2 {
			exportTo(t, i, dir, "")
		}
		if found := content(t, dir+"/b/l"); found != "-> "+target {
			t.Errorf("got %q, want a link to %q", found, target)
		}
	}
	// A folder of the image where an earlier export has left a link.
	dir := t.TempDir()
	exportTo(t, newImage(t, map[string]string{"b": "-> " + outside}), dir, "")
	exportTo(t, newImage(t, map[string]string{"b/f": "x"}), dir, "is a link where a folder is to go: move it away")
	exportTo(t, newImage(t, map[string]string{"b": "x"}), dir, "is a link where a file is to go: move it away")
	if found := listing(t, outside); len(found) > 0 {
		t.Errorf("%q were written behind a link", found)
	}
}

func TestExportDamagedFilesAreLeftOutAndNamed(t *testing.T) {
	i := newImage(t, fruit)
	put(t, i.root+"/data/a.txt", "avocadO\n\n")
	put(t, i.root+"/data/b/l", "-> c.txt")
	os.Remove(i.root + "/data/z\n")
	dir := t.TempDir()
	found := exportTo(t, i, dir, "3 files of the image left out, not as the index says")
	if found != (Summary{3, 0, 13}) {
		t.Errorf("the summary is %v", found)
	}
	says(t, i.out.String(), "/data/a.txt: sha256 is "+toolDigest(t, "sha256sum", i.root+"/data/a.txt")+", not ")
	says(t, i.out.String(), "\n/data/b/l: links to c.txt, not to ../a.txt\n\"/data/z\\n\": missing\nexported 3 files, ")
	if found := listing(t, dir); !slices.Equal(found, []string{"b/", "b/c.txt", "b/d/", "b/d/e", "\xff"}) {
		t.Errorf("it copies %q", found)
	}
}

func TestExportFolderThatCannotBeMadeIsNamed(t *testing.T) {
	i := newImage(t, fruit)
	file := t.TempDir() + "/file"
	put(t, file, "")
	for _, dir := range []string{file, file + "/x"} {
		if _, err := Export(context.Background(), i.job, dir); status(err) != 1 {
			t.Errorf("%q gives %v", dir, err)
		} else {
			says(t, err.Error(), fmt.Sprintf("folder %q: not a directory", dir))
		}
	}
	if _, err := Export(context.Background(), i.job, ""); status(err) != 2 {
		t.Errorf("no folder gives %v", err)
	}
}

func TestExportDiskFullNamesTheBytesStillNeeded(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	defer syscall.Unmount(dir, 0)
	i := newImage(t, map[string]string{"a": strings.Repeat("a", 20000), "b": strings.Repeat("b", 500000)})
	rows := i.job.Rows
	i.job.Rows = func(yield func(int, []byte) bool) {
		for row, key := range rows {
			if row == 1 { // By then the first one is there.
				time.Sleep(200 * time.Millisecond)
			}
			if !yield(row, key) {
				return
			}
		}
	}
	exportTo(t, i, dir, fmt.Sprintf("%q is full (writing \"%s/b\": no space left on device): ", dir, dir)+
		"the files still to copy need 500000 bytes; make room and run the same command again")
	if found := listing(t, dir); slices.Contains(found, "b") {
		t.Errorf("%q are there", found)
	}
}

func TestExportInterruptedLeavesNoPartialFile(t *testing.T) {
	const size = 1 << 30
	root, dir := t.TempDir(), t.TempDir()
	put(t, root+"/data/large", "")
	if err := os.Truncate(root+"/data/large", size); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256(nil)
	large := indextest.Row{Path: "large", Values: map[string]any{"size": size, "sha256": digest[:]}}
	i := newJob(t, root, []indextest.Row{large}, indextest.Field{Name: "sha256", Kind: indextest.Digest, Bytes: 32})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		for len(listing(t, dir)) == 0 {
			time.Sleep(time.Millisecond)
		}
		cancel()
	}()
	if _, err := Export(ctx, i.job, dir); status(err) != 130 {
		t.Errorf("interrupted, it gives %v", err)
	}
	if found := listing(t, dir); len(found) != 0 {
		t.Errorf("%q are left behind", found)
	}
}

func TestExportManyFilesInManyFolders(t *testing.T) {
	contents := map[string]string{}
	for n := range 600 {
		contents[fmt.Sprintf("%d/%d/%d", n%7, n%50, n)] = strings.Repeat("x", n)
	}
	i := newImage(t, contents)
	dir := t.TempDir()
	if found := exportTo(t, i, dir, ""); found != (Summary{600, 0, 599 * 600 / 2}) {
		t.Errorf("the summary is %v", found)
	}
	if found := exportTo(t, i, dir, ""); found.Kept != 600 {
		t.Errorf("again, the summary is %v", found)
	}
}

func TestExportFolderThatCannotBeWrittenIsNamed(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root writes everywhere")
	}
	i := newImage(t, fruit)
	dir := t.TempDir()
	os.Chmod(dir, 0o555)
	exportTo(t, i, dir, "permission denied")
}

func TestOnMountKnowsBoundFolders(t *testing.T) {
	const mounts = "22 1 0:20 / / rw - overlay overlay rw\n23 22 0:21 / /my\\040out rw - ext4 /dev/sda rw\n"
	for path, wanted := range map[string]bool{"/my out": true, "/my out/x": true, "/my outer": false, "/tmp": false, "/": false} {
		if found := onMount(mounts, path); found != wanted {
			t.Errorf("%q is on a mount: %t", path, found)
		}
	}
}
