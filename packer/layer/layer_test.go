package layer

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"packer/shardlist"
)

const a100 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

func layerOf(mount string, records ...shardlist.Record) []byte {
	members := NewMembers(mount)
	measured := NewMembers(mount)
	var size int64
	measure := func(one entry) { size += one.headersSize() }
	measured.eachFolder(measured.mount, measure)
	content := members.AppendMount(nil)
	for _, record := range records {
		content = members.AppendHeaders(content, &record)
		measured.each(&record, measure)
	}
	if size != int64(len(content)) {
		panic(fmt.Sprintf("headers of %d bytes, measured as %d", len(content), size))
	}
	return AppendEnd(content)
}

func file(path string) shardlist.Record {
	return shardlist.Record{Path: path, Kind: shardlist.File, Mode: 0o640}
}

// read returns the headers that Go's tar reader parses; Docker uses the same reader.
func read(t *testing.T, content []byte) []*tar.Header {
	t.Helper()
	var headers []*tar.Header
	for reader := tar.NewReader(bytes.NewReader(content)); ; {
		header, err := reader.Next()
		if err == io.EOF {
			return headers
		}
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, header)
	}
}

func names(headers []*tar.Header) []string {
	var found []string
	for _, header := range headers {
		found = append(found, header.Name)
	}
	return found
}

func TestMembersFolderComesOnceBeforeItsFirstChild(t *testing.T) {
	content := layerOf("/data", file("a-b"), file("a/b"), file("a/c/d/e"), file("a/c/f"), file("a0"),
		shardlist.Record{Path: "void/deep", Kind: shardlist.Folder}, file("void/deep0/g"))
	want := []string{"data/", "data/a-b", "data/a/", "data/a/b", "data/a/c/", "data/a/c/d/", "data/a/c/d/e",
		"data/a/c/f", "data/a0", "data/void/", "data/void/deep/", "data/void/deep0/", "data/void/deep0/g"}
	if got := names(read(t, content)); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMembersEmptyLayerContainsMountAndItsParents(t *testing.T) {
	if got, want := names(read(t, layerOf("/srv/data"))), []string{"srv/", "srv/data/"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMembersMountAtTheRootHasNoFolder(t *testing.T) {
	if got, want := names(read(t, layerOf("/", file("a/b")))), []string{"a/", "a/b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMembersUnusualNamesAndTargetsAreReadUnchanged(t *testing.T) {
	deep := strings.Repeat("folder/", 30)
	for _, name := range []string{
		"line\nbreak", " space ", "not utf-8 \xff\xfe", "ünïcode 漢字 🍅", strings.Repeat("é", 60), "10 path=x",
		a100[:95], a100[:94], a100, a100 + "/" + a100, a100 + "/" + a100[:99] + "/b", a100 + a100[:50] + "/c",
		strings.Repeat(a100, 2) + a100[:55], deep + a100, deep + a100[:50], strings.Repeat("very long/", 800) + "x",
	} {
		headers := read(t, layerOf("/data", shardlist.Record{Path: name, Kind: shardlist.Link, Target: name}))
		last := headers[len(headers)-1]
		if last.Name != "data/"+name || last.Linkname != name {
			t.Errorf("got %q to %q, want %q", last.Name, last.Linkname, name)
		}
		folder := read(t, layerOf("/data", shardlist.Record{Path: name, Kind: shardlist.Folder}))
		if last := folder[len(folder)-1]; last.Name != "data/"+name+"/" || last.Typeflag != tar.TypeDir {
			t.Errorf("as a folder: got %q, want %q", last.Name, name)
		}
	}
}

func TestMembersExtendedHeaderOnlyIfThePlainHeaderIsTooSmall(t *testing.T) {
	for name, want := range map[string]int{
		a100[:95]:           1, // "data/" and 95 bytes are 100
		a100:                1, // split after "data"
		a100 + "b":          3, // more than 100 bytes after the only slash
		a100[:99] + "/b":    2, // one more for the folder
		a100 + "/" + a100:   4, // the folder's last slash does not fit
		a100[:9] + "\tb\n ": 1,
		"é":                 3,
	} {
		members, record := NewMembers("data"), file(name)
		members.AppendMount(nil)
		if got := len(members.AppendHeaders(nil, &record)) / BlockBytes; got != want {
			t.Errorf("%q: got %d blocks, want %d", name, got, want)
		}
	}
}

func TestMembersLargestSizesAreReadUnchanged(t *testing.T) {
	for _, size := range []int64{0, 1, 1<<33 - 1, 1 << 33, 1<<63 - 1} {
		record := shardlist.Record{Path: "large", Kind: shardlist.File, Size: size}
		header, err := tar.NewReader(bytes.NewReader(NewMembers("data").AppendHeaders(nil, &record)[BlockBytes:])).Next()
		if err != nil || header.Size != size {
			t.Errorf("got %+v and %v, want a size of %d", header, err, size)
		}
	}
}

func TestMembersGnuTarListsAllFields(t *testing.T) {
	gnu, err := exec.LookPath("tar")
	if err != nil {
		t.Skip("tar is not on PATH")
	}
	list := exec.Command(gnu, "-tvf", "-", "--utc", "--numeric-owner", "--quoting-style=escape")
	list.Env = []string{"LC_ALL=C"}
	list.Stdin = bytes.NewReader(layerOf("data", file("a\xffb"),
		shardlist.Record{Path: "x/run", Kind: shardlist.File, Mode: 0o700},
		shardlist.Record{Path: "x/to", Kind: shardlist.Link, Target: "../é"}))
	printed, err := list.Output()
	want := `drwxr-xr-x 0/0               0 1970-01-01 00:00 data/
-rw-r--r-- 0/0               0 1970-01-01 00:00 data/a\377b
drwxr-xr-x 0/0               0 1970-01-01 00:00 data/x/
-rwxr-xr-x 0/0               0 1970-01-01 00:00 data/x/run
lrwxrwxrwx 0/0               0 1970-01-01 00:00 data/x/to -> ../\303\251
`
	if err != nil || string(printed) != want {
		t.Errorf("got %v and\n%swant\n%s", err, printed, want)
	}
}

func TestAppendRecordLengthIncludesItself(t *testing.T) {
	for size := range 1100 {
		record := string(appendRecord(nil, "path", strings.Repeat("x", size)))
		length, rest, _ := strings.Cut(record, " ")
		if length != strconv.Itoa(len(record)) || rest != "path="+strings.Repeat("x", size)+"\n" {
			t.Fatalf("a value of %d bytes: got %q of %d bytes", size, record, len(record))
		}
	}
}

func TestMembersOnlyNamesThatAreNotUTF8AreBinary(t *testing.T) {
	for name, want := range map[string]string{"\xff": "BINARY", "é": ""} {
		headers := read(t, layerOf("data", file(name)))
		if got := headers[1].PAXRecords["hdrcharset"]; got != want {
			t.Errorf("%q: got the character set %q, want %q", name, got, want)
		}
	}
}

func TestPaddingFillsUpToABlock(t *testing.T) {
	for size, want := range map[int64]int{0: 0, 1: 511, 511: 1, 512: 0, 513: 511} {
		if got := Padding(size); got != want {
			t.Errorf("%d bytes: got %d, want %d", size, got, want)
		}
	}
}
