// -export: copies the files to a folder.

package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"entrypoint/files"
)

var export = Command{
	Name: "export", Takes: "DIR", Help: "copies the files to a folder and verifies each copy",
	Group: Files, Refuses: listing,
	Run: func(s *Session) (int, error) {
		return s.Work(func(ctx context.Context, job files.Job) (int, error) {
			dir := s.Flag("export")
			if !s.options.bagit {
				_, err := files.Export(ctx, job, dir)
				return 0, err
			}
			tags, err := s.bagTags()
			if err == nil {
				_, err = files.ExportBag(ctx, job, dir, tags)
			}
			return 0, err
		})
	},
}

// aboutTags are the labels in bag-info.txt for the keys of `about` in dataset.json.
var aboutTags = []struct{ label, key string }{
	{"Title", "title"}, {"External-Description", "description"}, {"External-Identifier", "doi"}, {"Author", "authors"},
	{"License", "license"}, {"Keyword", "keywords"}, {"Funding", "funding"},
}

// bagTags returns the lines of bag-info.txt. Only SOURCE_DATE_EPOCH adds a date, so that equal exports have equal bytes.
func (s *Session) bagTags() ([]files.Tag, error) {
	var dataset struct{ About map[string]any }
	if err := json.Unmarshal(s.Facts.Dataset, &dataset); err != nil {
		return nil, fmt.Errorf("dataset.json in this image cannot be read: %w; build the image again", err)
	}
	tags := []files.Tag{{Label: "Internal-Sender-Identifier", Value: s.Facts.Name + ":" + s.Facts.Version}}
	for _, one := range aboutTags {
		for _, text := range texts(dataset.About[one.key]) {
			tags = append(tags, files.Tag{Label: one.label, Value: text})
		}
	}
	if epoch := os.Getenv("SOURCE_DATE_EPOCH"); epoch != "" {
		seconds, err := strconv.ParseInt(epoch, 10, 64)
		if err != nil {
			return nil, Usagef("SOURCE_DATE_EPOCH is %q, expected a number of seconds: correct it or unset it", epoch)
		}
		tags = append(tags, files.Tag{Label: "Bagging-Date", Value: time.Unix(seconds, 0).UTC().Format(time.DateOnly)})
	}
	return append(tags, files.Tag{Label: "Bag-Software-Agent", Value: strings.TrimSpace("datacontainer " + s.Facts.Program)}), nil
}

// texts returns a text, the texts of a list, or the name in an object.
func texts(value any) (all []string) {
	switch v := value.(type) {
	case string:
		return []string{v}
	case []any:
		for _, one := range v {
			all = append(all, texts(one)...)
		}
	case map[string]any:
		return texts(v["name"])
	}
	return all
}
