// The different values in the selected rows.

package query

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"runtime/debug"
	"slices"

	"entrypoint/distinct"
)

// Group is the selected rows with equal values in some columns: the first of them, and their number.
type Group struct{ Row, Count int }

// Groups returns the different combinations of values of the columns in the selected rows, sorted by these values, a missing
// value last. It ignores order and limit of the selection.
func (s *Selection) Groups(columns []Column) []Group {
	const sorted = 8 // The order of a field is slower for a row than a table, but sorts nothing, and needs no memory for values.
	if one := columns[0]; len(columns) == 1 && one.Field != nil && s.to-s.from > s.ix.Rows/sorted {
		if s.criteria.Query() {
			return s.selectedRuns(one)
		}
		return s.runs(one)
	}
	// The values contain no pointers, so that the frequent collections take no time.
	defer debug.SetGCPercent(debug.SetGCPercent(20))
	tables := make(chan *groupTable, s.ix.Rows/rangePlaces+1)
	inParallel(s.to-s.from, func(from, to int) {
		var table *groupTable
		select {
		case table = <-tables:
		default:
			table = &groupTable{values: distinct.NewTable()}
		}
		table.addAll(s, columns, from, to)
		tables <- table
	})
	close(tables)
	return merged(tables)
}

// groupTable contains the groups of some rows, with the number of their values in `values`.
type groupTable struct {
	values *distinct.Table
	groups []Group
	buffer []byte
}

// addAll adds the selected rows at the places [from, to).
func (t *groupTable) addAll(s *Selection, columns []Column, from, to int) {
	near := slices.Clone(columns)
	for i := range near {
		if !s.criteria.Query() {
			near[i] = near[i].Between(from, to)
		}
	}
	for row, key := range s.forwards(from, to) {
		t.buffer = t.buffer[:0]
		for i := range near {
			t.buffer = near[i].appendSortable(t.buffer, row, key)
		}
		t.add(t.buffer, Group{row, 1})
	}
}

func (t *groupTable) add(value []byte, group Group) {
	number := t.values.Number(value)
	if number == len(t.groups) {
		t.groups = append(t.groups, group)
		return
	}
	known := &t.groups[number]
	*known = Group{min(known.Row, group.Row), known.Count + group.Count}
}

// merged returns the groups of all tables, sorted by value.
func merged(tables chan *groupTable) []Group {
	all, found := <-tables
	if !found {
		return nil
	}
	for other := range tables {
		for number, group := range other.groups {
			all.add(other.values.Value(number), group)
		}
	}
	return all.sorted()
}

// sorted returns the groups, sorted by value.
func (t *groupTable) sorted() []Group {
	if len(t.groups) == 0 {
		return nil
	}
	first := t.values.Value(0)
	shared := len(first) // the number of bytes at the start that all values share
	for number := range t.groups {
		shared = sharedBytes(first[:shared], t.values.Value(number))
	}
	// Most comparisons need only eight bytes, which are near to each other in memory.
	type entry struct {
		eight  uint64
		number uint32
	}
	entries := make([]entry, len(t.groups))
	for number := range entries {
		var eight [8]byte
		copy(eight[:], t.values.Value(number)[shared:])
		entries[number] = entry{binary.BigEndian.Uint64(eight[:]), uint32(number)}
	}
	slices.SortFunc(entries, func(one, other entry) int {
		if one.eight != other.eight {
			return cmp.Compare(one.eight, other.eight)
		}
		return bytes.Compare(t.values.Value(int(one.number)), t.values.Value(int(other.number)))
	})
	sorted := make([]Group, len(entries))
	for i, one := range entries {
		sorted[i] = t.groups[one.number]
	}
	return sorted
}

// sharedBytes returns the number of bytes at the start that are equal.
func sharedBytes(one, other []byte) int {
	n := 0
	for n < min(len(one), len(other)) && one[n] == other[n] {
		n++
	}
	return n
}

// runs returns the groups of a field in all rows.
func (s *Selection) runs(column Column) []Group {
	var groups []Group
	values := column.Field.Values()
	for place := 0; place < values; {
		end := column.Field.RunEnd(place, values)
		groups = append(groups, Group{column.Field.At(place), end - place})
		place = end
	}
	if values < s.ix.Rows {
		groups = append(groups, Group{column.Field.At(values), s.ix.Rows - values})
	}
	return groups
}

// selectedRuns returns the groups of a field in the rows that match the query.
func (s *Selection) selectedRuns(column Column) []Group {
	var groups []Group
	selected, values := s.selected(), column.Field.Values()
	for place := range s.ix.Rows {
		row := column.Field.At(place)
		if !selected.has(row) {
			continue
		}
		last := len(groups) - 1
		if last < 0 || column.missing(groups[last].Row) != (place >= values) ||
			place < values && column.Field.Compare(groups[last].Row, row) != 0 {
			groups = append(groups, Group{Row: row})
			last++
		}
		groups[last].Count++
	}
	return groups
}
