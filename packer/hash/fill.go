// The workers: each reads the files of a block and computes their digests, while others do the same for other blocks.
package hash

import (
	"context"

	"entrypoint/digest"
	"entrypoint/progress"
	"packer/dataset"
	"packer/shardlist"
)

// On file systems across a network it is the number of files being opened that decides; each costs a thread there.
const workerCount = 32

// A worker fills blocks.
type worker struct {
	reader   *dataset.Reader
	digests  digest.Set
	rows     *rows
	progress *progress.Progress
}

// work fills blocks until there are no more; those that come when the context has ended stay empty.
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
	for i := range b.pieces {
		if err := w.fillPiece(b, &b.pieces[i]); err != nil {
			return err
		}
	}
	return w.rows.write(b.digests, b.firstRow)
}

func (w *worker) fillPiece(b *block, p *piece) error {
	switch {
	case p.record.Kind == shardlist.Folder:
		return w.reader.CheckFolder(p.record)
	case p.record.Kind == shardlist.Link:
		b.digests = w.digests.Append(b.digests, []byte(p.record.Target))
		w.progress.Files.Add(1)
		return w.reader.CheckLink(p.record)
	case p.large != nil:
		return w.fillPart(p)
	}
	if err := w.reader.ReadFile(p.record, p.content); err != nil {
		return err
	}
	b.digests = w.digests.Append(b.digests, p.content)
	w.progress.Files.Add(1)
	w.progress.Bytes.Add(p.record.Size)
	return nil
}

// fillPart reads a part of a large file; whoever comes last sees that the file has not changed meanwhile.
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
