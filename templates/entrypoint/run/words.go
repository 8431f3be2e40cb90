// The words of a command: placeholders, and the values that replace them.

package run

import (
	"fmt"
	"strings"
)

// values are the texts that replace placeholders, by the placeholders' names. An optional input that is not given has none.
type values map[string]string

// expand returns a text with the values in place of its placeholders, and false if one has no value.
func (v values) expand(text string) (string, bool, error) {
	var out strings.Builder
	complete := true
	for rest := text; rest != ""; {
		at := strings.IndexAny(rest, "{}")
		if at < 0 {
			out.WriteString(rest)
			break
		}
		out.WriteString(rest[:at])
		rest = rest[at:]
		if strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "}}") {
			out.WriteByte(rest[0])
			rest = rest[2:]
			continue
		}
		name, after, closed := strings.Cut(rest[1:], "}")
		if rest[0] == '}' || !closed {
			return "", false, fmt.Errorf("the command's word %q has a single brace: the image is damaged; pull or build it again", text)
		}
		value, known := v[name]
		complete = complete && known
		out.WriteString(value)
		rest = after
	}
	return out.String(), complete, nil
}

// words returns the words of the command without those that contain an input that is not given.
func (v values) words(argv []string) ([]string, error) {
	var words []string
	for _, text := range argv {
		word, complete, err := v.expand(text)
		if err != nil {
			return nil, err
		}
		if complete {
			words = append(words, word)
		}
	}
	return words, nil
}

// environment returns the variables of the command. home: a folder for temporary files. path: the variable PATH.
func (v values) environment(declared map[string]string, home, path string) ([]string, error) {
	all := map[string]string{"HOME": home, "TMPDIR": home}
	if path != "" {
		all["PATH"] = path
	}
	for name, text := range declared {
		value, complete, err := v.expand(text)
		if err != nil {
			return nil, err
		}
		if complete {
			all[name] = value
		}
	}
	var found []string
	for _, name := range Names(all) {
		found = append(found, name+"="+all[name])
	}
	return found, nil
}
