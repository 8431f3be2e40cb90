// The command scan: its flags, and its one line of JSON.
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

// scanCommand lists a dataset, and prints a summary.
var scanCommand = command{
	name: "scan",
	takes: "--root DIR [--exclude FILE] [--symlinks POLICY] [--progress] " +
		"(--records FILE --columns FILE --offenders FILE | --digest-only)",
	define: func(flags *flag.FlagSet) work {
		var options scan.Options
		flags.StringVar(&options.Root, "root", "", "the dataset's folder")
		exclude := flags.String("exclude", "", "a file of patterns of what is left out")
		flags.StringVar(&options.Symlinks, "symlinks", scan.RefuseLinks, "what becomes of links: keep, follow or refuse")
		flags.StringVar(&options.Records, "records", "", "the records, to be written")
		flags.StringVar(&options.Columns, "columns", "", "three numbers of each record, to be written")
		flags.StringVar(&options.Offenders, "offenders", "", "what an image cannot hold, to be written")
		digestOnly := flags.Bool("digest-only", false, "write nothing")
		progress := flags.Bool("progress", false, "tell on standard error how far it is")
		return func(ctx context.Context, arguments []string) (any, error) {
			if err := checkScan(flags, *digestOnly, arguments); err != nil {
				return nil, err
			}
			if *progress {
				options.Progress = os.Stderr
			}
			rules, err := scan.ReadRules(options.Root, *exclude)
			if wrong := (scan.PatternError{}); errors.As(err, &wrong) {
				return nil, usageError{wrong.Error()}
			}
			if err != nil {
				return nil, err
			}
			options.Exclude = rules
			return scan.Run(ctx, options)
		}
	},
	signals: true,
}

// checkScan returns an error for what the flags leave out.
func checkScan(flags *flag.FlagSet, digestOnly bool, arguments []string) error {
	if err := noArguments(arguments); err != nil {
		return err
	}
	if flags.Lookup("root").Value.String() == "" {
		return flagsError{"--root is missing"}
	}
	if policy := flags.Lookup("symlinks").Value.String(); !slices.Contains(scan.Policies, policy) {
		return flagsError{fmt.Sprintf("--symlinks is %q, not one of %s", policy, strings.Join(scan.Policies, ", "))}
	}
	for _, name := range []string{"records", "columns", "offenders"} {
		if given := flags.Lookup(name).Value.String() != ""; given == digestOnly {
			return flagsError{fmt.Sprintf("--%s is missing, or goes against --digest-only", name)}
		}
	}
	return nil
}
