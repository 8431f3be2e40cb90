// The planner: assigns the shard's records to blocks, which determines the position of each byte in the layer.
package hash

import (
	"context"
	"io"

	"packer/layer"
	"packer/shardlist"
)

// A planner adds records to blocks, and sends the blocks to the workers and, in order, to the sequencer.
type planner struct {
	run     *run
	order   chan<- *block
	members *layer.Members // nil without a layer
	current *block
	row     int64
	header  []byte
}

// plan adds the whole list, or a part of it if the context ends.
func (p *planner) plan(ctx context.Context, list *shardlist.Reader) error {
	p.current = p.run.take()
	if p.members != nil {
		p.append(p.members.AppendMount(p.header[:0]))
	}
	for ctx.Err() == nil {
		record, err := list.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		p.add(record)
	}
	if p.members != nil {
		p.append(layer.AppendEnd(p.header[:0]))
	}
	p.send()
	return nil
}

func (p *planner) add(record *shardlist.Record) {
	if len(p.current.pieces) == maxPieces {
		p.flush()
	}
	if p.members != nil {
		p.header = p.members.AppendHeaders(p.header[:0], record)
		p.append(p.header)
	}
	switch {
	case record.Kind != shardlist.File:
		p.addPiece(piece{record: record})
	case record.Size <= blockBytes:
		p.addWhole(record)
	default:
		p.addLarge(record)
	}
	if record.Kind != shardlist.Folder {
		p.row++
	}
}

// addWhole adds a file whose bytes fit into one block.
func (p *planner) addWhole(record *shardlist.Record) {
	padding := p.padding(record)
	if int(record.Size)+padding > p.room() {
		p.flush()
	}
	p.addPiece(piece{record: record, content: p.reserve(int(record.Size))})
	p.append(zeros[:padding])
}

// addLarge adds a file in parts, each at a multiple of blockBytes: file systems read aligned parts faster.
func (p *planner) addLarge(record *shardlist.Record) {
	file := &largeFile{row: p.row}
	file.pending.Store(record.Size)
	for offset := int64(0); offset < record.Size; {
		p.flush()
		content := p.reserve(int(min(blockBytes, record.Size-offset)))
		p.addPiece(piece{record, content, file, offset})
		offset += int64(len(content))
	}
	p.append(zeros[:p.padding(record)])
}

var zeros [layer.BlockBytes]byte

func (p *planner) padding(record *shardlist.Record) int {
	if p.members == nil {
		return 0
	}
	return layer.Padding(record.Size)
}

func (p *planner) addPiece(one piece) {
	if len(p.current.pieces) == 0 || p.current.pieces[len(p.current.pieces)-1].large != nil {
		p.current.firstRow = p.row
	}
	p.current.pieces = append(p.current.pieces, one)
}

// append copies bytes into as many blocks as they need.
func (p *planner) append(content []byte) {
	for len(content) > 0 {
		if p.room() == 0 {
			p.flush()
		}
		n := min(p.room(), len(content))
		p.current.bytes = append(p.current.bytes, content[:n]...)
		content = content[n:]
	}
}

// reserve returns the next n bytes of the block, which must have room for them.
func (p *planner) reserve(n int) []byte {
	start := len(p.current.bytes)
	p.current.bytes = p.current.bytes[:start+n]
	return p.current.bytes[start:]
}

func (p *planner) room() int {
	return cap(p.current.bytes) - len(p.current.bytes)
}

// flush sends the block and begins another block.
func (p *planner) flush() {
	p.send()
	p.current = p.run.take()
}

func (p *planner) send() {
	p.order <- p.current
	p.run.jobs <- p.current
}
