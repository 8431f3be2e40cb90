// The packer runs the operations that read every file or byte of a dataset: it lists files, computes digests, writes
// layers, and writes the SquashFS of a SIF. It also signs messages.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"entrypoint/process"
	"entrypoint/progress"
	"packer/dataset"
)

// The exit statuses are part of the interface to the workflow.
const (
	statusFailed = 1
	statusUsage  = 2
)

// Of the command hash with --gzip.
const leastTasks = 24

var commands = []*command{&scanCommand, &hashCommand, &compressCommand, &offsetsCommand, &squashfsCommand, &signCommand}

func main() {
	// The stages of the workflow show the lines on the terminal, and log one in ten.
	progress.LogPeriod = time.Second
	err := process.Check(leastTasks)
	if wrong := dataset.SetWorkers(os.Getenv(dataset.WorkersVariable)); err == nil && wrong != nil {
		err = usageError{wrong.Error()}
	}
	if err == nil {
		err = run(os.Args[1:])
	}
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

// run runs the command whose name is the first argument.
func run(args []string) error {
	var names []string
	for _, command := range commands {
		if len(args) > 0 && command.name == args[0] {
			return command.run(args[1:])
		}
		names = append(names, command.name)
	}
	usage := "usage: packer " + strings.Join(names, "|") + " [flags]"
	if len(args) == 0 {
		return usageError{usage}
	}
	return usageError{fmt.Sprintf("unknown command %q; %s", args[0], usage)}
}
