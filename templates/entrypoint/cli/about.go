// What the entrypoint says of itself and of its fields.

package cli

import (
	"bufio"
	"fmt"
	"io"
	"text/tabwriter"

	"entrypoint/index"
	"entrypoint/query"
)

// FormatVersion is that of the entrypoint's flags and output.
const formatVersion = 1

func printVersion(out *bufio.Writer, facts Facts) error {
	_, err := fmt.Fprintf(out, "%s %s (data container, entrypoint %d)\n", facts.Name, facts.Version, formatVersion)
	return err
}

const help = `Asks a data container what it holds. Its files lie in the image; this program is the only one there.

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
  -count               how many there are
  -tree                as a tree
  -format F            text, json (an array), jsonl (a line for each), csv or tsv

What to do with the files:
  -cat NAME            prints a file
  -export DIR          copies the files into a folder, and checks each
  -verify              reads the files again, and names each that is not as it was packed
  -self-check          looks at the whole index and at the sizes of the files, not into them

Else:
  -info                the dataset as a whole, as JSON
  -schema              the fields and their types
  -start               stays up until it is told to stop, for an orchestrator
  -version, -help
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

func printHelp(out *bufio.Writer) error {
	fmt.Fprint(out, help)
	for _, command := range added {
		fmt.Fprintf(out, "  -%-20s%s\n", command.Name, command.Help)
	}
	_, err := fmt.Fprint(out, "\nConditions:\n", query.Grammar, examples)
	return err
}

// printSchema prints a line for each field.
func (s *session) printSchema() error {
	if s.options.format == "json" {
		return s.printJSONSchema()
	}
	table := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "field\ttype\tfiles that have it\npath\ttext\t%d\n", s.ix.Rows)
	for _, field := range s.ix.Fields {
		fmt.Fprintf(table, "%s\t%s\t%d\n", field.Name, field.Type, field.Values())
	}
	return table.Flush()
}

func (s *session) printJSONSchema() error {
	fmt.Fprintf(s.out, "[\n{\"field\": \"path\", \"type\": \"text\", \"files\": %d}", s.ix.Rows)
	for _, field := range s.ix.Fields {
		name := index.AppendString(nil, []byte(field.Name))
		fmt.Fprintf(s.out, ",\n{\"field\": %s, \"type\": %q, \"files\": %d}", name, field.Type, field.Values())
	}
	_, err := io.WriteString(s.out, "\n]\n")
	return err
}
