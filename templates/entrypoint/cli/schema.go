// -schema: the fields and their types.

package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"entrypoint/index"
)

var schema = Command{
	Name: "schema", Help: "the fields and their types",
	Group: Else, Refuses: selecting,
	Run: func(s *Session) (int, error) { return Done, s.printSchema() },
}

// printSchema prints a table of the fields, or JSON with -format json.
func (s *Session) printSchema() error {
	if s.Flag("format") == "json" {
		return s.printJSONSchema()
	}
	table := tabwriter.NewWriter(s.Out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "field\ttype\tfiles that have it\npath\ttext\t%d\n", s.Index.Rows)
	for _, field := range s.Index.Fields {
		fmt.Fprintf(table, "%s\t%s\t%d\n", field.Name, field.Type, field.Values())
	}
	return table.Flush()
}

// printJSONSchema prints an array with an object for each field.
func (s *Session) printJSONSchema() error {
	fmt.Fprintf(s.Out, "[\n{\"field\": \"path\", \"type\": \"text\", \"files\": %d}", s.Index.Rows)
	for _, field := range s.Index.Fields {
		name := index.AppendString(nil, []byte(field.Name))
		fmt.Fprintf(s.Out, ",\n{\"field\": %s, \"type\": %q, \"files\": %d}", name, field.Type, field.Values())
	}
	_, err := io.WriteString(s.Out, "\n]\n")
	return err
}
