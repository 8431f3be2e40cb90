// Tests of the tar reader, with archives of archive/tar and with damaged archives.

package squashfs

import (
	"archive/tar"
	"bytes"
	"io"
	"math"
	"strings"
	"testing"
)

// member is a member of an archive that archive/tar writes.
type member struct {
	tar.Header
	content string
}

func fileMember(name, content string) member {
	header := tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(content)), Mode: 0o644}
	return member{header, content}
}

func directoryMember(name string, mode int64) member {
	return member{tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: mode}, ""}
}

func linkMember(name, target string) member {
	return member{tar.Header{Typeflag: tar.TypeSymlink, Name: name, Linkname: target, Mode: 0o777}, ""}
}

func tarOf(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, one := range members {
		if err := w.WriteHeader(&one.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, one.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// read returns all members of a tar with their contents, and the error if it could not be read to the end.
func read(content []byte) (entries []entry, contents []string, err error) {
	members := newTarReader(bytes.NewReader(content))
	for {
		one, err := members.next()
		if err == io.EOF {
			return entries, contents, nil
		}
		if err != nil {
			return entries, contents, err
		}
		one.path, one.target = bytes.Clone(one.path), bytes.Clone(one.target)
		data, err := io.ReadAll(io.LimitReader(members, one.size))
		if err != nil || int64(len(data)) < one.size {
			return entries, contents, unexpected(io.EOF)
		}
		entries, contents = append(entries, one), append(contents, string(data))
	}
}

func TestTarReaderNextReadsMembersOfArchiveTar(t *testing.T) {
	long := strings.Repeat("directory/", 40) + strings.Repeat("n", 255)
	members := []member{
		directoryMember("directory", 0o1711), fileMember("empty", ""), fileMember("directory/block", strings.Repeat("x", 512)),
		fileMember("more", strings.Repeat("y", 513)), linkMember("link", "../"+long), fileMember(long, "deep"),
		fileMember(strings.Repeat("p", 90)+"/"+strings.Repeat("q", 90), "prefix"), fileMember("ünïcode\xff\xfe\n", "odd"),
	}
	entries, contents, err := read(tarOf(t, members...))
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != len(members) {
		t.Fatalf("%d members are read, expected %d", len(entries), len(members))
	}
	for i, one := range members {
		got := entries[i]
		if string(got.path) != strings.TrimSuffix(one.Name, "/") || string(got.target) != one.Linkname ||
			int64(got.mode) != one.Mode || contents[i] != one.content {
			t.Errorf("%q is read as %q of mode %o with target %q and %q", one.Name, got.path, got.mode, got.target, contents[i])
		}
	}
}

func TestTarReaderNextLargeSizesAreRead(t *testing.T) {
	for _, format := range []tar.Format{tar.FormatUSTAR, tar.FormatPAX, tar.FormatGNU} {
		size := int64(1)<<33 - 1
		if format != tar.FormatUSTAR {
			size = 1<<40 + 1
		}
		var b bytes.Buffer
		header := tar.Header{Name: "large", Size: size, Mode: 0o644, Format: format}
		if err := tar.NewWriter(&b).WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		one, err := newTarReader(&b).next()
		if err != nil || one.size != size {
			t.Errorf("in %v the size is read as %d (%v), expected %d", format, one.size, err, size)
		}
	}
}

func TestTarReaderNextLongestTargetIsRead(t *testing.T) {
	target := strings.Repeat("t", 4095)
	if entries, _, err := read(tarOf(t, linkMember("l", target))); err != nil || string(entries[0].target) != target {
		t.Errorf("a symlink with a target of %d bytes: %v", len(target), err)
	}
}

func TestTarReaderNextUnsupportedMemberIsRefused(t *testing.T) {
	header := func(kind byte, name string) member {
		return member{tar.Header{Typeflag: kind, Name: name, Linkname: "x"}, ""}
	}
	// archive/tar does not write sparse files: another record of the same length is replaced by the record for sparse files.
	sparse := fileMember("s", "")
	sparse.PAXRecords = map[string]string{"SCHILY.xattr.abc": "1"}
	marked := bytes.Replace(tarOf(t, sparse), []byte("SCHILY.xattr.abc"), []byte("GNU.sparse.major"), 1)
	for wanted, content := range map[string][]byte{
		`"f" has the tar type '6'`:                      tarOf(t, header(tar.TypeFifo, "f")),
		`"h" is a hard link to "../x", which is not a`:  tarOf(t, member{tar.Header{Typeflag: tar.TypeLink, Name: "h", Linkname: "../x"}, ""}),
		`"c" has the tar type '3'`:                      tarOf(t, header(tar.TypeChar, "c")),
		`"../a" is not a plain relative path`:           tarOf(t, fileMember("../a", "")),
		`"a/../b" is not a plain relative path`:         tarOf(t, fileMember("a/../b", "")),
		`"/a" is not a plain relative path`:             tarOf(t, fileMember("/a", "")),
		`"./a" is not a plain relative path`:            tarOf(t, fileMember("./a", "")),
		`"a//b" is not a plain relative path`:           tarOf(t, fileMember("a//b", "")),
		`"" is not a plain relative path`:               tarOf(t, header(tar.TypeReg, "")),
		`"a/.wh.b" is a whiteout`:                       tarOf(t, fileMember("a/.wh.b", "")),
		`".wh..wh..opq" is a whiteout`:                  tarOf(t, fileMember(".wh..wh..opq", "")),
		`has a name of 256 bytes, expected at most 255`: tarOf(t, fileMember(strings.Repeat("n", 256), "")),
		`is a symlink with a target of 4096 bytes`:      tarOf(t, linkMember("l", strings.Repeat("t", 4096))),
		`is a symlink with a target of 0 bytes`:         tarOf(t, linkMember("l", "")),
		`a sparse file`:                                 marked,
	} {
		if _, _, err := read(content); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("the error is %v, expected %q", err, wanted)
		}
	}
}

func TestTarReaderNextDamagedTarIsAnError(t *testing.T) {
	whole := tarOf(t, fileMember("a", "content"), fileMember("b", "more"))
	change := func(at int, value byte) []byte {
		damaged := bytes.Clone(whole)
		damaged[at] = value
		return damaged
	}
	zeroed := bytes.Clone(whole)
	clear(zeroed[512:2048])
	for name, test := range map[string]struct {
		content []byte
		wanted  string
	}{
		"empty":                  {nil, "it is truncated"},
		"cut in the header":      {whole[:100], "it is truncated"},
		"cut in the data":        {whole[:515], "it is truncated"},
		"cut in the padding":     {whole[:600], "it is truncated"},
		"cut before a header":    {whole[:1024], "it is truncated"},
		"cut before the end":     {whole[:2048], "it is truncated"},
		"cut in the end":         {whole[:2560], "it is truncated"},
		"another name":           {change(0, 'z'), "its checksum is"},
		"a checksum of letters":  {change(150, 'z'), "is not a number"},
		"zeros over the middle":  {append(zeroed[:1024:1024], append(make([]byte, 1024), whole[1024:]...)...), "data after its end marker"},
		"bytes after the end":    {append(bytes.Clone(whole), 1), "data after its end marker"},
		"bytes in the end's end": {change(len(whole)-1, 1), "data after its end marker"},
	} {
		if _, _, err := read(test.content); err == nil || !strings.Contains(err.Error(), test.wanted) {
			t.Errorf("%s: the error is %v, expected %q", name, err, test.wanted)
		}
	}
}

func TestTarReaderNextZerosAfterTheEndAreIgnored(t *testing.T) {
	for _, size := range []int{1, 511, 512, 10240} {
		content := append(tarOf(t, fileMember("a", "content")), make([]byte, size)...)
		if entries, _, err := read(content); err != nil || len(entries) != 1 {
			t.Errorf("with %d more zeros: %d members, %v", size, len(entries), err)
		}
	}
}

func TestPAXRecordsParseDamagedRecordIsAnError(t *testing.T) {
	for _, content := range []string{"x", "5 a=b", "99 a=b\n", "-5 a=b\n", "2 \n", "6 a=b\n1", "5 ab\n", "0 a=b\n",
		"10 size=z\n", "11 size=-1\n", "22 GNU.sparse.major=1\n", " a=b\n", "99999999999999999999 a=b\n"} {
		if err := new(paxRecords).parse([]byte(content)); err == nil {
			t.Errorf("%q is accepted as PAX records", content)
		}
	}
}

func FuzzTarReaderNext(f *testing.F) {
	f.Add(tarOf(f, fileMember("a/b", "content"), directoryMember("d", 0o755), linkMember("l", "a/b")))
	f.Add(tarOf(f, fileMember(strings.Repeat("long/", 60)+"\xff", "content")))
	f.Add(tarOf(f, fileMember("a/b", "1"), fileMember("a", "2"), directoryMember("a", 0), fileMember("a/b/c", "3")))
	f.Fuzz(func(t *testing.T, content []byte) {
		// With a correct checksum, damage is not refused in the header already.
		for at := 0; at+tarBlock <= len(content); at += tarBlock {
			setChecksum((*tarHeader)(content[at : at+tarBlock]))
		}
		out := newStream(discard{}, "image", 0)
		merged := newTree()
		err := addMembers(merged, out, "", newTarReader(bytes.NewReader(content)))
		if err == nil {
			_, err = writeTables(out, merged.order())
		}
		if closing := out.close(); closing != nil {
			t.Fatal(closing)
		}
		if out.size > math.MaxInt32 {
			t.Fatalf("the image of a tar with %d bytes has %d", len(content), out.size)
		}
	})
}

// setChecksum sets the checksum of a block that looks like a header.
func setChecksum(h *tarHeader) {
	if string(h[257:262]) != "ustar" {
		return
	}
	sum := int64(8 * ' ')
	for i, b := range h {
		if i < 148 || i >= 156 {
			sum += int64(b)
		}
	}
	for i := range 6 {
		h[148+i] = '0' + byte(sum>>(3*(5-i))&7)
	}
	h[154], h[155] = 0, ' '
}

// discard is a file that ignores its content.
type discard struct{}

func (discard) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
