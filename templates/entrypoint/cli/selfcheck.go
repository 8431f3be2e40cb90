// -self-check: checks the index and the metadata of the files without reading the files.

package cli

import "entrypoint/files"

var selfCheck = Command{
	Name: "self-check", Help: "checks the whole index, and type and size of the files without reading them",
	Group: Files, Refuses: listing,
	Run: func(s *Session) (int, error) { return s.Work(files.SelfCheck) },
}
