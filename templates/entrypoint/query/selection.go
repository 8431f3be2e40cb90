// The selection of rows and their order.

package query

import (
	"iter"
	"math"
	"strings"
	"sync"
	"sync/atomic"

	"entrypoint/index"
)

// NoLimit is the Limit of criteria without a limit.
const NoLimit = math.MaxInt

// Criteria describe a selection of rows and its order. The zero value with the Limit NoLimit selects all rows, by key.
type Criteria struct {
	Get        string // a term that the key contains; "" selects all rows
	Where      *Where
	Metric     *index.Field // the sort order, with missing values last; nil is the order of keys
	Search     string       // a term that the value of the metric, as text without quotes, contains; a missing value never matches
	Searching  bool         // whether Search is used
	Descending bool         // rows with equal values of the metric still have ascending keys
	Limit      int
	Offset     int  // the number of first rows that are left out
	IgnoreCase bool // whether Get and Search ignore the case
}

// Selection is the rows of an index that match criteria. It iterates over places: the positions of the rows in sort order,
// including the rows that do not match.
type Selection struct {
	criteria Criteria
	ix       *index.Index
	from, to int            // the range of rows that contains all selected rows
	values   int            // number of rows with a value of the metric
	term     term           // to search in keys, empty if from and to are sufficient
	search   term           // to search in values
	selected func() *rowSet // the rows that match a query
}

// Select returns the rows that match the criteria.
func Select(ix *index.Index, criteria Criteria) *Selection {
	s := &Selection{criteria: criteria, ix: ix, to: ix.Rows, term: newTerm(criteria.Get, criteria.IgnoreCase)}
	s.search, s.selected = newTerm(criteria.Search, criteria.IgnoreCase), sync.OnceValue(s.preselect)
	if strings.HasPrefix(criteria.Get, ix.Mount) && !ix.MountInside && !criteria.IgnoreCase {
		s.from, s.to = ix.WithPrefix(s.term.text)
		s.term.text = nil
	}
	if criteria.Metric != nil {
		s.values = criteria.Metric.Values()
	}
	return s
}

// Query reports whether the criteria may exclude rows, apart from the limit.
func (c Criteria) Query() bool { return c.Get != "" || c.Where != nil || c.Searching }

// Limited reports whether the selection has a limit or an offset.
func (s *Selection) Limited() bool { return s.criteria.Limit != NoLimit || s.criteria.Offset > 0 }

// Places returns the number of places.
func (s *Selection) Places() int {
	if s.criteria.Metric != nil {
		return s.ix.Rows
	}
	return s.to - s.from
}

// All returns the selected rows with their keys, in order, from the offset up to the limit. The next iteration overwrites the bytes of a key.
func (s *Selection) All() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		left, start, skipped := s.criteria.Limit, 0, s.criteria.Offset
		if left == 0 {
			return
		}
		if !s.criteria.Query() {
			start, skipped = min(skipped, s.Places()), 0
		}
		for row, key := range s.Between(start, s.Places()) {
			if skipped--; skipped >= 0 {
				continue
			}
			if !yield(row, key) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// Whole reports whether the selection is all rows of the index in the order of keys, so that places are rows.
func (s *Selection) Whole() bool {
	return s.criteria.Metric == nil && !s.criteria.Query() && !s.criteria.Descending && !s.Limited()
}

// Between returns the selected rows at the places [from, to), regardless of the limit.
func (s *Selection) Between(from, to int) iter.Seq2[int, []byte] {
	if s.criteria.Metric != nil {
		return s.byMetric(from, to)
	}
	if s.criteria.Descending {
		return s.backwards(from, to)
	}
	return s.forwards(from, to)
}

// forwards iterates over the keys in ascending order.
func (s *Selection) forwards(from, to int) iter.Seq2[int, []byte] {
	switch {
	case len(s.term.text) == 0:
		return s.matching(s.ix.Keys(s.from+from, s.from+to))
	case !s.term.ignoreCase:
		return s.matching(s.ix.Containing(s.term.text, s.from+from, s.from+to))
	}
	return s.matching(func(yield func(int, []byte) bool) {
		for row, key := range s.ix.Keys(s.from+from, s.from+to) {
			if s.term.in(key) && !yield(row, key) {
				return
			}
		}
	})
}

// matching returns the rows that match the condition and the search.
func (s *Selection) matching(rows iter.Seq2[int, []byte]) iter.Seq2[int, []byte] {
	if s.criteria.Where == nil && !s.criteria.Searching {
		return rows
	}
	return func(yield func(int, []byte) bool) {
		for row, key := range rows {
			if s.matches(row, key) && !yield(row, key) {
				return
			}
		}
	}
}

func (s *Selection) matches(row int, key []byte) bool {
	if s.criteria.Where != nil && !s.criteria.Where.Matches(row, key) {
		return false
	}
	if !s.criteria.Searching {
		return true
	}
	text, ok := Column{Field: s.criteria.Metric}.text(make([]byte, 0, 128), row, nil)
	return ok && s.search.in(text)
}

// backwards iterates over the keys in descending order.
func (s *Selection) backwards(from, to int) iter.Seq2[int, []byte] {
	return s.matching(func(yield func(int, []byte) bool) {
		var key []byte
		for place := from; place < to; place++ {
			row := s.to - 1 - place
			key = s.ix.AppendKey(key[:0], row)
			if s.term.in(key) && !yield(row, key) {
				return
			}
		}
	})
}

// byMetric iterates in the sort order of the metric.
func (s *Selection) byMetric(from, to int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		var key []byte
		selected := s.selected()
		for row := range s.ordered(from, to) {
			if selected != nil && !selected.has(row) {
				continue
			}
			if key = s.ix.AppendKey(key[:0], row); !yield(row, key) {
				return
			}
		}
	}
}

// ordered returns all rows at the places [from, to) of the metric's order, ascending or descending.
func (s *Selection) ordered(from, to int) iter.Seq[int] {
	metric := s.criteria.Metric
	return func(yield func(int) bool) {
		runFrom, runTo := 0, 0 // descending places of the rows with equal values
		for place := from; place < to; place++ {
			at := place
			if s.criteria.Descending && place < s.values {
				if place >= runTo {
					last := s.values - 1 - place
					first := metric.RunStart(last)
					end := last + 1
					if place == from { // The iteration may begin inside of a run of equal values.
						end = metric.RunEnd(last, s.values)
					}
					runFrom, runTo = s.values-end, s.values-first
				}
				at = s.values - runTo + place - runFrom
			}
			if !yield(metric.At(at)) {
				return
			}
		}
	}
}

// preselect returns the rows that match, or nil if all rows match. It searches in the order of keys: an iteration in the order
// of a metric would decode each key separately.
func (s *Selection) preselect() *rowSet {
	if !s.criteria.Query() {
		return nil
	}
	selected := newRowSet(s.ix.Rows)
	inParallel(s.to-s.from, func(from, to int) {
		for row := range s.forwards(from, to) {
			selected.add(row)
		}
	})
	return selected
}

// Count returns the number of selected rows, from the offset up to the limit.
func (s *Selection) Count() int {
	var total atomic.Int64
	inParallel(s.to-s.from, func(from, to int) {
		found := 0
		for range s.forwards(from, to) {
			found++
		}
		total.Add(int64(found))
	})
	return min(max(int(total.Load())-s.criteria.Offset, 0), s.criteria.Limit)
}
