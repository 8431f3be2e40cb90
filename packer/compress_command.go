// The command compress: its flags, and its one line of JSON.
package main

import (
	"context"
	"flag"
	"io"
	"os"

	"packer/blob"
)

// compressCommand writes a layer's tar as a blob in gzip's format, and prints its digest and size.
var compressCommand = command{
	name: "compress", takes: "--output BLOB LAYER.tar",
	define: func(flags *flag.FlagSet) work {
		path := flags.String("output", "", "the blob, to be written")
		return func(_ context.Context, layers []string) (any, error) {
			if *path == "" || len(layers) != 1 {
				return nil, flagsError{"--output or the layer is missing"}
			}
			return compress(layers[0], *path)
		}
	},
}

func compress(layer, path string) (blob.Facts, error) {
	tar, err := os.Open(layer)
	if err != nil {
		return blob.Facts{}, err
	}
	defer tar.Close()
	writer, err := blob.Create(blob.Target{Path: path, Gzip: true})
	if err != nil {
		return blob.Facts{}, err
	}
	defer writer.Discard()
	if _, err := io.Copy(writer, tar); err != nil {
		return blob.Facts{}, err
	}
	return writer.Commit()
}
