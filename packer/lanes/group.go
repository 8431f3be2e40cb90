// The messages that one core hashes together.
package lanes

import "math"

// A group is the messages in the lanes of one core.
type group struct {
	states   [8][Lanes]uint32
	messages [Lanes]*byte
	jobs     [Lanes]*job // nil in an empty lane
	active   int
}

// add puts a job into an empty lane.
func (g *group) add(one *job) {
	for lane, there := range g.jobs {
		if there == nil {
			g.jobs[lane] = one
			for word := range one.state {
				g.states[word][lane] = one.state[word]
			}
			g.active++
			return
		}
	}
	panic("no empty lane")
}

// step advances all lanes by the number of blocks that the shortest part has, and removes finished jobs.
func (g *group) step(hash func(*[8][Lanes]uint32, *[Lanes]*byte, int)) {
	count := math.MaxInt
	for lane, one := range g.jobs {
		g.messages[lane] = nil
		if one != nil {
			part := one.next()
			count = min(count, len(part)/blockBytes)
			g.messages[lane] = &part[0]
		}
	}
	hash(&g.states, &g.messages, count)
	for lane, one := range g.jobs {
		if one != nil && one.advance(count*blockBytes) {
			g.remove(lane).done.Done()
		}
	}
}

// remove copies the state of a lane to its job, and empties the lane.
func (g *group) remove(lane int) *job {
	one := g.jobs[lane]
	for word := range one.state {
		one.state[word] = g.states[word][lane]
	}
	g.jobs[lane] = nil
	g.active--
	return one
}

// leave empties all lanes and appends their jobs to jobs.
func (g *group) leave(jobs []*job) []*job {
	for lane, one := range g.jobs {
		if one != nil {
			jobs = append(jobs, g.remove(lane))
		}
	}
	return jobs
}

// next returns the first part that is not hashed yet. A job that is not done has one.
func (j *job) next() []byte {
	if len(j.parts[0]) == 0 {
		return j.parts[1]
	}
	return j.parts[0]
}

// advance removes hashed bytes, and reports whether no bytes are left.
func (j *job) advance(count int) bool {
	if len(j.parts[0]) == 0 {
		j.parts[0], j.parts[1] = j.parts[1], nil
	}
	j.parts[0] = j.parts[0][count:]
	return len(j.parts[0])+len(j.parts[1]) == 0
}
