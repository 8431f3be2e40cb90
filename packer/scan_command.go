// The command scan: its flags and its result.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"

	"packer/scan"
)

// scanCommand lists a dataset and prints a summary.
var scanCommand = command{
	name: "scan",
	usage: "--root DIR [--exclude FILE [--defaults N]] [--symlinks POLICY] [--listing N] [--progress] " +
		"(--records FILE --columns FILE --refused FILE | --digest-only)",
	define: func(flags *flag.FlagSet) action {
		var options scan.Options
		flags.StringVar(&options.Root, "root", "", "the dataset's folder")
		exclude := flags.String("exclude", "", "a file with gitignore patterns of paths to exclude")
		flags.IntVar(&options.Defaults, "defaults", 0, "the number of patterns at the start of that file that are defaults")
		flags.StringVar(&options.Symlinks, "symlinks", scan.RefuseLinks, "handling of symlinks: keep, follow or refuse")
		listing := flags.Int("listing", 0, "the number of an inherited descriptor with a listing, instead of the folder's files")
		flags.StringVar(&options.Records, "records", "", "the file of records to write")
		flags.StringVar(&options.Columns, "columns", "", "the file of columns to write")
		flags.StringVar(&options.Refused, "refused", "", "the file of refused entries to write")
		digestOnly := flags.Bool("digest-only", false, "write no files, only print the summary")
		progress := flags.Bool("progress", false, "print the progress on standard error")
		return func(ctx context.Context, arguments []string) (any, error) {
			if err := checkScan(flags, *digestOnly, arguments); err != nil {
				return nil, err
			}
			if *progress {
				options.Progress = os.Stderr
			}
			rules, err := scan.ReadRules(options.Root, *exclude)
			if invalid := (scan.PatternError{}); errors.As(err, &invalid) {
				return nil, usageError{invalid.Error()}
			}
			if err != nil {
				return nil, err
			}
			if options.Defaults < 0 || options.Defaults > len(rules) {
				return nil, flagsError{fmt.Sprintf("--defaults is %d, expected 0 to %d patterns", options.Defaults, len(rules))}
			}
			options.Exclude = rules
			if *listing > 0 {
				options.Listing = inherited(ctx, *listing)
			}
			return scan.Run(ctx, options)
		}
	},
	cancelable: true,
}

// checkScan returns an error if a flag is missing, wrong or contradictory, or there are positional arguments.
func checkScan(flags *flag.FlagSet, digestOnly bool, arguments []string) error {
	if err := noArguments(arguments); err != nil {
		return err
	}
	if flags.Lookup("root").Value.String() == "" {
		return flagsError{"--root is missing"}
	}
	if policy := flags.Lookup("symlinks").Value.String(); !slices.Contains(scan.Policies, policy) {
		return flagsError{fmt.Sprintf("--symlinks is %q, expected one of %s", policy, strings.Join(scan.Policies, ", "))}
	}
	for _, name := range []string{"records", "columns", "refused"} {
		if given := flags.Lookup(name).Value.String() != ""; given == digestOnly {
			return flagsError{fmt.Sprintf("expected either --%s or --digest-only", name)}
		}
	}
	return nil
}
