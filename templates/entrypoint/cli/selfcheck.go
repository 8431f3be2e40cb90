// -self-check: what the index and the files look like from outside.

package cli

import "entrypoint/files"

var selfCheck = Command{
	Name: "self-check", Help: "looks at the whole index and at the sizes of the files, not into them",
	Group: Files, Refuses: listing,
	Run: func(s *Session) (int, error) { return s.Work(files.SelfCheck) },
}
