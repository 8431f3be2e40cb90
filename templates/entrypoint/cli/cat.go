// -cat: the content of a file.

package cli

import "entrypoint/files"

var cat = Command{
	Name: "cat", Takes: "NAME", Help: "prints the content of a file, also of /.datacontainer/catalog.parquet",
	Group: Files, Refuses: all,
	Run: func(s *Session) (int, error) { return Done, files.Cat(s.Stdout, s.Index, s.Flag("cat")) },
}
