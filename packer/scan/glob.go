// Wildcards, matched without backtracking: the time is at most proportional to pattern length times path length.
package scan

import "strings"

// A glob is the part of a pattern from its first wildcard on, as a sequence of steps.
type glob []step

// A step matches one byte of its set, unless a field below changes that.
type step struct {
	set     byteSet
	repeats bool // matches any number of bytes, also none
	jump    int  // if not 0: matches no byte, and either the next step follows or the step at this distance
	literal bool // the set contains only the byte `value`
	value   byte
}

// A byteSet contains one bit for each byte.
type byteSet [4]uint64

func (s *byteSet) add(first, last byte) {
	for b := int(first); b <= int(last); b++ {
		s[b>>6] |= 1 << (b & 63)
	}
}

func (s *byteSet) remove(b byte) {
	s[b>>6] &^= 1 << (b & 63)
}

func (s *byteSet) has(b byte) bool {
	return s[b>>6]&(1<<(b&63)) != 0
}

// newGlob parses a pattern; returns false if it is invalid. Source: wildmatch.c of git.
func newGlob(pattern string) (glob, bool) {
	var parsed glob
	for at := 0; at < len(pattern); {
		length := 0
		if pattern[at] == '*' {
			parsed, length = parsed.appendStar(pattern, at)
		} else {
			parsed, length = parsed.appendByte(pattern[at:])
		}
		if length == 0 {
			return nil, false
		}
		at += length
	}
	return parsed, true
}

// appendByte adds the step at the start of a pattern, which matches one byte. It returns the length of the step in the
// pattern, or 0 if the pattern is invalid.
func (g glob) appendByte(pattern string) (glob, int) {
	var next step
	length := 1
	switch {
	case pattern == `\`:
		return g, 0
	case pattern[0] == '[':
		next.set, length = parseBrackets(pattern)
	case pattern[0] == '?':
		next.set.add(0, 255)
		next.set.remove('/')
	case pattern[0] == '\\':
		next, length = literalStep(pattern[1]), 2
	default:
		next = literalStep(pattern[0])
	}
	return append(g, next), length
}

func literalStep(value byte) step {
	s := step{literal: true, value: value}
	s.set.add(value, value)
	return s
}

// appendStar adds one or more asterisks at a position, and returns their length. Two or more match slashes too if they
// are a whole path component.
func (g glob) appendStar(pattern string, at int) (glob, int) {
	rest := strings.TrimLeft(pattern[at:], "*")
	length := len(pattern) - at - len(rest)
	startsComponent := at == 0 || pattern[at-1] == '/'
	endsComponent := rest == "" || rest[0] == '/' || strings.HasPrefix(rest, `\/`)
	star := step{repeats: true}
	star.set.add(0, 255)
	if length == 1 || !startsComponent || !endsComponent {
		star.set.remove('/')
	} else if strings.HasPrefix(rest, "/") {
		// `**/` also matches no folder at all.
		slash := literalStep('/')
		slash.literal = false
		return append(g, step{jump: 3}, star, slash), length + 1
	}
	return append(g, star), length
}

// cutSuffix returns the glob without the literal bytes at its end, and these bytes.
func (g glob) cutSuffix() (glob, string) {
	start := len(g)
	for start > 0 && g[start-1].literal {
		start--
	}
	var suffix []byte
	for _, s := range g[start:] {
		suffix = append(suffix, s.value)
	}
	return g[:start], string(suffix)
}

// longestText returns the longest literal in the glob. Each match contains it; strings.Contains is much faster than match.
func (g glob) longestText() string {
	var run, longest []byte
	for _, s := range g {
		if !s.literal {
			run = nil
		} else if run = append(run, s.value); len(run) > len(longest) {
			longest = run
		}
	}
	return string(longest)
}

// match reports whether the glob matches a whole text. It keeps the set of all steps that can match the next byte.
func (g glob) match(text string) bool {
	// One element for each step; the last element is true if the text up to here matches the whole glob.
	at, next := make([]bool, len(g)+1), make([]bool, len(g)+1)
	at[0] = true
	for i := range len(text) {
		g.skipOptional(at)
		clear(next)
		matched := false
		for j := range g {
			if at[j] && g[j].set.has(text[i]) {
				next[j+g[j].advance()] = true
				matched = true
			}
		}
		if !matched {
			return false
		}
		at, next = next, at
	}
	g.skipOptional(at)
	return at[len(g)]
}

// skipOptional adds the steps that follow a step which can match no byte.
func (g glob) skipOptional(at []bool) {
	for j := range g {
		if at[j] && (g[j].repeats || g[j].jump > 0) {
			at[j+1], at[j+max(1, g[j].jump)] = true, true
		}
	}
}

// advance returns the distance to the next step after the step has matched a byte.
func (s *step) advance() int {
	if s.repeats {
		return 0
	}
	return 1
}
