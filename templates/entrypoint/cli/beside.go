// The index as a file next to the program, for an index that is too large to embed.

package cli

import (
	"fmt"
	"os"
	"syscall"
)

// pathInImage is the path of this program in an image.
const pathInImage = "/entrypoint"

// externalIndex maps the index file next to the program into memory; pages are read on first use.
func externalIndex() ([]byte, error) {
	program, err := os.Executable()
	if err != nil {
		program = pathInImage // Without /proc, os.Executable fails.
	}
	file, err := os.Open(program + IndexSuffix)
	if err != nil {
		return nil, fmt.Errorf("cannot open the index of this image: %w; pull or build the image again", err)
	}
	defer file.Close()
	status, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if status.Size() == 0 {
		return []byte{}, nil // An empty file cannot be mapped; index.Open reports the damage.
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(status.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %q into memory: %w", file.Name(), err)
	}
	return data, nil
}
