// -export: copies the files to a folder.

package cli

import (
	"context"

	"entrypoint/files"
)

var export = Command{
	Name: "export", Takes: "DIR", Help: "copies the files to a folder and verifies each copy",
	Group: Files, Refuses: listing,
	Run: func(s *Session) (int, error) {
		return s.Work(func(ctx context.Context, job files.Job) (int, error) {
			_, err := files.Export(ctx, job, s.Flag("export"))
			return 0, err
		})
	},
}
