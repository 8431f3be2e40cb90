// What `apptainer test` runs.

package files

import (
	"context"
	"fmt"
	"runtime"
)

// SelfCheck looks at all of the index and, without reading them, at kinds and sizes of the files. It prints a line for each
// difference and a last one with their number, which is the result too.
func SelfCheck(ctx context.Context, job Job) (int, error) {
	if err := job.Index.Check(); err != nil {
		return 0, err
	}
	c, err := newCatalog(job.Index, job.Root)
	if err != nil {
		return 0, err
	}
	p := job.startProgress(c, "checked")
	defer p.Stop()
	look := func(_ context.Context, row int, key []byte) (string, error) { return c.outside(row, key), nil }
	var workers []work[string]
	for range runtime.GOMAXPROCS(0) {
		workers = append(workers, look)
	}
	found, err := compareAll(ctx, job, c, p, workers)
	if err != nil {
		return found, ended(ctx, err)
	}
	p.Stop()
	return found, p.Print(job.Out, fmt.Sprintf("checked the index and %s: %s",
		counted(int(p.Files.Load()), "file"), differences(found)))
}
