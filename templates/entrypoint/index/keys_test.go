// Tests of keys: a search returns the same as a linear search.

package index_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

var oddNames = []string{
	"a", "a/b", "a-b", "a0", "a\x00b", "a\nb", "a\tb", "a\"b", "a\\b", " ", "a ", "\x01", "\x7f", "\x80", "\xff", "\xff\xff",
	"\xff\xff\xff", "é", "\U0001f34e/x", "data/data", "x/data/y",
	strings.Repeat("l", 253), strings.Repeat("l", 254), strings.Repeat("l", 255), strings.Repeat("l", 256),
	strings.Repeat("l", 254) + "/" + strings.Repeat("m", 255), strings.Repeat("l", 254) + "/" + strings.Repeat("m", 256),
	strings.Repeat("k/", 35000), strings.Repeat("k/", 35000) + "z",
}

// named returns an index of these paths without fields, and its sorted keys.
func named(t *testing.T, mount string, names []string) (*index.Index, [][]byte) {
	t.Helper()
	var rows []indextest.Row
	var keys [][]byte
	for _, name := range names {
		rows = append(rows, indextest.Row{Path: name})
		keys = append(keys, []byte(mount+"/"+name))
	}
	slices.SortFunc(keys, bytes.Compare)
	return opened(t, indextest.Build(mount, nil, rows)), keys
}

// opened returns the index in data after checking the whole index.
func opened(t *testing.T, data []byte) *index.Index {
	t.Helper()
	ix, err := index.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := ix.Check(); err != nil {
		t.Fatal(err)
	}
	return ix
}

// numbered returns paths with many shared prefixes.
func numbered(count int) []string {
	names := []string{}
	for i := range count {
		names = append(names, fmt.Sprintf("sub-%02d/run-%d.nii", i/7, i))
	}
	return names
}

// probes returns keys, their direct neighbors in sort order, and their prefixes.
func probes(keys [][]byte) [][]byte {
	found := [][]byte{{}, []byte("/"), []byte("/data"), []byte("/data/"), []byte("/data0"), []byte("\xff\xff")}
	for _, key := range keys {
		above, below := bytes.Clone(key), bytes.Clone(key)
		above[len(key)-1]++
		below[len(key)-1]--
		found = append(found, key, above, below, append(bytes.Clone(key), 0), key[:len(key)/2], key[:len(key)-1])
	}
	return found
}

// sets returns the lists of paths for the tests by name.
func sets() map[string][]string {
	found := map[string][]string{"odd": oddNames}
	for _, count := range []int{0, 1, 2, 15, 16, 17, 32, 33, 100} {
		found[fmt.Sprint(count)] = numbered(count)
	}
	return found
}

func TestKeysOfUnusualPathsAreComplete(t *testing.T) {
	for set, names := range sets() {
		ix, keys := named(t, "/data", names)
		if ix.Rows != len(keys) || ix.Mount != "/data" {
			t.Fatalf("%s: %d rows under %q, not %d under /data", set, ix.Rows, ix.Mount, len(keys))
		}
		for from := 0; from <= len(keys); from += 1 + len(keys)/9 {
			row := from
			for found, key := range ix.Keys(from, len(keys)) {
				if found != row || !bytes.Equal(key, keys[row]) {
					t.Fatalf("%s: row %d is %d, %.60q, not %.60q", set, row, found, key, keys[row])
				}
				row++
			}
			if row != len(keys) {
				t.Errorf("%s: the keys from %d end at %d of %d", set, from, row, len(keys))
			}
		}
		for row, key := range keys {
			if found := ix.AppendKey([]byte("before "), row); !bytes.Equal(found[7:], key) {
				t.Errorf("%s: the key of row %d is %.60q, not %.60q", set, row, found, key)
			}
		}
	}
}

func TestLowerBoundReturnsSameAsLinearSearch(t *testing.T) {
	for set, names := range sets() {
		ix, keys := named(t, "/data", names)
		for _, probe := range probes(keys) {
			wanted := 0
			for wanted < len(keys) && bytes.Compare(keys[wanted], probe) < 0 {
				wanted++
			}
			if found := ix.LowerBound(probe); found != wanted {
				t.Errorf("%s: LowerBound(%.60q) is %d, not %d", set, probe, found, wanted)
			}
			row, found := ix.Find(probe)
			if there := wanted < len(keys) && bytes.Equal(keys[wanted], probe); found != there || row != wanted {
				t.Errorf("%s: Find(%.60q) is %d, %t, not %d, %t", set, probe, row, found, wanted, there)
			}
		}
	}
}

func TestWithPrefixReturnsSameAsLinearSearch(t *testing.T) {
	for set, names := range sets() {
		ix, keys := named(t, "/data", names)
		for _, probe := range probes(keys) {
			wanted := 0
			for _, key := range keys {
				if bytes.HasPrefix(key, probe) {
					wanted++
				}
			}
			from, to := ix.WithPrefix(probe)
			if to-from != wanted || from < 0 || to > len(keys) {
				t.Fatalf("%s: WithPrefix(%.60q) is %d to %d, not %d rows", set, probe, from, to, wanted)
			}
			for _, key := range keys[from:to] {
				if !bytes.HasPrefix(key, probe) {
					t.Errorf("%s: WithPrefix(%.60q) returns %.60q", set, probe, key)
				}
			}
		}
	}
}

func TestMountInsideIsTrueIfKeyContainsMountTwice(t *testing.T) {
	for names, wanted := range map[string]bool{"a": false, "x/data": true, "data": true, "xdata": false, "dat/a": false} {
		if ix, _ := named(t, "/data", []string{names}); ix.MountInside != wanted {
			t.Errorf("%q: MountInside is %t", names, ix.MountInside)
		}
	}
}
