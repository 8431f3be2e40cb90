// -run: a command of the image on a person's own files.

package cli

import (
	"fmt"

	"entrypoint/run"
)

var runCommand = Command{
	Name: "run", Takes: "NAME", Help: "runs a command of the image, or finds its result",
	Group: Running, Refuses: all, NoIndex: true,
	Run: func(s *Session) (int, error) {
		document, err := run.Read(commandsFile)
		if err != nil {
			return NoMatch, err
		}
		result, err := run.Run(&run.Request{
			Dataset:  run.Dataset{Name: s.Facts.Name, Version: s.Facts.Version, Summary: s.Facts.Dataset},
			Document: document, Command: s.Flag("run"), Inputs: s.options.inputs, Parameters: s.options.parameters,
			Out: s.options.out, Private: s.options.private, Messages: s.Messages,
		})
		if err != nil {
			return NoMatch, err
		}
		if result.Existed {
			fmt.Fprintln(s.Messages, "the result exists: an earlier run had the same data, program, parameters and inputs")
		}
		_, err = fmt.Fprintln(s.Out, result.Folder)
		return Done, err
	},
}
