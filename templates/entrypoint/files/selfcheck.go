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
	p := newProgress(job, c, "checked")
	defer p.stop()
	look := func(_ context.Context, row int, key []byte) (string, error) { return c.outside(row, key), nil }
	var workers []work[string]
	for range runtime.GOMAXPROCS(0) {
		workers = append(workers, look)
	}
	found, err := compareAll(ctx, job, c, p, workers)
	if err != nil {
		return found, ended(ctx, err)
	}
	p.stop()
	return found, p.print(job.Out, fmt.Sprintf("checked the index and %s: %s",
		counted(int(p.files.Load()), "file"), differences(found)))
}
