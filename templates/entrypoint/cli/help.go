// -help: what each flag does.

package cli

import (
	"fmt"
	"io"
	"strings"

	"entrypoint/query"
)

var help = Command{
	Name: "help", Group: Else, NoIndex: true,
	Run: func(s *Session) (int, error) { return Done, printHelp(s.Out) },
}

const rowFlags = `Asks a data container what it holds. Its files lie in the image; this program is the only one there.

What to list (all files where none of these is given; they go together):
  -get TERM            the files whose name contains the term; a term that begins with
                       the mount, such as /data/sub-01/, is the beginning of the name
  -where CONDITION     the files for which a condition holds, see below
  -metric M            in the order of a metric, which is any field that -schema shows
  -metric M -search S  the files whose value of the metric contains the term, as text
  -desc                from the last to the first
  -limit N             no more than N files

How to print it:
  -ls                  the names alone
  -null                the names alone, each ended by a NUL byte, for xargs -0
`

const formatFlag = `  -format F            text, json (an array), jsonl (a line for each), csv or tsv
`

const examples = `
Examples:
  -get /data/sub-01/anat/T1w.nii.gz
  -metric size -desc -limit 10
  -where 'size > 1e6 and suffix = ".nii.gz"' -format csv
  -where 'name ~ "bold" and not (folder ~ "sub-01" or size < 1000)' -count
  -get /data/sub-01/ -export /out

In text, names that are not printable UTF-8 are quoted, with \n, \xff and the like in them. In JSON, a byte that is no
UTF-8 is written as \udc80 to \udcff, as Python's os.fsdecode has it. -null, csv and tsv give the bytes themselves.

Exit status: 0 done, 1 nothing matched or the files differ, 2 wrong usage.
`

func printHelp(out io.Writer) error {
	fmt.Fprint(out, rowFlags, listed(Printing), formatFlag)
	fmt.Fprint(out, "\nWhat to do with the files:\n", listed(Files))
	fmt.Fprint(out, "\nElse:\n", listed(Else), listed(Own))
	_, err := fmt.Fprint(out, "\nConditions:\n", query.Grammar, examples)
	return err
}

// listed gives a line for each command of a group; those that need no explanation share the last.
func listed(group Group) string {
	var lines strings.Builder
	var plain []string
	for _, command := range commands {
		switch {
		case command.Group != group:
		case command.Help == "":
			plain = append(plain, "-"+command.Name)
		default:
			fmt.Fprintf(&lines, "  -%-20s%s\n", strings.TrimSpace(command.Name+" "+command.Takes), command.Help)
		}
	}
	if plain != nil {
		fmt.Fprintf(&lines, "  %s\n", strings.Join(plain, ", "))
	}
	return lines.String()
}
