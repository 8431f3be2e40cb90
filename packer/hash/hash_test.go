package hash

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"entrypoint/digest"
	"packer/blob"
	"packer/shardlist"
)

// A testCase is a dataset with its list, and options whose outputs are in the folder `out` next to them.
type testCase struct {
	folder  string
	options Options
	shard   Shard
	list    []byte
}

func newCase(t *testing.T, digests ...string) *testCase {
	t.Helper()
	algorithms, err := digest.Parse(digests)
	must(t, err)
	folder := t.TempDir()
	must(t, os.Mkdir(filepath.Join(folder, "dataset"), 0o755), os.Mkdir(filepath.Join(folder, "out"), 0o755))
	return &testCase{folder: folder, options: Options{
		Root:    filepath.Join(folder, "dataset"),
		Mount:   "/data",
		Digests: algorithms,
	}, shard: Shard{
		List:    filepath.Join(folder, "shard.list"),
		Records: filepath.Join(folder, "out", "records"),
		Layer:   blob.Target{Path: filepath.Join(folder, "out", "layer.tar")},
	}}
}

// add writes a file and adds its record to the list; names must be added in order.
func (c *testCase) add(t *testing.T, name string, content []byte) {
	t.Helper()
	path := filepath.Join(c.options.Root, name)
	must(t, os.WriteFile(path, content, 0o644))
	var status syscall.Stat_t
	must(t, syscall.Lstat(path, &status))
	c.list = fmt.Appendf(c.list, "f %o %d %d %d %d\x00%s\x00\x00", status.Mode&0o7777, status.Size,
		status.Mtim.Nano(), status.Ctim.Nano(), status.Ino, name)
}

func (c *testCase) run(ctx context.Context, t *testing.T) (Summary, error) {
	t.Helper()
	must(t, os.WriteFile(c.shard.List, c.list, 0o644))
	var found Summary
	err := Run(ctx, c.options, []Shard{c.shard}, func(summary Summary) error {
		found = summary
		return nil
	})
	return found, err
}

func (c *testCase) outputs(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(c.folder, "out", "*"))
	must(t, err)
	hidden, err := filepath.Glob(filepath.Join(c.folder, "out", ".*"))
	must(t, err)
	return append(found, hidden...)
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func pattern(size int) []byte {
	content := make([]byte, size)
	for i := range content {
		content[i] = byte(i * i >> 8)
	}
	return content
}

func TestRunSizesAroundABlockHaveCorrectDigestsAndBytes(t *testing.T) {
	c := newCase(t, "sha256", "crc32c")
	sizes := []int{0, 1, 511, 512, blockBytes - 1024, blockBytes - 513, blockBytes - 512, blockBytes - 511,
		blockBytes, blockBytes + 1, 3*blockBytes - 512, 3 * blockBytes, 7, 3*blockBytes + 100, 5}
	var want []byte
	set := digest.NewSet(c.options.Digests)
	for i, size := range sizes {
		c.add(t, fmt.Sprintf("%02d", i), pattern(size))
		want = set.Append(want, pattern(size))
	}
	summary, err := c.run(t.Context(), t)
	must(t, err)
	records, err := os.ReadFile(c.shard.Records)
	must(t, err)
	if !bytes.Equal(records, want) {
		t.Errorf("the records differ: got\n%x, want\n%x", records, want)
	}
	content, err := os.ReadFile(c.shard.Layer.Path)
	must(t, err)
	sum := sha256.Sum256(content)
	if *summary.DiffID != "sha256:"+hex.EncodeToString(sum[:]) || summary.LayerSize != int64(len(content)) {
		t.Errorf("got %s and %d bytes, want %x and %d", *summary.DiffID, summary.LayerSize, sum, len(content))
	}
	position := 512 // after the header of the mount's folder
	for i, size := range sizes {
		position += 512
		if !bytes.Equal(content[position:position+size], pattern(size)) {
			t.Errorf("file %d: its bytes are not at %d", i, position)
		}
		position += (size + 511) / 512 * 512
	}
	if len(content) != position+1024 {
		t.Errorf("the layer has %d bytes, want %d", len(content), position+1024)
	}
}

func TestPlanEmptyFilesWithoutLayerFillSeveralBlocks(t *testing.T) {
	c := newCase(t, "sha256")
	for i := range 2*maxPieces + 1 {
		c.list = fmt.Appendf(c.list, "f 644 0 0 0 0\x00%05d\x00\x00", i)
	}
	must(t, os.WriteFile(c.shard.List, c.list, 0o644))
	list, err := shardlist.Open(c.shard.List)
	must(t, err)
	defer list.Close()
	blocks := make(chan *block, blockCount)
	shared := &batch{pool: newPool(), jobs: make(chan *block, blockCount)}
	p := &planner{run: &run{batch: shared}, order: blocks}
	must(t, p.plan(t.Context(), list))
	for i, want := range []int{maxPieces, maxPieces, 1} {
		b := <-blocks
		if len(b.pieces) != want || b.firstRow != int64(i*maxPieces) {
			t.Errorf("block %d: got %d files from row %d, want %d", i, len(b.pieces), b.firstRow, want)
		}
	}
}

func TestRunSeveralChangedFilesNamesTheFirst(t *testing.T) {
	for range 5 {
		c := newCase(t, "sha256")
		for i := range 200 {
			c.add(t, fmt.Sprintf("%03d", i), pattern(20_000))
		}
		for _, name := range []string{"077", "078", "150"} {
			must(t, os.Truncate(filepath.Join(c.options.Root, name), 10))
		}
		_, err := c.run(t.Context(), t)
		want := `"077" changed after the scan: its size was 20000 bytes and is 10 now; run snakemake again`
		if err == nil || err.Error() != want {
			t.Fatalf("got %v, want %s", err, want)
		}
		if left := c.outputs(t); left != nil {
			t.Fatalf("the outputs %v are left", left)
		}
	}
}

func TestRunDamagedListWritesNothing(t *testing.T) {
	c := newCase(t, "sha256")
	c.add(t, "a", nil)
	c.list = c.list[:len(c.list)-1]
	if _, err := c.run(t.Context(), t); err == nil || !strings.Contains(err.Error(), "reading record 1") {
		t.Errorf("got %v", err)
	}
	if left := c.outputs(t); left != nil {
		t.Errorf("the outputs %v are left", left)
	}
}

// shards returns a batch of shards of 20 small files and a large one, each with its own list and outputs, and a root of all.
func shards(t *testing.T, count int) (*testCase, []Shard) {
	t.Helper()
	c := newCase(t, "sha256", "md5")
	var found []Shard
	for i := range count {
		c.list = nil
		for j := range 20 {
			c.add(t, fmt.Sprintf("%02d-%02d", i, j), pattern(i*1000+j))
		}
		c.add(t, fmt.Sprintf("%02d-large", i), pattern(5*blockBytes+i))
		name := func(suffix string) string { return filepath.Join(c.folder, "out", fmt.Sprintf("%02d%s", i, suffix)) }
		list := filepath.Join(c.folder, fmt.Sprintf("%02d.list", i))
		must(t, os.WriteFile(list, c.list, 0o644))
		found = append(found, Shard{list, name(""), blob.Target{Path: name(".tar")}})
	}
	return c, found
}

func TestRunFailureOfOneShardKeepsOnlyCompletedShards(t *testing.T) {
	for failing := range 3 {
		c, all := shards(t, 2*shardCount)
		must(t, os.Remove(filepath.Join(c.options.Root, fmt.Sprintf("%02d-07", failing*12))))
		var want []string
		err := Run(t.Context(), c.options, all, func(summary Summary) error {
			name := filepath.Join(c.folder, "out", strings.TrimSuffix(filepath.Base(summary.List), ".list"))
			want = append(want, name, name+".tar")
			return nil
		})
		if err == nil || !strings.Contains(err.Error(), `-07" changed after the scan: it no longer exists`) {
			t.Errorf("got %v", err)
		}
		left := c.outputs(t)
		slices.Sort(left)
		slices.Sort(want)
		if !slices.Equal(left, want) {
			t.Errorf("left are %v, want those of the completed shards: %v", left, want)
		}
	}
}
