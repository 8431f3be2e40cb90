// Tests of merging the entries of layers into one tree.

package squashfs

import (
	"fmt"
	"slices"
	"testing"
)

func directoryEntry(path string, mode uint16) entry {
	return entry{path: []byte(path), kind: directory, mode: mode}
}

func fileEntry(path string, size int64) entry {
	return entry{path: []byte(path), kind: file, mode: 0o644, size: size}
}

func linkEntry(path, target string) entry {
	return entry{path: []byte(path), kind: link, mode: 0o777, target: []byte(target)}
}

// list returns a line for each descendant of the directory at a position.
func (o ordered) list(position uint32, prefix string) []string {
	var lines []string
	first, end := o.children(position)
	for ; first < end; first++ {
		one := o.at(first)
		path := prefix + string(o.name(one))
		switch one.kind {
		case directory:
			lines = append(lines, fmt.Sprintf("%s/ %o", path, one.mode))
			lines = append(lines, o.list(first, path+"/")...)
		case link:
			lines = append(lines, fmt.Sprintf("%s -> %s", path, o.names.get(one.start, int(one.size))))
		default:
			lines = append(lines, fmt.Sprintf("%s %d", path, one.size))
		}
	}
	return lines
}

func TestTreeAddLaterEntryOverridesEarlier(t *testing.T) {
	for name, test := range map[string]struct {
		entries []entry
		wanted  []string
	}{
		"file over file":      {[]entry{fileEntry("a", 1), fileEntry("a", 2)}, []string{"a 2"}},
		"link over file":      {[]entry{fileEntry("a", 1), linkEntry("a", "b")}, []string{"a -> b"}},
		"file over link":      {[]entry{linkEntry("a", "b"), fileEntry("a", 3)}, []string{"a 3"}},
		"directory over file": {[]entry{fileEntry("a", 1), directoryEntry("a", 0o700), fileEntry("a/b", 2)}, []string{"a/ 700", "a/b 2"}},
		"directory over directory keeps its content": {
			[]entry{directoryEntry("a", 0o700), fileEntry("a/b", 1), directoryEntry("a", 0o750), fileEntry("a/c", 2)},
			[]string{"a/ 750", "a/b 1", "a/c 2"},
		},
		"file over directory removes its content": {
			[]entry{fileEntry("a/b/c", 1), fileEntry("a/b/d", 1), fileEntry("z", 4), fileEntry("a", 2)},
			[]string{"a 2", "z 4"},
		},
		"directory, file, directory is empty": {
			[]entry{fileEntry("a/b/c", 1), fileEntry("a", 2), directoryEntry("a", 0o711), fileEntry("a/b/d", 3)},
			[]string{"a/ 711", "a/b/ 755", "a/b/d 3"},
		},
		"directory over an implicit parent": {
			[]entry{fileEntry("a/b/c", 1), directoryEntry("a/b", 0o500)},
			[]string{"a/ 755", "a/b/ 500", "a/b/c 1"},
		},
	} {
		merged := newTree()
		for _, one := range test.entries {
			if err := merged.add(one, 0); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		o := merged.order()
		if lines := o.list(0, ""); !slices.Equal(lines, test.wanted) {
			t.Errorf("%s: got %q, expected %q", name, lines, test.wanted)
		}
		if len(o.numbers) != 1+len(test.wanted) {
			t.Errorf("%s: got %d nodes, expected %d", name, len(o.numbers), 1+len(test.wanted))
		}
	}
}

func TestTreeAddBelowAFileIsRefused(t *testing.T) {
	for _, above := range [][]entry{
		{fileEntry("a/b", 1)},
		{linkEntry("a/b", "c")},
		{fileEntry("a/b/d", 1), fileEntry("a/b", 1)},
	} {
		merged := newTree()
		for _, one := range above {
			if err := merged.add(one, 0); err != nil {
				t.Fatal(err)
			}
		}
		err := merged.add(fileEntry("a/b/c", 1), 0)
		if err == nil || err.Error() != `"a/b/c": its parent "b" is a file or symlink, not a directory` {
			t.Errorf("a file below %q: got the error %v", above, err)
		}
	}
}

func TestTreeAddHardLinkSharesTheDataOfTheFile(t *testing.T) {
	files := newTree()
	original := fileEntry("a/b", 7)
	original.mode = 0o4755
	for _, one := range []entry{original, {path: []byte("c/d"), kind: hard, target: []byte("a/b")}} {
		if err := files.add(one, 4096); err != nil {
			t.Fatal(err)
		}
	}
	first, err := files.file([]byte("a/b"))
	second, missing := files.file([]byte("c/d"))
	if err != nil || missing != nil || first == second || second.start != 4096 || second.size != 7 || second.mode != 0o4755 {
		t.Errorf("the hard link is %+v (%v), expected the data of %+v (%v)", second, missing, first, err)
	}
}

func TestTreeAddHardLinkToNoFileIsRefused(t *testing.T) {
	files := newTree()
	if err := files.add(directoryEntry("folder", 0o755), 0); err != nil {
		t.Fatal(err)
	}
	for target, wanted := range map[string]string{
		"missing":   `"l" is a hard link to "missing", which is missing before it`,
		"folder":    `"l" is a hard link to "folder", which is not a file`,
		"folder/no": `"l" is a hard link to "folder/no", which is missing before it`,
	} {
		err := files.add(entry{path: []byte("l"), kind: hard, target: []byte(target)}, 0)
		if err == nil || err.Error() != wanted {
			t.Errorf("the error is %v, expected %q", err, wanted)
		}
	}
}
