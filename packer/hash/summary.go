// The summary of a shard.
package hash

import (
	"io"

	"packer/blob"
	"packer/shardlist"
)

// Summary says what was read and written.
type Summary struct {
	Files       int64   `json:"files"`
	Links       int64   `json:"links"`
	Directories int64   `json:"directories"` // empty ones, which the list names
	Bytes       int64   `json:"bytes"`       // of the files
	LayerSize   int64   `json:"layer_size"`  // of the tar, before it is compressed
	DiffID      *string `json:"diff_id"`     // nil without a layer
	blob.Facts
}

// summarize returns the summary of a list, without a layer.
func summarize(list string) (Summary, error) {
	var summary Summary
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
