// Selections compared with a simple implementation.

package query

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

// manyRows returns an index with more rows than a range, with few different sizes and many missing sizes.
func manyRows(t testing.TB, count int) (*index.Index, []indextest.Row) {
	random := rand.New(rand.NewPCG(1, 2))
	var rows []indextest.Row
	for i := range count {
		row := indextest.Row{Path: fmt.Sprintf("sub-%02d/%06d", i%7, i), Values: values{"sha256": []byte{byte(i), byte(i >> 8)}}}
		if random.IntN(4) > 0 {
			row.Values["size"] = random.IntN(20)
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b indextest.Row) int { return cmp.Compare(a.Path, b.Path) })
	return open(t, rows...), rows
}

// ordered returns the paths sorted by size, by another algorithm.
func ordered(rows []indextest.Row, descending bool) []string {
	rows = slices.Clone(rows)
	slices.SortStableFunc(rows, func(a, b indextest.Row) int {
		one, has := a.Values["size"].(int)
		other, hasToo := b.Values["size"].(int)
		switch {
		case !has && !hasToo:
			return 0
		case !has:
			return 1
		case !hasToo:
			return -1
		case descending:
			return cmp.Compare(other, one)
		}
		return cmp.Compare(one, other)
	})
	return paths(rows)
}

func paths(rows []indextest.Row) []string {
	var found []string
	for _, row := range rows {
		found = append(found, "/data/"+row.Path)
	}
	return found
}

func filter(paths []string, wanted func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(path string) bool { return !wanted(path) })
}

func keys(s *Selection) []string {
	var found []string
	for _, key := range s.All() {
		found = append(found, string(key))
	}
	return found
}

// keysInOrder returns the keys of InOrder, which renders them in parallel.
func keysInOrder(t *testing.T, s *Selection) []string {
	var all bytes.Buffer
	err := InOrder(s.Places(), func(buffer []byte, from, to int) []byte {
		for _, key := range s.Between(from, to) {
			buffer = append(append(buffer, key...), '\n')
		}
		return buffer
	}, func(lines []byte) error { _, err := all.Write(lines); return err })
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(all.String(), "\n"), "\n")
}

func TestSelectAnyCriteriaReturnsSameAsSimpleFilter(t *testing.T) {
	ix, rows := manyRows(t, 3*rangePlaces+5)
	size, byKey := ix.Field("size"), paths(rows)
	where, err := ParseWhere("size >= 10", ix)
	if err != nil {
		t.Fatal(err)
	}
	large := map[string]bool{}
	hasNine := map[string]bool{}
	for _, row := range rows {
		if value, has := row.Values["size"].(int); has {
			large["/data/"+row.Path] = value >= 10
			hasNine["/data/"+row.Path] = strings.Contains(fmt.Sprint(value), "9")
		}
	}
	backwards := slices.Clone(byKey)
	slices.Reverse(backwards)
	contains := func(term string) func(string) bool {
		return func(path string) bool { return strings.Contains(path, term) }
	}
	for name, c := range map[string]struct {
		criteria Criteria
		expected []string
	}{
		"all":               {Criteria{}, byKey},
		"get":               {Criteria{Get: "/0001"}, filter(byKey, contains("/0001"))},
		"get across mount":  {Criteria{Get: "ta/sub-03/0"}, filter(byKey, contains("ta/sub-03/0"))},
		"get prefix":        {Criteria{Get: "/data/sub-03/"}, filter(byKey, contains("/data/sub-03/"))},
		"where":             {Criteria{Where: where}, filter(byKey, func(path string) bool { return large[path] })},
		"descending":        {Criteria{Descending: true}, backwards},
		"descending prefix": {Criteria{Get: "/data/sub-02", Descending: true}, filter(backwards, contains("/data/sub-02"))},
		"metric":            {Criteria{Metric: size}, ordered(rows, false)},
		"metric descending": {Criteria{Metric: size, Descending: true}, ordered(rows, true)},
		"metric and get":    {Criteria{Metric: size, Get: "/data/sub-05"}, filter(ordered(rows, false), contains("/data/sub-05"))},
		"metric and where": {
			Criteria{Metric: size, Where: where, Descending: true},
			filter(ordered(rows, true), func(path string) bool { return large[path] }),
		},
		"search": {
			Criteria{Metric: size, Searching: true, Search: "9"},
			filter(ordered(rows, false), func(path string) bool { return hasNine[path] }),
		},
	} {
		c.criteria.Limit = NoLimit
		s := Select(ix, c.criteria)
		if found := keysInOrder(t, s); !slices.Equal(found, c.expected) {
			t.Errorf("%s, InOrder: %d keys, expected %d; %s", name, len(found), len(c.expected), firstDifference(found, c.expected))
		}
		if found := keys(s); !slices.Equal(found, c.expected) {
			t.Errorf("%s: %d keys, expected %d", name, len(found), len(c.expected))
		}
		if count := s.Count(); count != len(c.expected) {
			t.Errorf("%s: counts %d, expected %d", name, count, len(c.expected))
		}
		for _, limit := range []int{0, 1, 100} {
			c.criteria.Limit = limit
			if found := keys(Select(ix, c.criteria)); !slices.Equal(found, c.expected[:min(limit, len(c.expected))]) {
				t.Errorf("%s, limit %d: %v", name, limit, found)
			}
		}
	}
}

func firstDifference(found, expected []string) string {
	for i := range min(len(found), len(expected)) {
		if found[i] != expected[i] {
			return fmt.Sprintf("at %d %s, expected %s", i, found[i], expected[i])
		}
	}
	return ""
}

func TestSelectTermWithMountInsideOfKeyIsFound(t *testing.T) {
	ix := open(t, indextest.Row{Path: "x/data/y"}, indextest.Row{Path: "data/z"}, indextest.Row{Path: "other"})
	if !ix.MountInside {
		t.Fatal("MountInside is false, but two keys contain the mount")
	}
	found := keys(Select(ix, Criteria{Get: "/data/y", Limit: NoLimit}))
	if !slices.Equal(found, []string{"/data/x/data/y"}) {
		t.Errorf("found %v", found)
	}
}

func TestInOrderWriteErrorStops(t *testing.T) {
	broken := fmt.Errorf("closed")
	writes := 0
	err := InOrder(100*rangePlaces, func(buffer []byte, from, _ int) []byte { return append(buffer, byte(from)) },
		func([]byte) error { writes++; return broken })
	if err != broken || writes != 1 {
		t.Errorf("error %v after %d writes", err, writes)
	}
}
