// The command hash: its flags and its result.
package main

import (
	"context"
	"encoding/json"
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
	usage: "--root DIR --mount /data --digests sha256,… [--gzip] [--check] [--progress] LIST RECORDS LAYER|fd:N|- …",
	define: func(flags *flag.FlagSet) action {
		var options hash.Options
		flags.StringVar(&options.Root, "root", "", "the dataset's folder")
		flags.StringVar(&options.Mount, "mount", "", "the path in the image under which the files are stored")
		digests := flags.String("digests", "sha256", "the digest algorithms, separated by commas")
		flags.BoolVar(&options.Layer.Gzip, "gzip", false, "compress the layer")
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
			return hashShards(ctx, options, arguments)
		}
	},
	cancelable: true,
}

// hashShards hashes shards one after another, and prints a line for each.
func hashShards(ctx context.Context, options hash.Options, triples []string) (any, error) {
	for i := 0; i < len(triples); i += 3 {
		options.List, options.Records = triples[i], triples[i+1]
		options.Layer.Path, options.Layer.Pipe = "", nil
		if number, ok := strings.CutPrefix(triples[i+2], "fd:"); ok {
			if err := options.Layer.SetPipe(number); err != nil {
				return nil, usageError{err.Error()}
			}
		} else if triples[i+2] != "-" {
			options.Layer.Path = triples[i+2]
		}
		summary, err := hash.Run(ctx, options)
		if err != nil {
			return nil, err
		}
		if options.Layer.Pipe != nil {
			options.Layer.Pipe.Close()
		}
		text, err := json.Marshal(struct {
			List string `json:"list"`
			hash.Summary
		}{options.List, summary})
		if err != nil {
			return nil, err
		}
		if _, err := os.Stdout.Write(append(text, '\n')); err != nil {
			return nil, err
		}
	}
	return []byte{}, nil
}

// checkHash returns an error if a required flag is missing or the positional arguments are no triples.
func checkHash(flags *flag.FlagSet, arguments []string) error {
	for _, name := range []string{"root", "mount"} {
		if flags.Lookup(name).Value.String() == "" {
			return flagsError{fmt.Sprintf("--%s is missing", name)}
		}
	}
	if len(arguments) == 0 || len(arguments)%3 != 0 {
		return flagsError{fmt.Sprintf("got %d arguments after the flags, expected three for each shard", len(arguments))}
	}
	return nil
}
