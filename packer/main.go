// The packer does what touches every file or byte of a dataset: its list, digests, layers, and the SquashFS of a SIF;
// and it signs.
package main

import (
	"errors"
	"fmt"
	"os"
)

// The exit statuses are part of the interface to the workflow.
const (
	statusFailed = 1
	statusUsage  = 2
)

const usage = "usage: packer scan|hash|squashfs|sign [flags]"

// usageError is what a wrong command line gives; the packer then ends with status 2.
type usageError struct {
	message string
}

func (e usageError) Error() string {
	return e.message
}

func main() {
	err := run(os.Args[1:])
	if err == nil {
		return
	}
	fmt.Fprintln(os.Stderr, err)
	var wrongUsage usageError
	if errors.As(err, &wrongUsage) {
		os.Exit(statusUsage)
	}
	os.Exit(statusFailed)
}

func run(args []string) error {
	if len(args) == 0 {
		return usageError{usage}
	}
	switch args[0] {
	case "scan":
		return scanCommand(args[1:])
	case "hash":
		return hashCommand(args[1:])
	case "squashfs":
		return squashfsCommand(args[1:])
	case "sign":
		return signCommand(args[1:])
	}
	return usageError{fmt.Sprintf("unknown command %q; %s", args[0], usage)}
}
