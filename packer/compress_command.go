// The command compress: its flags, and its one line of JSON.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"packer/blob"
)

const compressUsage = "usage: packer compress --output BLOB LAYER.tar"

// compressCommand writes a layer's tar as a blob in gzip's format, and prints its digest and size as one line of JSON.
func compressCommand(args []string) error {
	var path string
	flags := flag.NewFlagSet("compress", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&path, "output", "", "the blob, to be written")
	if err := flags.Parse(args); err != nil {
		return usageError{fmt.Sprintf("%v; %s", err, compressUsage)}
	}
	if path == "" || flags.NArg() != 1 {
		return usageError{"--output or the layer is missing; " + compressUsage}
	}
	facts, err := compress(flags.Arg(0), path)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(facts)
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
