package onepage

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reports writes two reports with a plot, one of them in a folder of its own.
func reports(t *testing.T) (folder string, files []string) {
	folder = t.TempDir()
	for name, content := range map[string]string{
		"README.md":        "# What it costs\n\n| a | b |\n|---|--:|\n| <i>1</i> | **NOT reached** |\n\n![plot](plot.svg)\n\n[raw](bench.jsonl), [more](../more.md), [out](https://example.org/x), [here](#there)\n",
		"plot.svg":         `<svg xmlns="http://www.w3.org/2000/svg"><title>plot</title></svg>`,
		"faults/README.md": "# What faults cost\n\n![gap](gap.svg) [rounds](rounds.jsonl)\n",
		"faults/gap.svg":   `<svg xmlns="http://www.w3.org/2000/svg"><title>gap</title></svg>`,
	} {
		file := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	}
	return folder, []string{filepath.Join(folder, "README.md"), filepath.Join(folder, "faults/README.md")}
}

func TestThePageHoldsAllReportsAndTheirPlots(t *testing.T) {
	folder, files := reports(t)
	raw, err := Of(folder, files...)
	require.NoError(t, err)
	page := string(raw)
	require.Contains(t, page, "<title>plot</title>")
	require.Contains(t, page, "<title>gap</title>")
	require.Contains(t, page, "<strong>NOT reached</strong>")
	require.NotContains(t, page, "<i>", "what a report says is no HTML")
	require.Contains(t, page, `<a href="#report-2">What faults cost</a>`)
	for _, link := range []string{"bench.jsonl", "../more.md", "https://example.org/x", "#there", "faults/rounds.jsonl"} {
		require.Contains(t, page, `<a href="`+link+`">`)
	}
}

func TestThePageNeedsNoOtherFileAndNoNetwork(t *testing.T) {
	folder, files := reports(t)
	page, err := Of(folder, files...)
	require.NoError(t, err)
	require.NotRegexp(t, regexp.MustCompile(`<(img|script|link|iframe)|@import|url\(| src=`), string(page))
	require.Contains(t, string(page), "prefers-color-scheme: dark")
}

func TestWhatThePageLacksIsNamed(t *testing.T) {
	folder, files := reports(t)
	require.NoError(t, os.Remove(filepath.Join(folder, "plot.svg")))
	_, err := Of(folder, files...)
	require.ErrorContains(t, err, "README.md: open "+filepath.Join(folder, "plot.svg"))
	_, err = Of(folder, filepath.Join(folder, "missing.md"))
	require.ErrorContains(t, err, "missing.md")
	require.NoError(t, os.WriteFile(files[0], []byte("no heading\n"), 0o644))
	_, err = Of(folder, files...)
	require.ErrorContains(t, err, "it has no heading")
	require.NoError(t, os.WriteFile(files[0], []byte("# x\n\n![photo](photo.png)\n"), 0o644))
	_, err = Of(folder, files...)
	require.ErrorContains(t, err, "picture photo.png is no SVG")
}

// TestThePageInDocsIsMadeOfTheReportsInDocs: what `make report` writes.
func TestThePageInDocsIsMadeOfTheReportsInDocs(t *testing.T) {
	makefile, err := os.ReadFile("../../Makefile")
	require.NoError(t, err)
	recipe := regexp.MustCompile(`bench/cmd/onepage -out (\S+) (.*)`).FindStringSubmatch(string(makefile))
	require.NotNil(t, recipe)
	var files []string
	for _, file := range strings.Fields(recipe[2]) {
		files = append(files, filepath.Join("../..", file))
	}
	out := filepath.Join("../..", recipe[1])
	want, err := Of(filepath.Dir(out), files...)
	require.NoError(t, err)
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	require.True(t, bytes.Equal(want, got), "%s is another one: run `make report`", out)
}
