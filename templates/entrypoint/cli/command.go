// The commands: flags that say what to do.

package cli

// Group is where -help lists a command.
type Group int

// The groups; a command of a user's template is in Own, which stands last.
const (
	Own Group = iota
	Printing
	Files
	Else
)

// Command is a flag that says what to do. Two of them do not go together; without any, rows are listed.
type Command struct {
	// Name is the flag's, without a dash; Takes is how -help shows its value, "" for a flag without one; Help is one line.
	Name, Takes, Help string
	Group             Group
	// Refuses are the flags that would do nothing.
	Refuses []string
	// NoIndex is whether it needs no catalog: it then answers where the index is missing or damaged.
	NoIndex bool
	// Run gives the exit status; that of an error is known by the error.
	Run func(s *Session) (int, error)
}

// The flags that most commands refuse: those that print rows, those that choose them too, and the format besides.
var (
	listing   = []string{"ls", "null"}
	selecting = append(listing[:2:2], "desc", "limit", "get", "where", "metric", "search")
	all       = append(selecting[:8:8], "format")
)

// commands are in the order in which -help lists them.
var commands []*Command

// Add makes a command known. A user's template calls it from the init function of a file in package main.
func Add(command Command) { commands = append(commands, &command) }

func init() {
	Add(count)
	Add(tree)
	Add(cat)
	Add(export)
	Add(verify)
	Add(selfCheck)
	Add(info)
	Add(schema)
	Add(start)
	Add(version)
	Add(help)
}
