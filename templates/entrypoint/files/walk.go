// A recursive walk over folders of any size.

package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// walkEntries is the maximum number of entries of a folder in memory.
const walkEntries = 1024

// walk visits all entries below a folder, in undefined order. It ignores a folder that is missing or cannot be read: the
// comparison with the index reports the files of such a folder as missing.
func walk(ctx context.Context, folder string, visit func(path string, isFolder bool) error) error {
	opened, err := os.Open(folder)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("listing %q: %w", folder, Reason(err))
	}
	inside, err := visitEntries(ctx, opened, visit)
	opened.Close()
	for _, name := range inside {
		if err == nil {
			err = walk(ctx, folder+"/"+name, visit)
		}
	}
	return err
}

// visitEntries visits the entries of a folder and returns the names of its subfolders.
func visitEntries(ctx context.Context, folder *os.File, visit func(string, bool) error) (inside []string, err error) {
	for ctx.Err() == nil {
		entries, err := folder.ReadDir(walkEntries)
		for _, entry := range entries {
			if entry.IsDir() {
				inside = append(inside, entry.Name())
			}
			if err := visit(folder.Name()+"/"+entry.Name(), entry.IsDir()); err != nil {
				return nil, err
			}
		}
		if err == io.EOF {
			return inside, nil
		}
		if err != nil {
			return nil, fmt.Errorf("listing %q: %w", folder.Name(), Reason(err))
		}
	}
	return nil, ctx.Err()
}
