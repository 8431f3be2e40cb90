// -info: the summary of the dataset.

package cli

var info = Command{
	Name: "info", Help: "the summary of the dataset as JSON",
	Group: Else, Refuses: selecting, NoIndex: true,
	Run: func(s *Session) (int, error) {
		_, err := s.Out.Write(s.Facts.Dataset)
		return Done, err
	},
}
