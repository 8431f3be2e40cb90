// The command scan: its flags, its one line of JSON, and its end by a signal.
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
	"slices"
	"strings"
	"syscall"

	"packer/scan"
)

const scanUsage = "usage: packer scan --root DIR [--exclude FILE] [--symlinks POLICY] [--progress] " +
	"(--records FILE --columns FILE --offenders FILE | --digest-only)"

// scanCommand lists a dataset, and prints a summary as one line of JSON.
func scanCommand(args []string) error {
	options, err := parseScan(args)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once, for a folder that hangs.
	context.AfterFunc(ctx, stop)
	summary, err := scan.Run(ctx, options)
	if errors.Is(err, context.Canceled) {
		return errors.New("stopped by a signal: run snakemake again")
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(summary)
}

// parseScan returns the options of a command line, or a usageError.
func parseScan(args []string) (scan.Options, error) {
	var options scan.Options
	var exclude string
	var digestOnly, progress bool
	flags := flag.NewFlagSet("scan", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&options.Root, "root", "", "the dataset's folder")
	flags.StringVar(&exclude, "exclude", "", "a file of patterns of what is left out")
	flags.StringVar(&options.Symlinks, "symlinks", scan.RefuseLinks, "what becomes of links: keep, follow or refuse")
	flags.StringVar(&options.Records, "records", "", "the records, to be written")
	flags.StringVar(&options.Columns, "columns", "", "three numbers of each record, to be written")
	flags.StringVar(&options.Offenders, "offenders", "", "what an image cannot hold, to be written")
	flags.BoolVar(&digestOnly, "digest-only", false, "write nothing")
	flags.BoolVar(&progress, "progress", false, "tell on standard error how far it is")
	if err := flags.Parse(args); err != nil {
		return options, usageError{fmt.Sprintf("%v; %s", err, scanUsage)}
	}
	if progress {
		options.Progress = os.Stderr
	}
	if err := checkScan(flags, digestOnly); err != nil {
		return options, err
	}
	rules, err := scan.ReadRules(options.Root, exclude)
	if wrong := (scan.PatternError{}); errors.As(err, &wrong) {
		return options, usageError{wrong.Error()}
	}
	options.Exclude = rules
	return options, err
}

// checkScan returns a usageError for what the flags leave out.
func checkScan(flags *flag.FlagSet, digestOnly bool) error {
	if flags.NArg() > 0 {
		return usageError{fmt.Sprintf("unexpected argument %q; %s", flags.Arg(0), scanUsage)}
	}
	if flags.Lookup("root").Value.String() == "" {
		return usageError{"--root is missing; " + scanUsage}
	}
	if policy := flags.Lookup("symlinks").Value.String(); !slices.Contains(scan.Policies, policy) {
		return usageError{fmt.Sprintf("--symlinks is %q, not one of %s; %s", policy, strings.Join(scan.Policies, ", "), scanUsage)}
	}
	for _, name := range []string{"records", "columns", "offenders"} {
		if given := flags.Lookup(name).Value.String() != ""; given == digestOnly {
			return usageError{fmt.Sprintf("--%s is missing, or goes against --digest-only; %s", name, scanUsage)}
		}
	}
	return nil
}
