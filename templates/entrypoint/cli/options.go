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

// options are the parsed flags.
type options struct {
	ls, desc, null, spreadsheet, ignoreCase, bagit, accessLog, private bool
	get, metric, search, where, fields, by, format, token, out         string
	limit, offset                                                      int
	inputs, parameters                                                 listValue
	given                                                              map[string]bool
	repeated                                                           string // a flag with a value that was given more than once, with its dash
	command                                                            *Command
	flags                                                              *flag.FlagSet
}

// usageError is an error in the flags: exit status 2.
type usageError struct{ problem string }

func (e *usageError) Error() string { return e.problem }

// Usagef returns an error that ends the program with WrongUsage.
func Usagef(format string, values ...any) error { return &usageError{fmt.Sprintf(format, values...)} }

var formats = []string{"text", "json", "jsonl", "csv", "tsv", parquetFormat}

const parquetFormat = "parquet"

// newOptions returns options with all flags defined, before parsing.
func newOptions() *options {
	flags := flag.NewFlagSet("entrypoint", flag.ContinueOnError)
	o := &options{given: map[string]bool{}, flags: flags}
	flags.SetOutput(io.Discard)
	switches := map[string]*bool{"ls": &o.ls, "desc": &o.desc, "null": &o.null, "spreadsheet": &o.spreadsheet,
		"ignore-case": &o.ignoreCase, "bagit": &o.bagit, "access-log": &o.accessLog, "private": &o.private}
	for name, target := range switches {
		flags.BoolVar(target, name, false, "")
	}
	texts := map[string]*string{"get": &o.get, "metric": &o.metric, "search": &o.search, "where": &o.where, "fields": &o.fields,
		"by": &o.by, "token": &o.token, "out": &o.out}
	for name, target := range texts {
		flags.StringVar(target, name, "", "")
	}
	flags.StringVar(&o.format, "format", formats[0], "")
	flags.Var(&o.inputs, "in", "")
	flags.Var(&o.parameters, "param", "")
	flags.IntVar(&o.limit, "limit", query.NoLimit, "")
	flags.IntVar(&o.offset, "offset", 0, "")
	for _, command := range commands {
		if command.Takes == "" {
			flags.Bool(command.Name, false, "")
		} else {
			flags.String(command.Name, "", "")
		}
	}
	flags.VisitAll(o.detectRepetition)
	return o
}

// detectRepetition makes a flag with a value set `repeated` when it is given twice: one of its values would be ignored.
func (o *options) detectRepetition(f *flag.Flag) {
	if _, many := f.Value.(*listValue); !many && !isSwitch(f) {
		f.Value = &countedValue{Value: f.Value, name: f.Name, options: o}
	}
}

func isSwitch(f *flag.Flag) bool {
	_, is := f.Value.(interface{ IsBoolFlag() bool })
	return is
}

// listValue is the value of a flag that may be given more than once.
type listValue []string

func (l *listValue) String() string { return strings.Join(*l, " ") }

// Set appends a value.
func (l *listValue) Set(text string) error {
	*l = append(*l, text)
	return nil
}

// countedValue is the value of a flag and counts how often it is set.
type countedValue struct {
	flag.Value
	name    string
	options *options
	times   int
}

func (c *countedValue) Set(text string) error {
	if c.times++; c.times > 1 {
		c.options.repeated = "-" + c.name
	}
	return c.Value.Set(text)
}

// parse returns the options of the arguments.
func parse(arguments []string) (*options, error) {
	o := newOptions()
	err := o.flags.Parse(joinOptional(arguments))
	o.flags.Visit(func(f *flag.Flag) { o.given[f.Name] = !isSwitch(f) || f.Value.String() == "true" })
	if errors.Is(err, flag.ErrHelp) || err == nil && o.given[help.Name] && o.flags.NArg() == 0 {
		o.command = &help
		return o, nil
	}
	if err != nil {
		return nil, Usagef("%s; %s", flagMessage(err.Error()), validFlags(o.flags))
	}
	if o.flags.NArg() > 0 {
		return nil, Usagef("unexpected argument %q: the entrypoint takes flags only; %s", o.flags.Arg(0), validFlags(o.flags))
	}
	return o, o.check()
}

// joinOptional returns the arguments with each flag whose value may be omitted in the form -flag=value.
func joinOptional(arguments []string) []string {
	var joined []string
	for i := 0; i < len(arguments); i++ {
		argument := arguments[i]
		if isOptional(argument) {
			argument += "="
			if i+1 < len(arguments) && !strings.HasPrefix(arguments[i+1], "-") {
				i++
				argument += arguments[i]
			}
		}
		joined = append(joined, argument)
	}
	return joined
}

func isOptional(argument string) bool {
	name := strings.TrimPrefix(strings.TrimPrefix(argument, "-"), "-")
	return name != argument && slices.ContainsFunc(commands, func(one *Command) bool { return one.Optional && one.Name == name })
}

// check sets the command, and returns an error for flags that cannot be combined.
func (o *options) check() error {
	var given []string
	for _, command := range commands {
		if o.given[command.Name] {
			given = append(given, "-"+command.Name)
			o.command = command
		}
	}
	switch {
	case o.repeated != "":
		return Usagef("%s is given more than once: give it once", o.repeated)
	case len(given) > 1:
		return Usagef("%s cannot be combined: use one of them", strings.Join(given, " and "))
	case !slices.Contains(formats, o.format):
		return Usagef("-format %q is not one of %s", o.format, strings.Join(formats, ", "))
	case o.given["search"] && !o.given["metric"]:
		return Usagef("-search needs -metric: it searches the values of that metric")
	case (o.given["token"] || o.accessLog) && !o.given["serve"]:
		return Usagef("-token and -access-log need -serve")
	case !o.given["run"] && (o.given["in"] || o.given["param"] || o.given["out"] || o.private):
		return Usagef("-in, -param, -out and -private need -run NAME; -commands lists the names")
	case o.given["run"] && !o.given["out"]:
		return Usagef("-run needs -out DIR: the folder for results")
	case o.ignoreCase && !o.given["get"] && !o.given["search"] && !o.given["where"]:
		return Usagef("-ignore-case needs -get, -search or -where: it changes how they compare texts")
	case o.given["by"] && !o.given[count.Name]:
		return Usagef("-by needs -count: it counts the files of each value")
	case o.given["by"] && o.offset > 0:
		return Usagef("-by and -offset cannot be combined: -by counts all files")
	case o.given["by"] && o.desc:
		return Usagef("-by and -desc cannot be combined: -by sorts by the values")
	case o.limit < 0:
		return Usagef("-limit %d is negative: use 0 or more", o.limit)
	case o.offset < 0:
		return Usagef("-offset %d is negative: use 0 or more", o.offset)
	case o.null && o.format != "text":
		return Usagef("-null and -format %s cannot be combined: -null prints names only", o.format)
	case (o.ls || o.null) && o.given["fields"]:
		return Usagef("-fields cannot be combined with -ls or -null: they print names only")
	case o.format == parquetFormat && o.command != nil && !o.given[valuesOf.Name] && !o.given["by"]:
		return Usagef("-%s and -format %s cannot be combined: leave out one of them", o.command.Name, o.format)
	case o.spreadsheet && o.format != "csv" && o.format != "tsv":
		return Usagef("-spreadsheet needs -format csv or -format tsv: it changes the cells of a table")
	case o.bagit && !o.given[export.Name]:
		return Usagef("-bagit needs -export DIR: it exports a BagIt bag")
	case o.command != nil:
		return o.checkRefused()
	}
	return nil
}

// checkRefused returns an error for a flag that the command refuses.
func (o *options) checkRefused() error {
	for _, name := range o.command.Refuses {
		if o.given[name] {
			return Usagef("-%s and -%s cannot be combined: leave out one of them", o.command.Name, name)
		}
	}
	return nil
}

func validFlags(flags *flag.FlagSet) string {
	var names []string
	flags.VisitAll(func(f *flag.Flag) { names = append(names, "-"+f.Name) })
	return "the flags are " + strings.Join(names, " ") + "; -help describes them"
}

// flagMessage returns a message of package flag in the wording of this program.
func flagMessage(message string) string {
	return strings.Replace(message, "flag provided but not defined:", "unknown flag", 1)
}
