// The command squashfs: its flags and its result.
package main

import (
	"context"
	"flag"

	"packer/squashfs"
)

// squashfsCommand writes the files of layers as a SquashFS into an image file, and prints the size of the SquashFS.
var squashfsCommand = command{
	name: "squashfs", usage: "--output IMAGE --offset N [--folder FOLDER] LAYER.tar…",
	define: func(flags *flag.FlagSet) action {
		image := flags.String("output", "", "the existing image file")
		offset := flags.Int64("offset", -1, "the position of the SquashFS in the image, which is truncated there")
		folder := flags.String("folder", "", "the folder of the layers whose content becomes the root; by default, all folders")
		return func(_ context.Context, layers []string) (any, error) {
			if *image == "" || *offset < 0 || len(layers) == 0 {
				return nil, flagsError{"expected --output, --offset and at least one layer"}
			}
			size, err := squashfs.Write(*image, *offset, *folder, layers)
			return map[string]int64{"size": size}, err
		}
	},
}
