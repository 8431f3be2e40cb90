// The command squashfs: its flags, and its one line of JSON.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"

	"packer/squashfs"
)

const squashfsUsage = "usage: packer squashfs --output IMAGE --offset N LAYER.tar…"

// squashfsCommand writes the files of layers as a SquashFS into an image, and prints its size as one line of JSON.
func squashfsCommand(args []string) error {
	var image string
	var offset int64
	flags := flag.NewFlagSet("squashfs", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&image, "output", "", "the image, which exists")
	flags.Int64Var(&offset, "offset", -1, "where the SquashFS begins in the image; what lies behind is cut off")
	if err := flags.Parse(args); err != nil {
		return usageError{fmt.Sprintf("%v; %s", err, squashfsUsage)}
	}
	if image == "" || offset < 0 || flags.NArg() == 0 {
		return usageError{"--output, --offset or the layers are missing; " + squashfsUsage}
	}
	size, err := squashfs.Write(image, offset, flags.Args())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]int64{"size": size})
}
