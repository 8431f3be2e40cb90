// The places of the contents in a layer, computed from the layer's list without the files.
package layer

import (
	"encoding/binary"
	"errors"
	"io"

	"packer/shardlist"
)

// noContent is the offset of a symlink.
const noContent = -1

// WriteOffsets writes the offset of the content of each file and symlink in the layer of a list, in the order of the list:
// int64, little-endian; -1 for a symlink.
func WriteOffsets(w io.Writer, mount, list string) error {
	records, err := shardlist.Open(list)
	if err != nil {
		return err
	}
	defer records.Close()
	var position int64
	pass := func(one entry) { position += one.headersSize() }
	members := NewMembers(mount)
	members.eachFolder(members.mount, pass)
	var encoded [8]byte
	for {
		record, err := records.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		members.each(record, pass)
		offset := int64(noContent)
		if record.Kind == shardlist.File {
			offset = position
			position += record.Size + int64(Padding(record.Size))
		}
		if record.Kind != shardlist.Folder {
			binary.LittleEndian.PutUint64(encoded[:], uint64(offset))
			if _, err := w.Write(encoded[:]); err != nil {
				return err
			}
		}
	}
}
