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
	ls, desc, null, count              bool
	info, schema, tree, version, help  bool
	verify, selfCheck, start           bool
	get, metric, search, where, format string
	cat, export                        string
	limit                              int
	given                              map[string]bool
	repeated                           string // a flag that was given twice, with its dash
	command                            *Command
}

// usageError is a wrong use of the flags: exit status 2.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

func usagef(format string, values ...any) error { return &usageError{fmt.Sprintf(format, values...)} }

var formats = []string{"text", "json", "jsonl", "csv", "tsv"}

// actions are the flags that say what to do; without one of them, rows are listed.
var actions = []string{"help", "version", "info", "schema", "start", "cat", "verify", "self-check", "export", "tree", "count"}

func (o *options) flags() *flag.FlagSet {
	flags := flag.NewFlagSet("entrypoint", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	switches := map[string]*bool{
		"ls": &o.ls, "desc": &o.desc, "null": &o.null, "count": &o.count, "info": &o.info, "schema": &o.schema,
		"tree": &o.tree, "version": &o.version, "help": &o.help, "verify": &o.verify, "self-check": &o.selfCheck, "start": &o.start,
	}
	for name, target := range switches {
		flags.BoolVar(target, name, false, "")
	}
	texts := map[string]*string{
		"get": &o.get, "metric": &o.metric, "search": &o.search, "where": &o.where, "format": &o.format,
		"cat": &o.cat, "export": &o.export,
	}
	for name, target := range texts {
		flags.StringVar(target, name, "", "")
	}
	flags.IntVar(&o.limit, "limit", query.NoLimit, "")
	flags.VisitAll(o.noteRepeated)
	for i := range added {
		flags.BoolFunc(added[i].Name, "", func(string) error { o.command = &added[i]; return nil })
	}
	return flags
}

// noteRepeated has a flag with a value noted when it is given twice: one of the values would count, and the other not.
func (o *options) noteRepeated(one *flag.Flag) {
	if _, isSwitch := one.Value.(interface{ IsBoolFlag() bool }); !isSwitch {
		one.Value = &counted{Value: one.Value, name: one.Name, options: o}
	}
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
	o := &options{given: map[string]bool{}}
	flags := o.flags()
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return &options{help: true}, nil
		}
		return nil, usagef("%s; %s", withDash(err.Error()), validFlags(flags))
	}
	if flags.NArg() > 0 {
		return nil, usagef("unexpected argument %q: what to do is said by flags; %s", flags.Arg(0), validFlags(flags))
	}
	flags.Visit(func(one *flag.Flag) { o.given[one.Name] = true })
	return o, o.check()
}

func (o *options) check() error {
	if o.format == "" {
		o.format = "text"
	}
	var doing []string
	for _, action := range actions {
		if o.given[action] {
			doing = append(doing, "-"+action)
		}
	}
	if o.help {
		return nil
	}
	switch {
	case o.repeated != "":
		return usagef("%s is given twice: give it once", o.repeated)
	case len(doing) > 1:
		return usagef("%s do not go together: use one of them", strings.Join(doing, " and "))
	case !slices.Contains(formats, o.format):
		return usagef("-format %q is not one of %s", o.format, strings.Join(formats, ", "))
	case o.given["search"] && !o.given["metric"]:
		return usagef("-search needs -metric, whose values it looks at")
	case o.limit < 0:
		return usagef("-limit %d is below 0", o.limit)
	case o.null && o.format != "text":
		return usagef("-null and -format %s do not go together: -null prints names alone", o.format)
	case o.tree && (o.given["metric"] || o.desc):
		return usagef("-tree goes by names, not with -metric or -desc")
	}
	return o.checkIdle(doing)
}

// idle are the flags that the actions have no use for.
var idle = map[string][]string{
	"version": {"ls", "null", "desc", "limit", "get", "where", "metric", "search", "format"},
	"info":    {"ls", "null", "desc", "limit", "get", "where", "metric", "search"},
	"schema":  {"ls", "null", "desc", "limit", "get", "where", "metric", "search"},
	"start":   {"ls", "null", "desc", "limit", "get", "where", "metric", "search", "format"},
	"cat":     {"ls", "null", "desc", "limit", "get", "where", "metric", "search", "format"},
	"count":   {"ls", "null"}, "tree": {"ls", "null"}, "verify": {"ls", "null"}, "self-check": {"ls", "null"},
	"export": {"ls", "null"},
}

// checkIdle refuses a flag that would do nothing.
func (o *options) checkIdle(doing []string) error {
	for _, action := range doing {
		for _, name := range idle[strings.TrimPrefix(action, "-")] {
			if o.given[name] {
				return usagef("%s and -%s do not go together: leave out one of them", action, name)
			}
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
