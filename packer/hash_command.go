// The command hash: its flags and its result.
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

// hashCommand hashes the files of a shard, writes their digests and the shard's layer, and prints a summary.
var hashCommand = command{
	name: "hash",
	usage: "--root DIR --list SHARD.list --mount /data --digests sha256,… --records FILE " +
		"[--layer FILE [--gzip] | --layer-fd N] [--check] [--progress]",
	define: func(flags *flag.FlagSet) action {
		var options hash.Options
		flags.StringVar(&options.Root, "root", "", "the dataset's folder")
		flags.StringVar(&options.List, "list", "", "the shard's list, which scan wrote")
		flags.StringVar(&options.Mount, "mount", "", "the path in the image under which the files are stored")
		digests := flags.String("digests", "sha256", "the digest algorithms, separated by commas")
		flags.StringVar(&options.Records, "records", "", "the file of digests to write")
		flags.StringVar(&options.Layer.Path, "layer", "", "the layer to write; default: write digests only")
		flags.BoolVar(&options.Layer.Gzip, "gzip", false, "compress the layer")
		flags.Func("layer-fd", "the descriptor of a pipe to write the layer to, instead of a file", options.Layer.SetPipe)
		flags.BoolVar(&options.Check, "check", false, "report a file into which another process writes")
		progress := flags.Bool("progress", false, "print the progress on standard error")
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
	cancelable: true,
}

// checkHash returns an error if a required flag is missing or there are positional arguments.
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
