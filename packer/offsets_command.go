// The command offsets: its flags and its result.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"os"

	"packer/layer"
)

// offsetsCommand writes where the content of each file begins in the layer of its shard, for one list after the other.
var offsetsCommand = command{
	name: "offsets", usage: "--mount /data --output OFFSETS SHARD.list…",
	define: func(flags *flag.FlagSet) action {
		mount := flags.String("mount", "", "the path in the image under which the files are stored")
		path := flags.String("output", "", "the file to write: int64, little-endian, for each file and symlink")
		return func(_ context.Context, lists []string) (any, error) {
			if *mount == "" || *path == "" || len(lists) == 0 {
				return nil, flagsError{"expected --mount, --output and at least one list"}
			}
			file, err := os.Create(*path)
			if err != nil {
				return nil, err
			}
			defer file.Close()
			buffer := bufio.NewWriterSize(file, 1<<16)
			for _, list := range lists {
				if err := layer.WriteOffsets(buffer, *mount, list); err != nil {
					return nil, err
				}
			}
			return []byte(nil), errors.Join(buffer.Flush(), file.Close())
		}
	},
}
