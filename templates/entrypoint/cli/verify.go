// -verify: compares the content of the files with the index.

package cli

import "entrypoint/files"

var verify = Command{
	Name: "verify", Help: "reads the files and prints those that differ from the index",
	Group: Files, Refuses: listing,
	Run: func(s *Session) (int, error) { return s.Work(files.Verify) },
}
