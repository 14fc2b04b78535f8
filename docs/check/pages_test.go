package check

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// pages are all of the repository.
func pages(t *testing.T) []Page {
	t.Helper()
	all, err := Pages(root)
	require.NoError(t, err)
	require.NotEmpty(t, all)
	return all
}

func page(t *testing.T, path string) Page {
	t.Helper()
	for _, p := range pages(t) {
		if p.Path == path {
			return p
		}
	}
	require.FailNow(t, "there is no page "+path)
	return Page{}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	anchors := map[string]map[string]bool{}
	for _, p := range pages(t) {
		anchors[p.Path] = p.Anchors()
	}
	seen := 0
	for _, p := range pages(t) {
		for _, link := range p.Links() {
			if link.Target == "" {
				continue
			}
			seen++
			_, err := os.Stat(filepath.Join(root, link.Target))
			require.NoError(t, err, "%s links to %s", p.Path, link.Address)
			if known, is := anchors[link.Target]; is && link.Anchor != "" {
				require.True(t, known[link.Anchor], "%s links to %s, and that page has no such heading", p.Path, link.Address)
			}
		}
	}
	require.Greater(t, seen, 100)
}

// What the test above rests on: GitHub's own names of these headings.
func TestAnchorsAreThoseOfGitHub(t *testing.T) {
	p := parse("page.md", []byte("# One two\n\n## `chaos/kube`, and *more*: yes\n\n## One two\n\n[a](b.md#c) <https://example.org/>\n"))
	require.Equal(t, map[string]bool{"one-two": true, "chaoskube-and-more-yes": true, "one-two-1": true}, p.Anchors())
	require.Equal(t, []Link{{Target: "b.md", Anchor: "c", Address: "b.md#c"}, {Address: "https://example.org/"}}, p.Links())
}

// A page more is a page that nobody finds: fold it into another one.
func TestThereAreAtMostADozenPages(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	require.LessOrEqual(t, len(found), 12, "%v", found)
	readme := page(t, "README.md")
	for _, path := range found {
		linked := false
		for _, link := range readme.Links() {
			linked = linked || link.Target == "docs/"+filepath.Base(path)
		}
		require.True(t, linked, "the README does not lead to %s", path)
	}
}

var testName = regexp.MustCompile(`^Test[A-Z]\w+`)

// Tests are what the pages rest their claims on.
func TestTestsThatThePagesNameExist(t *testing.T) {
	known := testsOf(t, root)
	seen := 0
	for _, p := range pages(t) {
		for _, code := range p.Code() {
			if name := testName.FindString(code); name != "" {
				seen++
				require.True(t, has(known, name), "%s names %s", p.Path, name)
			}
		}
	}
	require.Greater(t, seen, 50)
}

// Drawings are shown as files of their own: on GitHub, from a checkout, on light and dark.
func TestDrawingsCanBeShownAnywhere(t *testing.T) {
	drawings, err := filepath.Glob(filepath.Join(root, "docs", "drawings", "*.svg"))
	require.NoError(t, err)
	require.NotEmpty(t, drawings)
	shown := map[string]bool{}
	for _, p := range pages(t) {
		for _, link := range p.Links() {
			shown[link.Target] = true
		}
	}
	for _, path := range drawings {
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, needs(t, source), "%s needs something else", path)
		for _, part := range []string{"<title>", "viewBox=", "prefers-color-scheme:dark"} {
			require.Contains(t, string(source), part, path)
		}
		require.True(t, shown["docs/drawings/"+filepath.Base(path)], "no page shows %s", path)
	}
	foreign := needs(t, []byte(`<svg xmlns="http://www.w3.org/2000/svg"><image href="a.png"/><path style="fill:url(http://x)"/><script>1</script></svg>`))
	require.Len(t, foreign, 3, "what this test rests on: %v", foreign)
}

// outside is a reference to another file.
var outside = regexp.MustCompile(`url\([^#]|@import`)

// needs lists what a drawing takes from elsewhere, or runs. It has to be well-formed.
func needs(t *testing.T, source []byte) (found []string) {
	t.Helper()
	decoder := xml.NewDecoder(strings.NewReader(string(source)))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return found
		}
		require.NoError(t, err)
		switch token := token.(type) {
		case xml.CharData:
			found = append(found, outside.FindAllString(string(token), -1)...)
		case xml.StartElement:
			if name := token.Name.Local; name == "script" || name == "foreignObject" {
				found = append(found, name)
			}
			for _, a := range token.Attr {
				if a.Name.Local == "href" && !strings.HasPrefix(a.Value, "#") || outside.MatchString(a.Value) {
					found = append(found, a.Value)
				}
			}
		}
	}
}
