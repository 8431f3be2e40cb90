// A set of rows as a bitmap.

package query

import "sync/atomic"

type rowSet struct{ words []atomic.Uint64 }

func newRowSet(rows int) *rowSet { return &rowSet{make([]atomic.Uint64, (rows+63)/64)} }

// add adds a row. Any number of goroutines can call it at the same time.
func (s *rowSet) add(row int) { s.words[row/64].Or(1 << (row % 64)) }

func (s *rowSet) has(row int) bool { return s.words[row/64].Load()>>(row%64)&1 == 1 }
