// An index that is a file beside the program.

package cli

import (
	"fmt"
	"os"
	"syscall"
)

// inImage is where an image has this program.
const inImage = "/entrypoint"

// indexBeside gives the bytes of the index without reading them.
func indexBeside() ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		program = inImage // There is no /proc to know it from.
	}
	file, err := os.Open(program + IndexSuffix)
	if err != nil {
		return nil, fmt.Errorf("the index of this image is missing: %w", err)
	}
	defer file.Close()
	status, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if status.Size() == 0 {
		return []byte{}, nil // Nothing can be mapped, and that this is no index is found as for any other file.
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(status.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %q: %w", file.Name(), err)
	}
	return data, nil
}
