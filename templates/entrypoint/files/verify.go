// The comparison of all files of the image with the index.

package files

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"entrypoint/index"
	"entrypoint/process"
	"entrypoint/progress"
)

// Verify reads the files of all rows on all cores, and prints a line for each file that differs from the index: in type, size
// or digest. If all rows are selected, it also prints files that are not in the index. The lines are in the order of the
// keys. The last line contains the number of differences; Verify returns this number.
//
// Verify returns an error if the index contains a digest that this program cannot compute.
func Verify(ctx context.Context, job Job) (int, error) {
	c, err := newCatalog(job.Index, job.Root)
	if err != nil {
		return 0, err
	}
	var workers []work[string]
	p := job.startProgress(c, "verified")
	defer p.Stop()
	for range process.Workers(runtime.GOMAXPROCS(0)) {
		reader, err := c.newReader(p, digestFields(job.Index)...)
		if err != nil {
			return 0, err
		}
		workers = append(workers, verifier{reader}.verify)
	}
	found, err := compareAll(ctx, job, c, p, workers)
	if err != nil {
		return found, stopError(ctx, err)
	}
	p.Stop()
	return found, p.Print(job.Out, fmt.Sprintf("verified %s, %s in %s: %s", counted(int(p.Files.Load()), "file"),
		counted(int(p.Bytes.Load()), "byte"), p.Elapsed(), differences(found)))
}

func digestFields(ix *index.Index) []*index.Field {
	var digests []*index.Field
	for _, field := range ix.Fields {
		if field.Type == index.Digest {
			digests = append(digests, field)
		}
	}
	return digests
}

// compareAll prints the differences that the workers find and the files that are not in the index, and returns their number.
func compareAll(ctx context.Context, job Job, c catalog, p *progress.Progress, workers []work[string]) (found int, err error) {
	var unknown [][]byte
	if job.All {
		if unknown, err = c.unknownFiles(ctx); err != nil {
			return 0, err
		}
	}
	report := func(key []byte, difference string) error {
		found++
		return p.Print(job.Out, shown(key)+": "+difference)
	}
	reportUnknown := func(before []byte) error {
		for len(unknown) > 0 && (before == nil || bytes.Compare(unknown[0], before) < 0) {
			if err := report(unknown[0], "not in the index"); err != nil {
				return err
			}
			unknown = unknown[1:]
		}
		return nil
	}
	err = inOrder(ctx, job.Rows, workers, func(key []byte, difference string) error {
		p.Files.Add(1)
		if err := reportUnknown(key); err != nil || difference == "" {
			return err
		}
		return report(key, difference)
	})
	if err == nil {
		err = reportUnknown(nil)
	}
	return found, err
}

type verifier struct{ *reader }

// verify returns the first difference between a file and its row, or "".
func (v verifier) verify(ctx context.Context, row int, key []byte) (string, error) {
	if difference := v.compareMetadata(row, key); difference != "" {
		return difference, nil
	}
	if target, isLink := v.linkOf(row); isLink {
		return v.compare(ctx, row, bytes.NewReader(target), nil)
	}
	source, err := v.open(key)
	if err != nil {
		return unopened(key, err)
	}
	defer source.Close()
	return v.compare(ctx, row, source, nil)
}

// unknownFiles returns the keys of the files below the mount that are not in the index, sorted.
func (c *catalog) unknownFiles(ctx context.Context) ([][]byte, error) {
	var unknown [][]byte
	err := walk(ctx, c.root+c.ix.Mount, func(path string, isFolder bool) error {
		key := []byte(strings.TrimPrefix(path, c.root))
		if isFolder {
			return nil
		}
		if _, known := c.ix.Find(key); !known {
			unknown = append(unknown, key)
		}
		return nil
	})
	slices.SortFunc(unknown, bytes.Compare)
	return unknown, err
}

// stopError returns the error to print for work that stopped with an error.
func stopError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return statusf(statusInterrupted, "interrupted")
	}
	return err
}
