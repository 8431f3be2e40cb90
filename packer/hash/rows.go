// The file of digests: one row of fixed width for each file and symlink, in the order of the shard's list.
package hash

import "packer/output"

// rows writes digests in any order.
type rows struct {
	file  *output.File
	width int
}

// write writes the digests of consecutive rows, starting at the given row.
func (r *rows) write(digests []byte, row int64) error {
	if len(digests) == 0 {
		return nil
	}
	_, err := r.file.WriteAt(digests, row*int64(r.width))
	return err
}

// writeOne writes one digest at an offset in a row.
func (r *rows) writeOne(digest []byte, row int64, offset int) error {
	_, err := r.file.WriteAt(digest, row*int64(r.width)+int64(offset))
	return err
}
