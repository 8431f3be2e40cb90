// -verify: the files against the index.

package cli

import "entrypoint/files"

var verify = Command{
	Name: "verify", Help: "reads the files again, and names each that is not as it was packed",
	Group: Files, Refuses: listing,
	Run: func(s *Session) (int, error) { return s.Work(files.Verify) },
}
