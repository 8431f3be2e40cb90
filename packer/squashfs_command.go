// The command squashfs: its flags, and its one line of JSON.
package main

import (
	"context"
	"flag"

	"packer/squashfs"
)

// squashfsCommand writes the files of layers as a SquashFS into an image, and prints its size.
var squashfsCommand = command{
	name: "squashfs", takes: "--output IMAGE --offset N LAYER.tar…",
	define: func(flags *flag.FlagSet) work {
		image := flags.String("output", "", "the image, which exists")
		offset := flags.Int64("offset", -1, "where the SquashFS begins in the image; what lies behind is cut off")
		return func(_ context.Context, layers []string) (any, error) {
			if *image == "" || *offset < 0 || len(layers) == 0 {
				return nil, flagsError{"--output, --offset or the layers are missing"}
			}
			size, err := squashfs.Write(*image, *offset, layers)
			return map[string]int64{"size": size}, err
		}
	},
}
