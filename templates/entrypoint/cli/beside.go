// An index that is a file beside the program.

package cli

import (
	"fmt"
	"os"
	"syscall"
)

// indexBeside gives the bytes of the index without reading them.
func indexBeside() ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the index beside this program: %w", err)
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
	data, err := syscall.Mmap(int(file.Fd()), 0, int(status.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %q: %w", file.Name(), err)
	}
	return data, nil
}
