// -version: what the image and its entrypoint are called.

package cli

import "fmt"

// formatVersion is that of the entrypoint's flags and output.
const formatVersion = 1

var version = Command{
	Name: "version", Group: Else, Refuses: all, NoIndex: true,
	Run: func(s *Session) (int, error) {
		made := ""
		if s.Facts.Program != "" {
			made = ", datacontainer " + s.Facts.Program
		}
		_, err := fmt.Fprintf(s.Out, "%s %s (data container, entrypoint %d%s)\n", s.Facts.Name, s.Facts.Version, formatVersion, made)
		return Done, err
	},
}
