// The file of digests: one row of fixed width for each file and symlink, in the order of the shard's list.
package hash

import (
	"fmt"

	"packer/output"
)

// rows writes digests in any order or, if written, compares them with the rows of an earlier read.
type rows struct {
	file    *output.File
	width   int
	written bool
}

// A differentRow is the error for a file whose digests are not those of the earlier read.
type differentRow int64

func (r differentRow) Error() string {
	return fmt.Sprintf("the digests of row %d differ", int64(r))
}

// write writes the digests of consecutive rows, starting at the given row.
func (r *rows) write(digests []byte, row int64) error {
	if len(digests) == 0 {
		return nil
	}
	return r.put(digests, row*int64(r.width))
}

// writeOne writes one digest at an offset in a row.
func (r *rows) writeOne(digest []byte, row int64, offset int) error {
	return r.put(digest, row*int64(r.width)+int64(offset))
}

func (r *rows) put(digests []byte, offset int64) error {
	if !r.written {
		_, err := r.file.WriteAt(digests, offset)
		return err
	}
	before := make([]byte, len(digests))
	if _, err := r.file.ReadAt(before, offset); err != nil {
		return err
	}
	for i := range digests {
		if digests[i] != before[i] {
			return differentRow((offset + int64(i)) / int64(r.width))
		}
	}
	return nil
}
