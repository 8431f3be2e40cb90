// The command hash: its flags, its one line of JSON, and its end by a signal.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"entrypoint/digest"
	"packer/hash"
)

const hashUsage = "usage: packer hash --root DIR --list SHARD.list --mount /data --digests sha256,… --records FILE " +
	"[--layer FILE [--gzip] | --layer-fd N] [--progress]"

// hashCommand hashes the files of a shard, writes its layer, and prints a summary as one line of JSON.
func hashCommand(args []string) error {
	options, err := parseHash(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once, for a read that hangs.
	context.AfterFunc(ctx, stop)
	summary, err := hash.Run(ctx, options)
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped by a signal; nothing was written: run snakemake again")
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(summary)
}

// parseHash returns the options of a command line, or a usageError.
func parseHash(args []string) (hash.Options, error) {
	var options hash.Options
	var digests string
	var progress bool
	flags := flag.NewFlagSet("hash", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&options.Root, "root", "", "the dataset's folder")
	flags.StringVar(&options.List, "list", "", "the shard's list, as scan wrote it")
	flags.StringVar(&options.Mount, "mount", "", "where the files lie in the image")
	flags.StringVar(&digests, "digests", "sha256", "the digests of each file, separated by commas")
	flags.StringVar(&options.Records, "records", "", "the digests' bytes, to be written")
	flags.StringVar(&options.Layer.Path, "layer", "", "the layer, to be written; without it there are only digests")
	flags.BoolVar(&options.Layer.Gzip, "gzip", false, "compress the layer")
	flags.Func("layer-fd", "the number of a pipe that takes the layer in place of a file", options.Layer.SetPipe)
	flags.BoolVar(&progress, "progress", false, "tell on standard error how far it is")
	if err := flags.Parse(args); err != nil {
		return options, usageError{fmt.Sprintf("%v; %s", err, hashUsage)}
	}
	if progress {
		options.Progress = os.Stderr
	}
	return options, checkHash(flags, &options, digests)
}

// checkHash fills in the digests; it returns a usageError for what the flags leave out.
func checkHash(flags *flag.FlagSet, options *hash.Options, digests string) error {
	if flags.NArg() > 0 {
		return usageError{fmt.Sprintf("unexpected argument %q; %s", flags.Arg(0), hashUsage)}
	}
	for _, name := range []string{"root", "list", "mount", "records"} {
		if flags.Lookup(name).Value.String() == "" {
			return usageError{fmt.Sprintf("--%s is missing; %s", name, hashUsage)}
		}
	}
	algorithms, err := digest.Parse(strings.Split(digests, ","))
	if err != nil {
		return usageError{err.Error()}
	}
	options.Digests = algorithms
	return nil
}
