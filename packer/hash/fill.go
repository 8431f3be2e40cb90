// The workers: each worker reads the files of one block at a time, then computes their digests.
package hash

import (
	"context"
	"fmt"
	"io"

	"entrypoint/progress"
	"packer/dataset"
	"packer/shardlist"
)

// A worker fills blocks.
type worker struct {
	reader   *dataset.Reader
	stream   io.Reader // instead of the reader, or nil
	digester *digester
	progress *progress.Progress
}

// work fills blocks until the channel is closed. It leaves blocks empty after the context has ended.
func (w *worker) work(ctx context.Context, jobs <-chan *block) {
	defer w.reader.Close()
	for b := range jobs {
		err := ctx.Err()
		if err == nil {
			err = w.fill(b)
		}
		b.filled <- err
	}
}

func (w *worker) fill(b *block) error {
	defer func() { b.run.unleased.Add(w.reader.TakeUnleased()) }()
	w.digester.contents = w.digester.contents[:0]
	for i := range b.pieces {
		if err := w.fillPiece(&b.pieces[i]); err != nil {
			return err
		}
	}
	return b.run.rows.write(w.digester.sums(), b.firstRow)
}

// fillPiece reads a piece. It adds the content of a whole file and the target of a symlink to the digester.
func (w *worker) fillPiece(p *piece) error {
	switch {
	case w.stream != nil && p.record.Kind == shardlist.File:
		return w.fillFromStream(p)
	case p.record.Kind == shardlist.Folder:
		return w.reader.CheckFolder(p.record)
	case p.record.Kind == shardlist.Link:
		w.digester.add([]byte(p.record.Target))
		w.progress.Files.Add(1)
		return w.reader.CheckLink(p.record)
	case p.large != nil:
		return w.fillPart(p)
	}
	if err := w.reader.ReadFile(p.record, p.content); err != nil {
		return err
	}
	w.digester.add(p.content)
	w.progress.Files.Add(1)
	w.progress.Bytes.Add(p.record.Size)
	return nil
}

// fillFromStream reads a piece from the stream, in which the pieces are in the order of the blocks.
func (w *worker) fillFromStream(p *piece) error {
	if _, err := io.ReadFull(w.stream, p.content); err != nil {
		return fmt.Errorf("reading %q from the stream: %w", p.record.Path, err)
	}
	if p.large == nil {
		w.digester.add(p.content)
	}
	if p.large == nil || p.last() {
		w.progress.Files.Add(1)
	}
	w.progress.Bytes.Add(int64(len(p.content)))
	return nil
}

// fillPart reads a part of a large file. The worker that reads the last part checks that the file has not changed.
func (w *worker) fillPart(p *piece) error {
	file, err := p.large.open(w.reader, p.record)
	if err != nil {
		return err
	}
	if err := file.ReadAt(p.content, p.offset); err != nil {
		return err
	}
	size := int64(len(p.content))
	w.progress.Bytes.Add(size)
	if p.large.pending.Add(-size) > 0 {
		return nil
	}
	w.progress.Files.Add(1)
	return file.Finish()
}
