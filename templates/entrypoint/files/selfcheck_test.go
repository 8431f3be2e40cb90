// Tests of SelfCheck.

package files

import (
	"context"
	"os"
	"strings"
	"testing"

	"entrypoint/index"
	"entrypoint/index/indextest"
)

func TestSelfCheckUndamagedImageFindsNoDifferences(t *testing.T) {
	i := newImage(t, fruit)
	found, err := SelfCheck(context.Background(), i.job)
	if found != 0 || err != nil || i.out.String() != "checked the index and 6 files: no differences\n" {
		t.Errorf("found %d, %v: %q", found, err, i.out)
	}
}

func TestSelfCheckFindsTypesAndSizesButNotContents(t *testing.T) {
	i := newImage(t, fruit)
	put(t, i.root+"/data/a.txt", "avocadO\n\n")
	put(t, i.root+"/data/b/c.txt", "tomato")
	put(t, i.root+"/data/b/l", "-> ../b.txt")
	os.Remove(i.root + "/data/b/d/e")
	found, err := SelfCheck(context.Background(), i.job)
	const wanted = `/data/b/c.txt: is 6 bytes, not 8
/data/b/d/e: missing
/data/b/l: is a symlink to ../b.txt, not to ../a.txt
checked the index and 6 files: 3 differences
`
	if found != 3 || err != nil || i.out.String() != wanted {
		t.Errorf("found %d, %v: %q", found, err, i.out)
	}
}

func TestSelfCheckDamagedIndexReturnsError(t *testing.T) {
	data := indextest.Build("/data", []indextest.Field{{Name: "unused", Kind: indextest.Integer}}, nil)
	i := newImage(t, fruit)
	for wanted, change := range map[string]byte{"is damaged": 1, "lacks the field \"size\"": 0} {
		changed := append([]byte(nil), data...)
		changed[len(changed)-1] ^= change
		ix, err := index.Open(changed)
		if err != nil {
			t.Fatal(err)
		}
		i.job.Index = ix
		if _, err := SelfCheck(context.Background(), i.job); err == nil || !strings.Contains(err.Error(), wanted) {
			t.Errorf("the error is %v, not %q", err, wanted)
		}
	}
}
