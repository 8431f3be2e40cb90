// Percent-encoding of names in URLs.

package serve

const upperHex = "0123456789ABCDEF"

// escaped returns a name with each byte percent-encoded that RFC 3986 does not call unreserved; slashes stay if `path`.
func escaped(name string, path bool) string {
	out := make([]byte, 0, len(name)+16)
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '~', path && c == '/':
			out = append(out, c)
		default:
			out = append(out, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return string(out)
}
