// The command hash: its flags, and its one line of JSON.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"entrypoint/digest"
	"packer/hash"
)

// hashCommand hashes the files of a shard, writes its layer, and prints a summary.
var hashCommand = command{
	name: "hash",
	takes: "--root DIR --list SHARD.list --mount /data --digests sha256,… --records FILE " +
		"[--layer FILE [--gzip] | --layer-fd N] [--progress]",
	define: func(flags *flag.FlagSet) work {
		var options hash.Options
		flags.StringVar(&options.Root, "root", "", "the dataset's folder")
		flags.StringVar(&options.List, "list", "", "the shard's list, as scan wrote it")
		flags.StringVar(&options.Mount, "mount", "", "where the files lie in the image")
		digests := flags.String("digests", "sha256", "the digests of each file, separated by commas")
		flags.StringVar(&options.Records, "records", "", "the digests' bytes, to be written")
		flags.StringVar(&options.Layer.Path, "layer", "", "the layer, to be written; without it there are only digests")
		flags.BoolVar(&options.Layer.Gzip, "gzip", false, "compress the layer")
		flags.Func("layer-fd", "the number of a pipe that takes the layer in place of a file", options.Layer.SetPipe)
		progress := flags.Bool("progress", false, "tell on standard error how far it is")
		return func(ctx context.Context, arguments []string) (any, error) {
			if err := checkHash(flags, arguments); err != nil {
				return nil, err
			}
			var err error
			if options.Digests, err = digest.Parse(strings.Split(*digests, ",")); err != nil {
				return nil, usageError{err.Error()}
			}
			if *progress {
				options.Progress = os.Stderr
			}
			return hash.Run(ctx, options)
		}
	},
	signals: true,
}

// checkHash returns an error for what the flags leave out.
func checkHash(flags *flag.FlagSet, arguments []string) error {
	if err := noArguments(arguments); err != nil {
		return err
	}
	for _, name := range []string{"root", "list", "mount", "records"} {
		if flags.Lookup(name).Value.String() == "" {
			return flagsError{fmt.Sprintf("--%s is missing", name)}
		}
	}
	return nil
}
