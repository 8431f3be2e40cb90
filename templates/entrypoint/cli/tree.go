// -tree: the names as a tree.

package cli

import "entrypoint/files"

var tree = Command{
	Name: "tree", Help: "as a tree",
	Group: Printing, Refuses: listing,
	Run: func(s *Session) (int, error) {
		if s.Given("metric") || s.Given("desc") {
			return WrongUsage, Usagef("-tree goes by names, not with -metric or -desc")
		}
		rows, err := s.Rows()
		if err != nil {
			return WrongUsage, err
		}
		found, err := files.Tree(s.Job(rows))
		return s.Matched(found > 0), err
	},
}
