// Wildcards: a pattern without backtracking, so that none takes longer than its length times that of a path.
package scan

import "strings"

// A glob is what is left of a pattern: steps, each of which takes a byte of a path, or several.
type glob []step

// A step takes a byte of its set.
type step struct {
	takes   byteSet
	repeats bool // it takes any number of bytes, or none
	jump    int  // it takes nothing, and leads to the next step or so many further; or 0
	literal bool // it takes the byte `only`
	only    byte
}

// A byteSet has a bit for each byte.
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

// newGlob returns the steps of a pattern, or false for one that ends too early. Source: wildmatch.c of git.
func newGlob(pattern string) (glob, bool) {
	var all glob
	for at := 0; at < len(pattern); {
		length := 0
		if pattern[at] == '*' {
			all, length = all.appendStar(pattern, at)
		} else {
			all, length = all.appendOne(pattern[at:])
		}
		if length == 0 {
			return nil, false
		}
		at += length
	}
	return all, true
}

// appendOne adds the step that a pattern begins with, and returns how much of the pattern it is: nothing if it has no end.
func (g glob) appendOne(pattern string) (glob, int) {
	var one step
	length := 1
	switch {
	case pattern == `\`:
		return g, 0
	case pattern[0] == '[':
		one.takes, length = newBrackets(pattern)
	case pattern[0] == '?':
		one.takes.add(0, 255)
		one.takes.remove('/')
	case pattern[0] == '\\':
		one, length = literalStep(pattern[1]), 2
	default:
		one = literalStep(pattern[0])
	}
	return append(g, one), length
}

func literalStep(only byte) step {
	one := step{literal: true, only: only}
	one.takes.add(only, only)
	return one
}

// appendStar adds one asterisk or more; two take slashes too, if they are all that is between two of them.
func (g glob) appendStar(pattern string, at int) (glob, int) {
	behind := strings.TrimLeft(pattern[at:], "*")
	length := len(pattern) - at - len(behind)
	begins := at == 0 || pattern[at-1] == '/'
	ends := behind == "" || behind[0] == '/' || strings.HasPrefix(behind, `\/`)
	star := step{repeats: true}
	star.takes.add(0, 255)
	if length == 1 || !begins || !ends {
		star.takes.remove('/')
	} else if strings.HasPrefix(behind, "/") {
		// `**/` is for no folder too.
		slash := literalStep('/')
		slash.literal = false
		return append(g, step{jump: 3}, star, slash), length + 1
	}
	return append(g, star), length
}

// cutSuffix returns the glob without the bytes that it ends with, and those.
func (g glob) cutSuffix() (glob, string) {
	start := len(g)
	for start > 0 && g[start-1].literal {
		start--
	}
	var suffix []byte
	for _, one := range g[start:] {
		suffix = append(suffix, one.only)
	}
	return g[:start], string(suffix)
}

// longestText returns the longest run of bytes that is in all that the glob matches: to look for it is much quicker.
func (g glob) longestText() string {
	var run, longest []byte
	for _, one := range g {
		if !one.literal {
			run = nil
		} else if run = append(run, one.only); len(run) > len(longest) {
			longest = run
		}
	}
	return string(longest)
}

// match tells whether the glob takes all of a text. It follows all ways through the steps at once.
func (g glob) match(text string) bool {
	// The steps that come next, on one way or another; behind the last is the end.
	at, next := make([]bool, len(g)+1), make([]bool, len(g)+1)
	at[0] = true
	for i := range len(text) {
		g.passOver(at)
		clear(next)
		taken := false
		for j := range g {
			if at[j] && g[j].takes.has(text[i]) {
				next[j+g[j].length()] = true
				taken = true
			}
		}
		if !taken {
			return false
		}
		at, next = next, at
	}
	g.passOver(at)
	return at[len(g)]
}

// passOver adds what comes behind steps that may take nothing.
func (g glob) passOver(at []bool) {
	for j := range g {
		if at[j] && (g[j].repeats || g[j].jump > 0) {
			at[j+1], at[j+max(1, g[j].jump)] = true, true
		}
	}
}

// length is how many steps further a byte leads.
func (s *step) length() int {
	if s.repeats {
		return 0
	}
	return 1
}
