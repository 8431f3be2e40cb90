// The check of -self-check, which `apptainer test` runs.

package files

import (
	"context"
	"fmt"
	"runtime"

	"entrypoint/process"
)

// SelfCheck checks the whole index and, without reading the files, their types and sizes. It prints a line for each
// difference and a last line with the number of differences, and returns this number.
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
	check := func(_ context.Context, row int, key []byte) (string, error) { return c.compareMetadata(row, key), nil }
	var workers []work[string]
	for range process.Workers(runtime.GOMAXPROCS(0)) {
		workers = append(workers, check)
	}
	found, err := compareAll(ctx, job, c, p, workers)
	if err != nil {
		return found, stopError(ctx, err)
	}
	p.Stop()
	return found, p.Print(job.Out, fmt.Sprintf("checked the index and %s: %s",
		counted(int(p.Files.Load()), "file"), differences(found)))
}
