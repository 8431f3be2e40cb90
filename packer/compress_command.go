// The command compress: its flags and its result.
package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"io"
	"os"

	"packer/blob"
)

// compressCommand compresses a layer's tar with gzip into a blob, and prints the blob's digest and size.
var compressCommand = command{
	name: "compress", usage: "--output BLOB LAYER.tar",
	define: func(flags *flag.FlagSet) action {
		path := flags.String("output", "", "the blob to write")
		return func(_ context.Context, layers []string) (any, error) {
			if *path == "" || len(layers) != 1 {
				return nil, flagsError{"expected --output and one layer"}
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
	writer, err := blob.Create(blob.Target{Path: path, Gzip: true}, sha256.New)
	if err != nil {
		return blob.Facts{}, err
	}
	defer writer.Discard()
	if _, err := io.Copy(writer, tar); err != nil {
		return blob.Facts{}, err
	}
	return writer.Commit()
}
