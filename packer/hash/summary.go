// The summary of a shard.
package hash

import (
	"io"

	"packer/blob"
	"packer/shardlist"
)

// Summary contains the totals of a shard and the facts about its layer.
type Summary struct {
	List        string  `json:"list"`
	Files       int64   `json:"files"`
	Links       int64   `json:"links"`
	Directories int64   `json:"directories"` // only empty folders
	Bytes       int64   `json:"bytes"`       // total size of the files
	LayerSize   int64   `json:"layer_size"`  // of the uncompressed tar
	DiffID      *string `json:"diff_id"`     // nil without a layer
	Unleased    int64   `json:"unleased"`    // with Check, the files without a lease
	blob.Facts
}

// summarize returns the totals of a list.
func summarize(list string) (Summary, error) {
	summary := Summary{List: list}
	reader, err := shardlist.Open(list)
	if err != nil {
		return summary, err
	}
	defer reader.Close()
	for {
		record, err := reader.Next()
		if err == io.EOF {
			return summary, nil
		}
		if err != nil {
			return summary, err
		}
		summary.add(record)
	}
}

func (s *Summary) add(record *shardlist.Record) {
	switch record.Kind {
	case shardlist.File:
		s.Files++
		s.Bytes += record.Size
	case shardlist.Link:
		s.Links++
	case shardlist.Folder:
		s.Directories++
	}
}
