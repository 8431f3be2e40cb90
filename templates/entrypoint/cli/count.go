// -count: the number of files.

package cli

import "fmt"

var count = Command{
	Name: "count", Help: "the number of files only",
	Group: Printing, Refuses: []string{"ls", "null", "fields"},
	Run: func(s *Session) (int, error) {
		rows, err := s.Rows()
		if err != nil {
			return WrongUsage, err
		}
		if s.Given("by") {
			return s.countBy(rows)
		}
		count := rows.Count()
		_, err = fmt.Fprintln(s.Out, count)
		return s.Matched(count > 0), err
	},
}
