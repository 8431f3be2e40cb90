// -help: a description of all flags.

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

const rowFlags = `Queries a data container: an image with data files and this program, without a shell.

Selection of files (all files without these flags; they can be combined):
  -get TERM            files whose name contains TERM; a TERM that begins with the mount,
                       such as /data/sub-01/, must be the start of the name
  -where CONDITION     files that match CONDITION, see below
  -metric M            sorted by metric M; a metric is any field that -schema lists
  -metric M -search S  files whose value of metric M, as text, contains S
  -ignore-case         -get, -search, and = != ~ in like of -where ignore the case of letters
  -desc                in descending order
  -limit N             at most N files; with -values or -by, at most N lines
  -offset N            without the first N files

Output:
  -ls                  names only
  -null                names only, each terminated by a NUL byte, for xargs -0
  -fields A,B          only these fields, in this order; also path, name, folder and suffix
`

const formatFlag = `  -by A,B              with -count: the number for each combination of values of A and B
  -format F            text, json (one array), jsonl (one object per line), csv, tsv or parquet
  -spreadsheet         csv and tsv with ' before a text that a spreadsheet could run as a formula
`

const workFlags = `  -bagit               with -export: a BagIt bag, with the files in DIR/data and their digests in manifests
  -token TOKEN         with -serve: requests need this token; also from the variable DATACONTAINER_TOKEN
  -access-log          with -serve: prints a line for each request
`

const runFlags = `  -in NAME=PATH        with -run: a file or folder of yours; once for each input
  -param NAME=VALUE    with -run: a value; once for each parameter
  -out DIR             with -run: the folder for results, DIR/DATASET/VERSION/NAME/RUN
  -private             with -run: the result contains digests of the inputs, but no names
`

const examples = `
Examples:
  -get /data/sub-01/anat/T1w.nii.gz
  -metric size -desc -limit 10
  -where 'size > 1e6 and suffix = ".nii.gz"' -fields path,size -format csv
  -where 'name like "sub-0[1-5]*" and suffix in (".nii", ".nii.gz")' -format parquet > rows.parquet
  -values suffix
  -count -by folder,suffix
  -where 'name ~ "bold" and not (folder ~ "sub-01" or size < 1000)' -count
  -get /data/sub-01/ -export /out
  -serve 127.0.0.1:8080
  -run count -in table=/in/table.csv -out /out

In text output, a name or text that is not printable UTF-8 is quoted, with escapes such as \n and \xff. In JSON, a byte
that is not UTF-8 is written as \udc80 to \udcff, like Python's os.fsdecode. -null, csv and tsv print the bytes unchanged.

Exit status: 0 done, 1 nothing matched, files differ from the index, or another error, 2 wrong usage; of -run, the status of the
command if it fails.
`

func printHelp(out io.Writer) error {
	fmt.Fprint(out, rowFlags, listed(Printing), formatFlag)
	fmt.Fprint(out, "\nActions on the files:\n", listed(Files), workFlags)
	fmt.Fprint(out, "\nCommands of the image:\n", listed(Running), runFlags)
	fmt.Fprint(out, "\nOther:\n", listed(Else), listed(Own))
	_, err := fmt.Fprint(out, "\nConditions:\n", query.Grammar, examples)
	return err
}

// listed returns a line for each command of a group; the commands without help text share the last line.
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
