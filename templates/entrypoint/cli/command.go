// The commands: flags that replace the listing of files by another action.

package cli

import "slices"

// Group is the section of -help that lists a command.
type Group int

// The groups. The commands of a user's template are in Own, the last section.
const (
	Own Group = iota
	Printing
	Files
	Running
	Else
)

// Command is a flag that selects an action. Only one command can be given; without a command, the program lists rows.
type Command struct {
	// Name is the flag without its dash; Takes is the name of its value in -help, "" for a flag without value; Help is the
	// line in -help.
	Name, Takes, Help string
	Group             Group
	// Optional is true if the value may be omitted.
	Optional bool
	// Refuses are the flags that cannot be combined with the command, because they would do nothing.
	Refuses []string
	// NoIndex is true for a command that works without the index, and so also if the index is missing or damaged.
	NoIndex bool
	// Run returns the exit status. If it returns an error, the error determines the exit status.
	Run func(s *Session) (int, error)
}

// The flags that most commands refuse: flags for printing; also flags for selecting rows; and also -format.
var (
	listing   = []string{"ls", "null", "spreadsheet", "fields"}
	selecting = append(slices.Clone(listing), "desc", "limit", "offset", "get", "where", "metric", "search", "ignore-case")
	all       = append(slices.Clone(selecting), "format")
)

// commands are all commands, in the order of -help.
var commands []*Command

// Add registers a command. A user's template calls it from the init function of a file in package main.
func Add(command Command) { commands = append(commands, &command) }

func init() {
	Add(count)
	Add(valuesOf)
	Add(tree)
	Add(cat)
	Add(export)
	Add(verify)
	Add(selfCheck)
	Add(info)
	Add(schema)
	Add(commandsOf)
	Add(runCommand)
	Add(start)
	Add(serveCommand)
	Add(version)
	Add(help)
}
