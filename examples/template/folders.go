// An example of a flag of one's own: -folders, the bytes in each folder.
//
// With `template: examples/template` in the configuration, this file is laid over templates/entrypoint and compiled with it;
// docs/commands.md says what a command has.

package main

import (
	"fmt"
	"maps"
	"slices"

	"entrypoint/cli"
	"entrypoint/index"
	"entrypoint/query"
)

func init() {
	cli.Add(cli.Command{Name: "folders", Help: "the bytes of the files in each folder", Run: folders})
}

// folders prints a line for each folder; -get, -where and -limit choose the files.
func folders(s *cli.Session) (int, error) {
	rows, err := s.Rows()
	if err != nil {
		return cli.WrongUsage, err
	}
	size := s.Index.Field("size")
	bytes := map[string]int64{}
	for row, key := range rows.All() {
		bytes[string(query.Folder(key))] += size.Integer(row)
	}
	for _, folder := range slices.Sorted(maps.Keys(bytes)) {
		fmt.Fprintf(s.Out, "%12d %s\n", bytes[folder], index.AppendShown(nil, []byte(folder)))
	}
	return cli.Done, nil
}
