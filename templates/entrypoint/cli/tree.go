// -tree: the files as a tree.

package cli

import "entrypoint/files"

var tree = Command{
	Name: "tree", Help: "the files as a tree, with sizes",
	Group: Printing, Refuses: listing,
	Run: func(s *Session) (int, error) {
		if s.Given("metric") || s.Given("desc") {
			return WrongUsage, Usagef("-tree sorts by name: leave out -metric and -desc")
		}
		rows, err := s.Rows()
		if err != nil {
			return WrongUsage, err
		}
		found, err := files.Tree(s.Job(rows))
		return s.Matched(found > 0), err
	},
}
