// Tests of Export: every copy is complete and correct, and nothing outside of the target folder changes.

package files

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"entrypoint/index/indextest"
)

// exportTo exports and fails the test unless the error contains the words. Empty words mean that no error is expected.
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

// noPartials fails the test if a folder contains an incomplete file.
func noPartials(t *testing.T, dir string) {
	t.Helper()
	for _, path := range listing(t, dir) {
		if strings.Contains(path, partialPrefix) {
			t.Errorf("%q was not deleted", path)
		}
	}
}

func TestExportWholeImageCopiesTree(t *testing.T) {
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
		t.Errorf("the output is %q", text)
	}
	if found, wanted := listing(t, dir), listing(t, i.root+"/data"); !slices.Equal(found, wanted) {
		t.Errorf("the copies are %q, not %q", found, wanted)
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

func TestExportSelectedRowsCreatesOnlyTheirFolders(t *testing.T) {
	i := newImage(t, fruit)
	os.Mkdir(i.root+"/data/empty", 0o755)
	i.selectRows("/b/c")
	dir := t.TempDir()
	if found := exportTo(t, i, dir, ""); found != (Summary{1, 0, 8}) {
		t.Errorf("the summary is %v", found)
	}
	if found := listing(t, dir); !slices.Equal(found, []string{"b/", "b/c.txt"}) {
		t.Errorf("the copies are %q", found)
	}
}

func TestExportAgainKeepsCorrectFilesAndReplacesOthers(t *testing.T) {
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
	requireContains(t, i.out.String(), "s (3 already existed)\n")
	for path, wanted := range fruit {
		if found := content(t, dir+"/"+path); found != wanted {
			t.Errorf("%q is %q, not %q", path, found, wanted)
		}
	}
	if after, _ := os.Stat(dir + "/z\n"); !os.SameFile(before, after) {
		t.Error("a correct file was written again")
	}
	if content(t, dir+"/other") != "left alone" {
		t.Error("a file outside of the dataset was changed")
	}
}

func TestExportExistingEntryOfOtherTypeIsReportedAndKept(t *testing.T) {
	outside := t.TempDir() + "/outside"
	for path, c := range map[string]struct{ put, expected string }{
		"a.txt":   {"-> " + outside, "a.txt\" exists as a symlink, but the export writes a file there: move it away"},
		"b":       {"-> " + outside, "b\" exists as a symlink, but the export writes a folder there"},
		"b/d":     {"-> ../inside", "b/d\" exists as a symlink, but the export writes a folder there"},
		"b/c.txt": {"folder", "b/c.txt\" exists as a folder, but the export writes a file there"},
		"b/l":     {"-> elsewhere", "b/l\" exists as a symlink, but the export writes a symlink to \"../a.txt\" there"},
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
			exportTo(t, i, dir, c.expected)
			if found := append(listing(t, outside), listing(t, dir+"/inside")...); len(found) != 0 {
				t.Errorf("%q were written through a symlink", found)
			}
			if target, isLink := strings.CutPrefix(c.put, "-> "); isLink && content(t, dir+"/"+path) != "-> "+target {
				t.Error("the existing entry has changed")
			}
		})
	}
}

func TestExportSymlinkOutOfDatasetIsCopiedAndNotFollowed(t *testing.T) {
	outside := t.TempDir()
	for _, target := range []string{outside, "../..", "missing", "c/../../../x"} {
		i := newImage(t, map[string]string{"b/l": "-> " + target, "b/lx": "next to it"})
		dir := t.TempDir()
		for range 2 {
			exportTo(t, i, dir, "")
		}
		if found := content(t, dir+"/b/l"); found != "-> "+target {
			t.Errorf("got %q, want a symlink to %q", found, target)
		}
	}
	// The image contains a folder at the path of a symlink from an earlier export.
	dir := t.TempDir()
	exportTo(t, newImage(t, map[string]string{"b": "-> " + outside}), dir, "")
	exportTo(t, newImage(t, map[string]string{"b/f": "x"}), dir, "exists as a symlink, but the export writes a folder there: move it away")
	exportTo(t, newImage(t, map[string]string{"b": "x"}), dir, "exists as a symlink, but the export writes a file there: move it away")
	if found := listing(t, outside); len(found) > 0 {
		t.Errorf("%q were written through a symlink", found)
	}
}

func TestExportDamagedFilesAreSkippedAndReported(t *testing.T) {
	i := newImage(t, fruit)
	put(t, i.root+"/data/a.txt", "avocadO\n\n")
	put(t, i.root+"/data/b/l", "-> c.txt")
	os.Remove(i.root + "/data/z\n")
	dir := t.TempDir()
	found := exportTo(t, i, dir, "skipped 3 files of the image because of differences from the index")
	if found != (Summary{3, 0, 13}) {
		t.Errorf("the summary is %v", found)
	}
	requireContains(t, i.out.String(), "/data/a.txt: sha256 is "+toolDigest(t, "sha256sum", i.root+"/data/a.txt")+", not ")
	requireContains(t, i.out.String(), "\n/data/b/l: is a symlink to c.txt, not to ../a.txt\n\"/data/z\\n\": missing\nexported 3 files, ")
	if found := listing(t, dir); !slices.Equal(found, []string{"b/", "b/c.txt", "b/d/", "b/d/e", "\xff"}) {
		t.Errorf("the copies are %q", found)
	}
}

func TestExportFileThatTargetCannotHoldIsSkippedAndReported(t *testing.T) {
	contents := map[string]string{"a": "x", "b": strings.Repeat("large", 4<<20), "c/d": "-> a"}
	i, long := newImage(t, contents), strings.Repeat("long", 64)
	rows := []indextest.Row{row(long, ""), row(long+"/f", "")} // The image has no such files.
	for path, content := range contents {
		rows = append(rows, row(path, content))
	}
	i = newJob(t, i.root, rows, indextest.Field{Name: "sha256", Kind: indextest.Digest, Bytes: 32})
	var before syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before)
	syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 1 << 24, Max: before.Max})
	defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)
	dir := t.TempDir()
	exportTo(t, i, dir, fmt.Sprintf("skipped 3 paths that the file system of %q cannot hold: export to a Linux file system", dir))
	reason := ": is not exported: the target cannot store "
	requireContains(t, i.out.String(), "/data/b"+reason+"a file of 20971520 bytes (file too large)\n")
	for _, path := range []string{long, long + "/f"} {
		requireContains(t, i.out.String(), fmt.Sprintf("/data/%s%sthe name %q (file name too long)\n", path, reason, long))
	}
	if found := listing(t, dir); !slices.Equal(found, []string{"a", "c/", "c/d"}) {
		t.Errorf("the copies are %q", found)
	}
}

func TestExportFolderSwappedForSymlinkWritesNothingOutside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	os.Mkdir(dir+"/b", 0o755)
	os.Symlink(outside, dir+"/link")
	done := make(chan bool)
	go func() {
		defer close(done)
		for range 20000 {
			os.Rename(dir+"/b", dir+"/aside")
			os.Rename(dir+"/link", dir+"/b")
			os.Rename(dir+"/b", dir+"/link")
			os.Rename(dir+"/aside", dir+"/b")
		}
	}()
	for running, round := true, 0; running; round++ {
		Export(context.Background(), newImage(t, map[string]string{"b/c": fmt.Sprint(round), "b/d/e": "x", "b/l": "-> x"}).job, dir)
		select {
		case <-done:
			running = false
		default:
		}
	}
	if found := listing(t, outside); len(found) != 0 {
		t.Errorf("%q were written outside of the target", found)
	}
}

func TestExportTargetIsFileReturnsError(t *testing.T) {
	i := newImage(t, fruit)
	file := t.TempDir() + "/file"
	put(t, file, "")
	for _, dir := range []string{file, file + "/x"} {
		if _, err := Export(context.Background(), i.job, dir); status(err) != 1 {
			t.Errorf("%q returns %v", dir, err)
		} else {
			requireContains(t, err.Error(), fmt.Sprintf("folder %q: not a directory", dir))
		}
	}
	if _, err := Export(context.Background(), i.job, ""); status(err) != 2 {
		t.Errorf("an empty path returns %v", err)
	}
}

func TestExportDiskFullReportsBytesOfRemainingFiles(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=64k"); err != nil {
		t.Skipf("mounting a small file system: %v", err)
	}
	defer syscall.Unmount(dir, 0)
	i := newImage(t, map[string]string{"a": strings.Repeat("a", 20000), "b": strings.Repeat("b", 500000)})
	i.beforeSecondRow(func() {
		for _, err := os.Stat(dir + "/a"); err != nil; _, err = os.Stat(dir + "/a") {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(200 * time.Millisecond) // Time to count the first file.
	})
	exportTo(t, i, dir, fmt.Sprintf("%q is full (writing \"%s/b\": no space left on device): ", dir, dir)+
		"the remaining files need 500000 bytes; free space and run the same command again")
	if found := listing(t, dir); slices.Contains(found, "b") {
		t.Errorf("%q exist", found)
	}
}

func TestExportTargetDeletedMeanwhileReturnsError(t *testing.T) {
	i, dir := newImage(t, map[string]string{"a": "x", "b": "y"}), t.TempDir()
	i.beforeSecondRow(func() {
		for os.Remove(dir) != nil {
			os.Remove(dir + "/a")
		}
	})
	_, err := Export(context.Background(), i.job, dir)
	requireContains(t, fmt.Sprint(err), fmt.Sprintf("%q or a folder in it was deleted during the export; run", dir))
}

func TestExportManyFilesTwiceAtOnceCopiesAllAndKeepsAll(t *testing.T) {
	contents := map[string]string{}
	for n := range 600 {
		parts := strings.Split("x/x/x", "/") // Many paths differ in the case only.
		for i := range parts {
			if n>>i&1 == 1 {
				parts[i] = "X"
			}
			parts[i] += fmt.Sprint(n / 8 % (4 << (4 * i)))
		}
		contents[strings.Join(parts, "/")] = strings.Repeat("x", n)
	}
	i := newImage(t, contents)
	dir := t.TempDir()
	other := make(chan error)
	go func() {
		job := i.job
		job.Out = io.Discard
		_, err := Export(context.Background(), job, dir)
		other <- err
	}()
	found, err := Export(context.Background(), i.job, dir)
	if found.Kept = 0; found != (Summary{600, 0, 599 * 600 / 2}) || err != nil || <-other != nil {
		t.Errorf("the summary is %v, the error %v", found, err)
	}
	if found := exportTo(t, i, dir, ""); found.Kept != 600 {
		t.Errorf("the second summary is %v", found)
	}
}

func TestExportFolderNotWritableAdvisesWritableFolder(t *testing.T) {
	dir := t.TempDir()
	if os.Getuid() != 0 {
		os.Chmod(dir, 0o555)
	} else if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, ""); err != nil { // Root ignores permissions.
		t.Skipf("mounting a read-only file system: %v", err)
	} else {
		defer syscall.Unmount(dir, 0)
	}
	for _, target := range []string{dir, dir + "/new"} {
		_, err := Export(context.Background(), newImage(t, fruit).job, target)
		requireContains(t, fmt.Sprint(err), fmt.Sprintf("; export to a folder that user %d can write to", os.Getuid()))
	}
}

func TestOnMountReportsBoundFolders(t *testing.T) {
	const mounts = "22 1 0:20 / / rw - overlay overlay rw\n23 22 0:21 / /my\\040out rw - ext4 /dev/sda rw\n"
	for path, wanted := range map[string]bool{"/my out": true, "/my out/x": true, "/my outer": false, "/tmp": false, "/": false} {
		if found := onMount(mounts, path); found != wanted {
			t.Errorf("%q is on a mount: %t", path, found)
		}
	}
}

// bagTo exports to a bag and fails the test unless the error contains the words. It returns the names outside of the payload.
func bagTo(t *testing.T, i *image, dir, words string, info ...Tag) (names []string) {
	t.Helper()
	i.out.Reset()
	_, err := ExportBag(context.Background(), i.job, dir, info)
	if words == "" && err != nil || words != "" && (err == nil || !strings.Contains(err.Error(), words)) {
		t.Fatalf("the error is %v, not %q", err, words)
	}
	noPartials(t, dir)
	for _, path := range listing(t, dir) {
		if !strings.HasPrefix(path, payload) && !strings.HasSuffix(path, "/") {
			names = append(names, path)
		}
	}
	return names
}

func TestExportBagContainsDocumentsAndTags(t *testing.T) {
	i := newImage(t, map[string]string{"a": "1", "b%\r\n": "22"})
	put(t, i.root+MetadataFolder+"/dataset.json", "{}")
	dir := t.TempDir()
	put(t, dir+"/manifest-md5.txt", "of an earlier export")
	put(t, dir+"/metadata/left-out.jsonl", "of an earlier export")
	put(t, dir+"/data/.partial-0123456789abcdef", "of a killed export")
	want := []string{"bag-info.txt", "bagit.txt", "manifest-sha256.txt", "metadata/dataset.json", "tagmanifest-sha256.txt"}
	found := bagTo(t, i, dir, "", Tag{"Title", " Two\n\u2028 fruits"}, Tag{"Author", "\xff"})
	if !slices.Equal(found, want) {
		t.Errorf("the files are %q", found)
	}
	if found := content(t, dir+"/bag-info.txt"); found != "Title: Two fruits\nAuthor: \ufffd\nPayload-Oxum: 3.2\n" {
		t.Errorf("bag-info.txt is %q", found)
	}
	lines := fmt.Sprintf("%x  data/a\n%x  data/b%%25%%0D%%0A\n", sha256.Sum256([]byte("1")), sha256.Sum256([]byte("22")))
	if found := content(t, dir+"/manifest-sha256.txt"); found != lines {
		t.Errorf("the manifest is %q", found)
	}
	requireContains(t, content(t, dir+"/tagmanifest-sha256.txt"), fmt.Sprintf("%x  metadata/dataset.json\n", sha256.Sum256([]byte("{}"))))
}

func TestExportBagOfDamagedImageHasNoManifest(t *testing.T) {
	i := newImage(t, map[string]string{"a": "1", "b": "2"})
	put(t, i.root+"/data/b", "3")
	dir := t.TempDir()
	if found := bagTo(t, i, dir, fmt.Sprintf("%q is not a bag: its manifests are not written", dir)); found != nil {
		t.Errorf("the files are %q", found)
	}
	requireContains(t, i.out.String(), "/data/b: sha256 is ")
}

func TestExportBagWritesNothingThroughSymlinks(t *testing.T) {
	for name, words := range map[string]string{
		"data": "exists as a symlink, but the export writes a folder there", "metadata": "path escapes from parent",
		"bagit.txt": "", "manifest-sha256.txt": "",
	} {
		i := newImage(t, map[string]string{"a": "1"})
		put(t, i.root+MetadataFolder+"/dataset.json", "{}")
		dir, outside := t.TempDir(), t.TempDir()
		put(t, dir+"/"+name, "-> "+outside)
		bagTo(t, i, dir, words)
		if found := listing(t, outside); len(found) > 0 {
			t.Errorf("%s: %q was written", name, found)
		}
	}
}
