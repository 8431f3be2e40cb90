// A command of the packer: how its flags are read, how it is run, and how it ends.
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

// work does what a command is for, with its arguments besides the flags; it returns what is printed, as JSON or as it is.
type work func(ctx context.Context, arguments []string) (printed any, err error)

// A command is registered by a line in main.go.
type command struct {
	name, takes string // takes is the rest of its usage
	// define adds the flags to those that are parsed before the work begins.
	define func(flags *flag.FlagSet) work
	// signals is whether the work looks at its context, and so ends in order by a signal.
	signals bool
}

// usageError is what a wrong command line gives; the packer then ends with status 2.
type usageError struct {
	message string
}

func (e usageError) Error() string {
	return e.message
}

// A flagsError is a usageError that the command's usage is added to.
type flagsError struct {
	message string
}

func (e flagsError) Error() string {
	return e.message
}

// run does the command's work, and prints what it gives.
func (c *command) run(arguments []string) error {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	work := c.define(flags)
	if err := flags.Parse(arguments); err != nil {
		return c.explained(flagsError{err.Error()})
	}
	ctx, stop := c.context()
	defer stop()
	printed, err := work(ctx, flags.Args())
	if err != nil {
		return c.explained(err)
	}
	if text, ok := printed.([]byte); ok {
		_, err = os.Stdout.Write(text)
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(printed)
}

// context returns one that a signal ends, where the command heeds it.
func (c *command) context() (context.Context, context.CancelFunc) {
	if !c.signals {
		return context.Background(), func() {}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// A second signal ends the process at once, for a read that hangs.
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

// explained returns the error that the user sees.
func (c *command) explained(err error) error {
	var wrong flagsError
	switch {
	case errors.As(err, &wrong):
		return usageError{fmt.Sprintf("%s; usage: packer %s %s", wrong, c.name, c.takes)}
	case errors.Is(err, context.Canceled):
		return errors.New("stopped by a signal; nothing was written: run snakemake again")
	}
	return err
}

// noArguments refuses what a command of flags alone does not take.
func noArguments(arguments []string) error {
	if len(arguments) > 0 {
		return flagsError{fmt.Sprintf("unexpected argument %q", arguments[0])}
	}
	return nil
}
