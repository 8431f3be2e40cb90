// Tests of Verify.

package files

import (
	"context"
	"errors"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
	"entrypoint/progress"
)

var fruit = map[string]string{
	"a.txt": "avocado\n\n", "b/c.txt": "tomato\n\n", "b/d/e": "", "b/l": "-> ../a.txt", "z\n": "odd", "\xff": "odder",
}

// seconds replaces the elapsed time by T.
func seconds(text string) string {
	return regexp.MustCompile(`\d+\.\d s`).ReplaceAllString(text, "T s")
}

func TestVerifyUndamagedImageFindsNoDifferences(t *testing.T) {
	i := newImage(t, fruit)
	found, err := Verify(context.Background(), i.job)
	if found != 0 || err != nil {
		t.Errorf("found %d differences, %v", found, err)
	}
	if text := seconds(i.out.String()); text != "verified 6 files, 33 bytes in T s: no differences\n" {
		t.Errorf("the output is %q", text)
	}
}

func TestVerifyDamagedFilePrintsDifference(t *testing.T) {
	for _, c := range []struct {
		name     string
		damage   func(t *testing.T, data string)
		expected string
	}{
		{"changed", func(t *testing.T, data string) { put(t, data+"a.txt", "avocadO\n\n") },
			"/data/a.txt: sha256 is "},
		{"shorter", func(t *testing.T, data string) { put(t, data+"a.txt", "avocado") }, "/data/a.txt: is 7 bytes, not 9"},
		{"missing", func(t *testing.T, data string) { os.Remove(data + "b/c.txt") }, "/data/b/c.txt: missing"},
		{"odd name", func(t *testing.T, data string) { os.Remove(data + "\xff") }, `"/data/\xff": missing`},
		{"other link", func(t *testing.T, data string) { put(t, data+"b/l", "-> c.txt") },
			"/data/b/l: is a symlink to c.txt, not to ../a.txt"},
		{"file for link", func(t *testing.T, data string) { put(t, data+"b/l", "../a.txt") }, "/data/b/l: is a file, not a symlink"},
		{"link for file", func(t *testing.T, data string) { put(t, data+"a.txt", "-> b/c.txt") }, "/data/a.txt: is a symlink, not a file"},
		{"folder for file", func(t *testing.T, data string) { os.Remove(data + "a.txt"); os.Mkdir(data+"a.txt", 0o755) },
			"/data/a.txt: is a folder, not a file"},
		{"pipe for file", func(t *testing.T, data string) { os.Remove(data + "a.txt"); syscall.Mkfifo(data+"a.txt", 0o644) },
			"/data/a.txt: is a device, pipe or socket, not a file"},
		{"extra", func(t *testing.T, data string) { put(t, data+"b/d/x", "") }, "/data/b/d/x: not in the index"},
		{"extra link", func(t *testing.T, data string) { put(t, data+"zz", "-> a.txt") }, "/data/zz: not in the index"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := newImage(t, fruit)
			c.damage(t, i.root+"/data/")
			found, err := Verify(context.Background(), i.job)
			if found != 1 || err != nil {
				t.Errorf("found %d differences, %v", found, err)
			}
			expected := c.expected
			if c.name == "changed" {
				expected = "/data/a.txt: sha256 is " + toolDigest(t, "sha256sum", i.root+"/data/a.txt") + ", not "
			}
			if !strings.HasPrefix(i.out.String(), expected) || strings.Count(i.out.String(), "\n") != 2 {
				t.Errorf("the output is %q", i.out)
			}
			requireContains(t, i.out.String(), ": 1 difference\n")
		})
	}
}

func TestVerifyPrintsDifferencesInOrderOfKeys(t *testing.T) {
	contents := map[string]string{}
	for c := 'a'; c <= 'z'; c++ {
		contents[string(c)] = strings.Repeat(string(c), int('z'-c)*100000)
	}
	i := newImage(t, contents)
	for _, path := range []string{"a", "e", "z"} {
		put(t, i.root+"/data/"+path, "other")
	}
	os.Remove(i.root + "/data/c")
	for _, path := range []string{"", "b+", "zz", "c/d"} {
		put(t, i.root+"/data/"+path+"+", "")
	}
	if found, err := Verify(context.Background(), i.job); found != 8 || err != nil {
		t.Errorf("found %d differences, %v", found, err)
	}
	var keys []string
	for line := range strings.Lines(i.out.String()) {
		keys = append(keys, strings.Split(line, ":")[0])
	}
	if found := strings.Join(keys[:8], " "); found != "/data/+ /data/a /data/b++ /data/c /data/c/d+ /data/e /data/z /data/zz+" {
		t.Errorf("the order is %s", found)
	}
}

func TestVerifySelectedRowsIgnoresOtherFiles(t *testing.T) {
	i := newImage(t, fruit)
	put(t, i.root+"/data/extra", "")
	os.Remove(i.root + "/data/a.txt")
	i.selectRows("/b/")
	found, err := Verify(context.Background(), i.job)
	if text := seconds(i.out.String()); found != 0 || err != nil || text != "verified 3 files, 16 bytes in T s: no differences\n" {
		t.Errorf("found %d differences, %v, and printed %q", found, err, text)
	}
}

func TestVerifyFileInsteadOfFolderReportsItsFilesMissing(t *testing.T) {
	i := newImage(t, fruit)
	put(t, i.root+"/data/b/d", "")
	i.selectRows("/b/d")
	if found, err := Verify(context.Background(), i.job); found != 1 || err != nil {
		t.Errorf("found %d differences, %v", found, err)
	}
	requireContains(t, i.out.String(), "/data/b/d/e: missing\n")
}

func TestCompareCancelledContextReturnsError(t *testing.T) {
	i := newImage(t, fruit)
	c, err := newCatalog(i.job.Index, "")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	source := strings.NewReader(strings.Repeat("x", 3*readBytes))
	reader, err := c.newReader(&progress.Progress{}, i.job.Index.Field("sha256"))
	if err != nil {
		t.Fatal(err)
	}
	if difference, err := reader.compare(ctx, 0, source, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("compare returns %q, %v", difference, err)
	}
}

func TestVerifyWrongDigestIsFoundForEveryAlgorithm(t *testing.T) {
	// The known digests of digest_test.go.
	const content = "123456789"
	digests := []struct{ name, digits string }{
		{"sha256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"},
		{"sha1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"},
		{"sha512", "d9e6762dd1c8eaf6d61b3c6192fc408d4d6d5f1176d0c29169bc24e71c3f274a" +
			"d27fcd5811b313d681f7e55ec02d73d499c95455b6b5bb503acf574fba8ffe85"},
		{"md5", "25f9e794323b453885f5181f1b624d0b"},
		{"crc32c", "e3069283"},
		{"blake3", "b7d65b48420d1033cb2595293263b6f72eabee20d55e699d0df1973b3c9deed1"},
	}
	verify := func(wrong string, last bool) (int, string) {
		root := t.TempDir()
		put(t, root+"/data/n", content)
		one := indextest.Row{Path: "n", Values: map[string]any{"size": len(content)}}
		var fields []indextest.Field
		for _, digest := range digests {
			value := unhex(t, digest.digits)
			if digest.name == wrong && last {
				value[len(value)-1] ^= 1
			} else if digest.name == wrong {
				value[0] ^= 1
			}
			one.Values[digest.name] = value
			fields = append(fields, indextest.Field{Name: digest.name, Kind: indextest.Digest, Bytes: len(value)})
		}
		i := newJob(t, root, []indextest.Row{one}, fields...)
		found, err := Verify(context.Background(), i.job)
		if err != nil {
			t.Fatal(err)
		}
		return found, i.out.String()
	}
	if found, printed := verify("", false); found != 0 {
		t.Errorf("right digests: %s", printed)
	}
	for _, digest := range digests {
		for _, last := range []bool{false, true} {
			found, printed := verify(digest.name, last)
			if found != 1 || !strings.HasPrefix(printed, "/data/n: "+digest.name+" is "+digest.digits+", not ") {
				t.Errorf("wrong %s: %q", digest.name, printed)
			}
		}
	}
}

func TestVerifyUnreadableFilePrintsReason(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root reads every file")
	}
	i := newImage(t, fruit)
	os.Chmod(i.root+"/data/a.txt", 0)
	if found, err := Verify(context.Background(), i.job); found != 1 || err != nil {
		t.Errorf("found %d differences, %v", found, err)
	}
	requireContains(t, i.out.String(), "/data/a.txt: cannot be read: permission denied\n")
}

func TestVerifyCancelledReturnsStatus130(t *testing.T) {
	i := newImage(t, fruit)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Verify(ctx, i.job); status(err) != 130 {
		t.Errorf("Verify returns %v", err)
	}
}

func TestVerifyDamagedIndexReturnsError(t *testing.T) {
	i := newImage(t, fruit)
	data := indextest.Build("/data", []indextest.Field{
		{Name: "size", Kind: indextest.Integer}, {Name: "sha256", Kind: indextest.Digest, Bytes: 32},
	}, []indextest.Row{row("a.txt", fruit["a.txt"])})
	data[len(data)-1] ^= 1
	ix, err := index.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	i.job.Index, i.job.Rows, i.job.All = ix, ix.Keys(0, 1), false
	if _, err := Verify(context.Background(), i.job); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("Verify returns %v", err)
	}
}
