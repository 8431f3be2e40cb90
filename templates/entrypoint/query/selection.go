// The rows that are asked for, in the order that is asked for.

package query

import (
	"bytes"
	"iter"
	"math"
	"strings"
	"sync/atomic"

	"entrypoint/index"
)

// NoLimit is the limit of a selection that has none.
const NoLimit = math.MaxInt

// Criteria say which rows, and in what order. The zero value, with Limit set to NoLimit, stands for all rows by their keys.
type Criteria struct {
	Get        string // a term that the key contains; all do contain the empty one
	Where      *Where
	Metric     *index.Field // whose order is asked for, rows without a value last; nil for that of the keys
	Search     string       // a term that the metric's value contains as text; a row without a value has no text
	Searching  bool
	Descending bool // by the metric; rows of the same value stay in the order of their keys
	Limit      int
}

// Selection is what criteria choose from an index. It walks over places: those of the rows in the order asked for, before
// any row is left out.
type Selection struct {
	criteria Criteria
	ix       *index.Index
	from, to int // the rows among which all chosen ones are
	values   int // places whose row has a value of the metric
	term     []byte
	chosen   *rowSet // nil where every row is looked at when it is walked over
}

// Select returns the rows that the criteria choose.
func Select(ix *index.Index, criteria Criteria) *Selection {
	s := &Selection{criteria: criteria, ix: ix, to: ix.Rows, term: []byte(criteria.Get)}
	if strings.HasPrefix(criteria.Get, ix.Mount) && !ix.MountInside {
		s.from, s.to = ix.WithPrefix(s.term)
		s.term = nil
	}
	if criteria.Metric != nil {
		s.values = criteria.Metric.Values()
		s.choose()
	}
	return s
}

// Query reports whether the criteria may leave a row out, not counting the limit.
func (c Criteria) Query() bool { return c.Get != "" || c.Where != nil || c.Searching }

// Limited reports whether the selection ends early.
func (s *Selection) Limited() bool { return s.criteria.Limit != NoLimit }

// Places is how many places there are to walk over.
func (s *Selection) Places() int {
	if s.criteria.Metric != nil {
		return s.ix.Rows
	}
	return s.to - s.from
}

// All returns the chosen rows with their keys, in order, up to the limit. A key's bytes change with the next one.
func (s *Selection) All() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		left := s.criteria.Limit
		if left == 0 {
			return
		}
		for row, key := range s.Between(0, s.Places()) {
			if !yield(row, key) {
				return
			}
			if left--; left == 0 {
				return
			}
		}
	}
}

// Whole reports whether the places are the rows of the index, none of which is left out.
func (s *Selection) Whole() bool {
	return s.criteria.Metric == nil && !s.criteria.Query() && !s.criteria.Descending && !s.Limited()
}

// Between returns the chosen rows at the places from `from` up to `to`, whatever the limit.
func (s *Selection) Between(from, to int) iter.Seq2[int, []byte] {
	if s.criteria.Metric != nil {
		return s.byMetric(from, to)
	}
	if s.criteria.Descending {
		return s.backwards(from, to)
	}
	return s.forwards(from, to)
}

// forwards walks over the keys from the first to the last.
func (s *Selection) forwards(from, to int) iter.Seq2[int, []byte] {
	if len(s.term) > 0 {
		return s.matching(s.ix.Containing(s.term, s.from+from, s.from+to))
	}
	return s.matching(s.ix.Keys(s.from+from, s.from+to))
}

// matching leaves out the rows that fail the condition or the search.
func (s *Selection) matching(rows iter.Seq2[int, []byte]) iter.Seq2[int, []byte] {
	if s.criteria.Where == nil && !s.criteria.Searching {
		return rows
	}
	return func(yield func(int, []byte) bool) {
		var buffer []byte
		for row, key := range rows {
			if s.matches(row, key, &buffer) && !yield(row, key) {
				return
			}
		}
	}
}

func (s *Selection) matches(row int, key []byte, buffer *[]byte) bool {
	if s.criteria.Where != nil && !s.criteria.Where.Matches(row, key) {
		return false
	}
	return !s.criteria.Searching || s.found(row, buffer)
}

// found reports whether the metric's value contains the term that is searched for.
func (s *Selection) found(row int, buffer *[]byte) bool {
	if s.criteria.Metric.Missing(row) {
		return false
	}
	*buffer = s.criteria.Metric.AppendText((*buffer)[:0], row)
	return strings.Contains(string(*buffer), s.criteria.Search)
}

// backwards walks over the keys from the last to the first.
func (s *Selection) backwards(from, to int) iter.Seq2[int, []byte] {
	return s.matching(func(yield func(int, []byte) bool) {
		var key []byte
		for place := from; place < to; place++ {
			row := s.to - 1 - place
			key = s.ix.AppendKey(key[:0], row)
			if bytes.Contains(key, s.term) && !yield(row, key) {
				return
			}
		}
	})
}

// byMetric walks over the metric's order.
func (s *Selection) byMetric(from, to int) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		var key []byte
		for row := range s.ordered(from, to) {
			if s.chosen != nil && !s.chosen.has(row) {
				continue
			}
			if key = s.ix.AppendKey(key[:0], row); !yield(row, key) {
				return
			}
		}
	}
}

// ordered returns the rows at the places of the metric's order, in the direction asked for.
func (s *Selection) ordered(from, to int) iter.Seq[int] {
	metric := s.criteria.Metric
	return func(yield func(int) bool) {
		runFrom, runTo := 0, 0 // places of the rows with one value, backwards
		for place := from; place < to; place++ {
			at := place
			if s.criteria.Descending && place < s.values {
				if place >= runTo {
					last := s.values - 1 - place
					first := metric.RunStart(last)
					end := last + 1
					if place == from { // The walk may begin inside of a run.
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

// choose finds the rows beforehand, as a walk in another order than that of the keys would decode each key for it.
func (s *Selection) choose() {
	if !s.criteria.Query() {
		return
	}
	s.chosen = newRowSet(s.ix.Rows)
	inParallel(s.to-s.from, func(from, to int) {
		for row := range s.forwards(from, to) {
			s.chosen.add(row)
		}
	})
}

// Count returns the number of chosen rows, up to the limit.
func (s *Selection) Count() int {
	var total atomic.Int64
	inParallel(s.Places(), func(from, to int) {
		found := 0
		for range s.Between(from, to) {
			found++
		}
		total.Add(int64(found))
	})
	return min(int(total.Load()), s.criteria.Limit)
}
