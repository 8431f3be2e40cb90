// -info: the dataset as a whole.

package cli

var info = Command{
	Name: "info", Help: "the dataset as a whole, as JSON",
	Group: Else, Refuses: selecting, NoIndex: true,
	Run: func(s *Session) (int, error) {
		_, err := s.Out.Write(s.Facts.Dataset)
		return Done, err
	},
}
