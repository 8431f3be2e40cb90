// -verify and -self-check: the files against the index.

package cli

import "entrypoint/files"

var verify = Command{
	Name: "verify", Help: "reads the files again, and names each that is not as it was packed",
	Group: Files, Refuses: listing,
	Run: func(s *Session) (int, error) { return s.Work(files.Verify) },
}

var selfCheck = Command{
	Name: "self-check", Help: "looks at the whole index and at the sizes of the files, not into them",
	Group: Files, Refuses: listing,
	Run: func(s *Session) (int, error) { return s.Work(files.SelfCheck) },
}
