// The commands of the packer: flag parsing, signals, output and errors.
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
	"syscall"
)

// An action runs a command with its positional arguments. The result is printed: []byte unchanged, others as JSON.
type action func(ctx context.Context, arguments []string) (result any, err error)

// A command is registered in the list `commands` of main.go.
type command struct {
	name, usage string // usage lists the flags and arguments after the name
	// define adds the command's flags to the flag set and returns the action, which runs after the flags are parsed.
	define func(flags *flag.FlagSet) action
	// cancelable is true if the action stops when its context is canceled: SIGINT and SIGTERM then cancel the context.
	cancelable bool
}

// A usageError is an error in the command line or the configuration; the packer exits with status 2.
type usageError struct {
	message string
}

func (e usageError) Error() string {
	return e.message
}

// A flagsError is a wrong flag or argument: run reports it as a usageError with the command's usage.
type flagsError struct {
	message string
}

func (e flagsError) Error() string {
	return e.message
}

// run parses the flags, runs the action and prints its result.
func (c *command) run(arguments []string) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	action := c.define(flags)
	if err := flags.Parse(arguments); err != nil {
		return c.explain(flagsError{err.Error()})
	}
	ctx, stop := c.context()
	defer stop()
	result, err := action(ctx, flags.Args())
	if err != nil {
		return c.explain(err)
	}
	text, ok := result.([]byte)
	if !ok {
		if text, err = json.Marshal(result); err != nil {
			return err
		}
		text = append(text, '\n')
	}
	if _, err = os.Stdout.Write(text); err == nil {
		err = os.Stdout.Close()
	}
	return err
}

// context returns the action's context, which SIGINT and SIGTERM cancel if the command is cancelable.
func (c *command) context() (context.Context, context.CancelFunc) {
	if !c.cancelable {
		return context.Background(), func() {}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// A second signal kills the process at once, even if a read hangs.
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// explain returns the error that is printed for the user.
func (c *command) explain(err error) error {
	var wrongFlags flagsError
	switch {
	case errors.As(err, &wrongFlags):
		return usageError{fmt.Sprintf("%s; usage: packer %s %s", wrongFlags, c.name, c.usage)}
	case errors.Is(err, context.Canceled):
		return errors.New("stopped by a signal: run snakemake again")
	}
	return err
}

// noArguments returns an error if there are positional arguments.
func noArguments(arguments []string) error {
	if len(arguments) > 0 {
		return flagsError{fmt.Sprintf("unexpected argument %q", arguments[0])}
	}
	return nil
}

// inherited returns the inherited descriptor with a number, for reading; the end of the context interrupts reads.
func inherited(ctx context.Context, number int) *os.File {
	// Only reads of a descriptor that does not block can be interrupted. An error shows at the first read.
	_ = syscall.SetNonblock(number, true)
	file := os.NewFile(uintptr(number), fmt.Sprintf("descriptor %d", number))
	context.AfterFunc(ctx, func() { file.Close() })
	return file
}
