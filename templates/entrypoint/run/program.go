// The program of a command: its file and digest.

package run

import (
	"fmt"
	"os"
	"os/exec"

	"entrypoint/files"
)

// program is a file to execute. name: its first argument. digest: sha256:<hex>. words: the words of the command after it.
type program struct {
	path, name, digest string
	words              []string
}

// findProgram returns the program in the image, or the program of the base that the first word names.
func findProgram(command *Command) (program, error) {
	packed, is := command.Programs[Platform]
	found := program{path: packed.Path, name: packed.Name, words: command.Argv}
	if !is {
		if len(command.Programs) > 0 || len(command.Argv) == 0 {
			return found, fmt.Errorf("the command has no program for %s: pull the image for this platform", Platform)
		}
		name := command.Argv[0]
		path, err := exec.LookPath(name)
		if err != nil {
			return found, fmt.Errorf("the image has no program %q in the folders of PATH, %q: correct argv, or the base", name, os.Getenv("PATH"))
		}
		found = program{path: path, name: name, words: command.Argv[1:]}
	}
	sha256, err := hashFile(found.path)
	if err != nil {
		return found, fmt.Errorf("reading the program %q: %w", found.path, files.Reason(err))
	}
	if is && sha256 != packed.SHA256 {
		return found, fmt.Errorf("the program %q has the sha256 %s, expected %s (commands.json): pull or build the image again", found.path, sha256, packed.SHA256)
	}
	found.digest = "sha256:" + sha256
	return found, nil
}
