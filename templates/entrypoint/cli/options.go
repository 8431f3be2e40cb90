// The flags of the entrypoint.

package cli

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"

	"entrypoint/query"
)

// options are the flags as they were given.
type options struct {
	ls, desc, null                     bool
	get, metric, search, where, format string
	limit                              int
	given                              map[string]bool
	repeated                           string // a flag that was given twice, with its dash
	command                            *Command
	flags                              *flag.FlagSet
}

// usageError is a wrong use of the flags: exit status 2.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

// Usagef gives an error that ends the program with WrongUsage.
func Usagef(format string, values ...any) error { return &usageError{fmt.Sprintf(format, values...)} }

var formats = []string{"text", "json", "jsonl", "csv", "tsv"}

// newOptions gives options that wait for their flags.
func newOptions() *options {
	flags := flag.NewFlagSet("entrypoint", flag.ContinueOnError)
	o := &options{given: map[string]bool{}, flags: flags}
	flags.SetOutput(io.Discard)
	for name, target := range map[string]*bool{"ls": &o.ls, "desc": &o.desc, "null": &o.null} {
		flags.BoolVar(target, name, false, "")
	}
	texts := map[string]*string{"get": &o.get, "metric": &o.metric, "search": &o.search, "where": &o.where}
	for name, target := range texts {
		flags.StringVar(target, name, "", "")
	}
	flags.StringVar(&o.format, "format", formats[0], "")
	flags.IntVar(&o.limit, "limit", query.NoLimit, "")
	for _, command := range commands {
		if command.Takes == "" {
			flags.Bool(command.Name, false, "")
		} else {
			flags.String(command.Name, "", "")
		}
	}
	flags.VisitAll(o.noteRepeated)
	return o
}

// noteRepeated has a flag with a value noted when it is given twice: one of the values would count, and the other not.
func (o *options) noteRepeated(one *flag.Flag) {
	if !isSwitch(one) {
		one.Value = &counted{Value: one.Value, name: one.Name, options: o}
	}
}

func isSwitch(one *flag.Flag) bool {
	_, is := one.Value.(interface{ IsBoolFlag() bool })
	return is
}

// counted is a flag's value that counts how often it is set.
type counted struct {
	flag.Value
	name    string
	options *options
	times   int
}

func (c *counted) Set(text string) error {
	if c.times++; c.times > 1 {
		c.options.repeated = "-" + c.name
	}
	return c.Value.Set(text)
}

// parse gives the options that the arguments stand for.
func parse(arguments []string) (*options, error) {
	o := newOptions()
	err := o.flags.Parse(arguments)
	o.flags.Visit(func(one *flag.Flag) { o.given[one.Name] = !isSwitch(one) || one.Value.String() == "true" })
	if errors.Is(err, flag.ErrHelp) || err == nil && o.given[help.Name] && o.flags.NArg() == 0 {
		o.command = &help
		return o, nil
	}
	if err != nil {
		return nil, Usagef("%s; %s", withDash(err.Error()), validFlags(o.flags))
	}
	if o.flags.NArg() > 0 {
		return nil, Usagef("unexpected argument %q: what to do is said by flags; %s", o.flags.Arg(0), validFlags(o.flags))
	}
	return o, o.check()
}

// check refuses flags that do not go together, and finds the command among them.
func (o *options) check() error {
	var doing []string
	for _, command := range commands {
		if o.given[command.Name] {
			doing = append(doing, "-"+command.Name)
			o.command = command
		}
	}
	switch {
	case o.repeated != "":
		return Usagef("%s is given twice: give it once", o.repeated)
	case len(doing) > 1:
		return Usagef("%s do not go together: use one of them", strings.Join(doing, " and "))
	case !slices.Contains(formats, o.format):
		return Usagef("-format %q is not one of %s", o.format, strings.Join(formats, ", "))
	case o.given["search"] && !o.given["metric"]:
		return Usagef("-search needs -metric, whose values it looks at")
	case o.limit < 0:
		return Usagef("-limit %d is below 0", o.limit)
	case o.null && o.format != "text":
		return Usagef("-null and -format %s do not go together: -null prints names alone", o.format)
	case o.command != nil:
		return o.checkRefused()
	}
	return nil
}

// checkRefused refuses a flag that would do nothing.
func (o *options) checkRefused() error {
	for _, name := range o.command.Refuses {
		if o.given[name] {
			return Usagef("-%s and -%s do not go together: leave out one of them", o.command.Name, name)
		}
	}
	return nil
}

func validFlags(flags *flag.FlagSet) string {
	var names []string
	flags.VisitAll(func(one *flag.Flag) { names = append(names, "-"+one.Name) })
	return "the flags are " + strings.Join(names, " ") + "; -help shows what they do"
}

// withDash makes the flag package's message say nothing but what is wrong.
func withDash(message string) string {
	return strings.Replace(message, "flag provided but not defined:", "unknown flag", 1)
}
