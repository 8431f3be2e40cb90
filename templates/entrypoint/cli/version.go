// -version: the names and versions of the image and the entrypoint.

package cli

import "fmt"

// formatVersion is the version of the flags and the output of the entrypoint.
const formatVersion = 1

var version = Command{
	Name: "version", Group: Else, Refuses: all, NoIndex: true,
	Run: func(s *Session) (int, error) {
		program := ""
		if s.Facts.Program != "" {
			program = ", datacontainer " + s.Facts.Program
		}
		_, err := fmt.Fprintf(s.Out, "%s %s (data container, entrypoint %d%s)\n", s.Facts.Name, s.Facts.Version, formatVersion, program)
		return Done, err
	},
}
