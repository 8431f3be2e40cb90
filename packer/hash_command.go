// The command hash: its flags and its results.
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

// hashCommand hashes the files of shards and writes their digests and layers. It prints a summary of each completed shard.
var hashCommand = command{
	name: "hash",
	usage: "--root DIR --mount /data --digests sha256,… [--gzip] [--check] [--stream N] [--progress] " +
		"SHARD.list RECORDS LAYER|fd:N|- [SHARD.list …]",
	define: func(flags *flag.FlagSet) action {
		var options hash.Options
		flags.StringVar(&options.Root, "root", "", "the dataset's folder")
		flags.StringVar(&options.Mount, "mount", "", "the path in the image under which the files are stored")
		digests := flags.String("digests", "sha256", "the digest algorithms, separated by commas")
		gzip := flags.Bool("gzip", false, "compress the layers")
		flags.BoolVar(&options.Check, "check", false, "report a file into which another process writes")
		stream := flags.Int("stream", 0, "the number of an inherited descriptor with the contents, instead of the folder's files")
		progress := flags.Bool("progress", false, "print the progress on standard error")
		return func(ctx context.Context, arguments []string) (any, error) {
			if err := checkHash(flags); err != nil {
				return nil, err
			}
			shards, err := parseShards(arguments, *gzip)
			if err != nil {
				return nil, err
			}
			if options.Digests, err = digest.Parse(strings.Split(*digests, ",")); err != nil {
				return nil, usageError{err.Error()}
			}
			if *progress {
				options.Progress = os.Stderr
			}
			if *stream > 0 {
				options.Stream = inherited(ctx, *stream)
			}
			return []byte(nil), hash.Run(ctx, options, shards, printSummary)
		}
	},
	cancelable: true,
}

// checkHash returns an error if a required flag is missing.
func checkHash(flags *flag.FlagSet) error {
	for _, name := range []string{"root", "mount"} {
		if flags.Lookup(name).Value.String() == "" {
			return flagsError{fmt.Sprintf("--%s is missing", name)}
		}
	}
	return nil
}

// parseShards returns the shards of the arguments, three for each: its list, the file of digests, and the layer.
func parseShards(arguments []string, gzip bool) ([]hash.Shard, error) {
	if len(arguments) == 0 || len(arguments)%3 != 0 {
		return nil, flagsError{fmt.Sprintf("got %d arguments after the flags, expected three for each shard", len(arguments))}
	}
	var shards []hash.Shard
	for i := 0; i < len(arguments); i += 3 {
		shard := hash.Shard{List: arguments[i], Records: arguments[i+1]}
		shard.Layer.Gzip = gzip
		layer := arguments[i+2]
		if number, ok := strings.CutPrefix(layer, "fd:"); ok {
			if err := shard.Layer.SetPipe(number); err != nil {
				return nil, usageError{err.Error()}
			}
		} else if layer != "-" {
			shard.Layer.Path = layer
		}
		shards = append(shards, shard)
	}
	return shards, nil
}

// printSummary prints one line of JSON.
func printSummary(summary hash.Summary) error {
	text, err := json.Marshal(summary)
	if err == nil {
		_, err = os.Stdout.Write(append(text, '\n'))
	}
	return err
}
