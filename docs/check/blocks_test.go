package check

import (
	"context"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whoever copies a block out of a page gets one that somebody has executed.
func TestEveryBlockOfCommandsIsExecutedBySomeTest(t *testing.T) {
	seen, tests := map[Way]int{}, testsOf(t, root)
	scripted := 0
	for _, p := range pages(t) {
		if !p.Guide() {
			continue
		}
		blocks, err := p.Blocks()
		require.NoError(t, err)
		for _, b := range blocks {
			seen[b.Way]++
			if name, is := b.Way.Test(); is {
				require.Contains(t, tests, name, "%s: there is no %s", b, name)
				if !slices.Contains(byOtherMeans, name) {
					require.True(t, tests[name].scripted, "%s: %s does not take its lines from the page (ScriptOf, or For with its Way)", b, name)
					scripted++
				}
			}
		}
	}
	require.Greater(t, scripted, 5)
	for way, executor := range Executors {
		require.Positive(t, seen[way], "no page has a block that is run by %s", way)
		require.True(t, has(testsOf(t, filepath.Join(root, executor.Package)), executor.Test), "%s has no %s", executor.Package, executor.Test)
	}
}

// byOtherMeans are tests that do the same as the blocks that name them, without their lines.
var byOtherMeans = []string{
	"TestARelease", // make release is a thin cover of what it calls in two folders
	"TestUpgradeOfMemgraph", "TestQuarantineExportWritesATar",
}

// What the test above rests on.
func TestABlockThatNobodyExecutesIsAnError(t *testing.T) {
	blocks := func(text string) ([]Block, error) { return parse("page.md", []byte(text)).Blocks() }
	for _, text := range []string{
		"    frobnicate --all\n",
		"    make test\n    frobnicate --all\n",
		"<!-- run: nowhere -->\n\n    make test\n",
		"```sh\nfrobnicate\n```\n",
		"- item\n\n      frobnicate\n",
	} {
		_, err := blocks("text\n\n" + text)
		require.ErrorContains(t, err, "nothing executes this block", text)
	}
	found, err := blocks("text\n\n    A=1 make test # so it is\n\n    # and\n    make \\\n      lint\n\n<!-- run: no -->\n\n    TABLE\n\n```yaml\na: 1\n```\n")
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, Make, found[0].Way)
	require.Equal(t, []string{"A=1 make test", "make lint"}, found[0].Commands)
	require.Equal(t, Listing, found[1].Way)
}

var (
	variable = regexp.MustCompile(`\b([A-Z][A-Z_]+)=`)
	getenv   = regexp.MustCompile(`(?:Getenv|LookupEnv|getenv|Set|number\(t,)\(?\s*"([A-Z_]+)"`)
	constant = regexp.MustCompile(`= "([A-Z][A-Z_]+)"`)
)

// make is not told to do it here, which takes hours: only what it would do. CI runs the targets.
func TestTargetsAndVariablesOfMakeExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	known := variables(t)
	blocks, err := For(pages(t), Make)
	require.NoError(t, err)
	var lines []string
	for _, b := range blocks {
		lines = append(lines, b.Commands...)
	}
	for _, p := range pages(t) {
		for _, code := range p.Code() {
			if strings.HasPrefix(code, "make ") {
				lines = append(lines, code)
			}
		}
	}
	for _, line := range slices.Compact(slices.Sorted(slices.Values(lines))) {
		for _, v := range variable.FindAllStringSubmatch(line, -1) {
			inMakefile := strings.Contains(string(makefile), "("+v[1]+")") || strings.Contains(string(makefile), "("+v[1]+",")
			require.True(t, inMakefile || known[v[1]], "%s: nobody reads %s", line, v[1])
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		command := exec.CommandContext(ctx, "sh", "-c", strings.Replace(line, "make ", "make --dry-run --no-print-directory ", 1))
		command.Dir = root
		out, err := command.CombinedOutput()
		cancel()
		require.NoError(t, err, "%s\n%s", line, out)
	}
}

// variables are those that the programs and tests of the repository read.
func variables(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	sources, err := exec.Command("git", "-C", root, "ls-files", "*.go").Output()
	require.NoError(t, err)
	for _, file := range strings.Fields(string(sources)) {
		source, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		for _, pattern := range []*regexp.Regexp{getenv, constant} {
			for _, found := range pattern.FindAllSubmatch(source, -1) {
				known[string(found[1])] = true
			}
		}
	}
	return known
}

// Programs of this repository that write reports, and tests by name: each has a test of its
// own, so that it is enough that they, their flags and their files are there.
func TestProgramsAndTestsOfTheRepositoryExist(t *testing.T) {
	blocks, err := For(pages(t), Go)
	require.NoError(t, err)
	for _, b := range blocks {
		for _, line := range b.Commands {
			words := strings.Fields(setting.ReplaceAllString(line, ""))
			require.Greater(t, len(words), 2, "%s: %s", b, line)
			at := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "./") || w == "." })
			require.Positive(t, at, "%s: %s names no package", b, line)
			folder := filepath.Join(root, strings.TrimSuffix(words[at], "/..."))
			require.DirExists(t, folder, b)
			if words[1] == "run" {
				requireFlags(t, folder, words[at+1:], line)
			}
			for n, word := range words[:len(words)-1] {
				if word == "-run" && words[n+1] != "'^$'" {
					pattern := regexp.MustCompile(strings.Trim(words[n+1], "'"))
					require.True(t, slices.ContainsFunc(slices.Collect(maps.Keys(testsOf(t, folder))), pattern.MatchString), "%s: no test is called %s", b, words[n+1])
				}
			}
		}
	}
}

// requireFlags: the program's sources declare each flag, and each file that is read exists.
func requireFlags(t *testing.T, folder string, words []string, line string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	require.NoError(t, err)
	var source strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		source.Write(text)
	}
	for _, word := range words {
		if name, is := strings.CutPrefix(word, "-"); is {
			require.Contains(t, source.String(), `"`+strings.TrimLeft(name, "-")+`"`, line)
		}
	}
}

var commit = regexp.MustCompile(`\b[0-9a-f]{7}\b`)

// Blocks that go back to an older commit show a bug again: each is executed in a clone, and has
// to fail as it says. It takes 40 s, because old code is compiled; -short looks for the commits
// only.
func TestOlderStatesShowTheirBugs(t *testing.T) {
	if shallow, err := exec.Command("git", "-C", root, "rev-parse", "--is-shallow-repository").Output(); err != nil || strings.TrimSpace(string(shallow)) != "false" {
		t.Skip("needs the whole history")
	}
	blocks, err := For(pages(t), Git)
	require.NoError(t, err)
	for _, b := range blocks {
		for _, id := range commit.FindAllString(b.Text, -1) {
			require.NoError(t, exec.Command("git", "-C", root, "cat-file", "-e", id+"^{commit}").Run(), "%s: no commit %s", b, id)
		}
		if !testing.Short() && !strings.Contains(b.Text, "$fix") { // the recipe that the table is about
			t.Run(path.Base(b.String()), func(t *testing.T) { requireFails(t, b) })
		}
	}
}

func requireFails(t *testing.T, b Block) {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "clone")
	out, err := exec.Command("git", "clone", "--quiet", "--shared", root, clone).CombinedOutput()
	require.NoError(t, err, string(out))
	shell := exec.CommandContext(t.Context(), "sh", "-ec", b.Text)
	shell.Dir = clone
	out, err = shell.CombinedOutput()
	require.Error(t, err, "%s: nothing failed\n%s", b, out)
	require.Contains(t, string(out), "--- FAIL", "%s: it did not come to a test", b)
}

// They are executed on a cluster only, which takes its time: what can be seen before is.
func TestCommandsForAClusterHaveNoUnknownPlaceholders(t *testing.T) {
	blocks, err := For(pages(t), Cluster, Dry, Install)
	require.NoError(t, err)
	for _, b := range blocks {
		for _, line := range b.Commands {
			_, err := Fill(line, map[string]string{"N": "n", "R": "r", "POD": "p", "INSTANCE": "i"})
			require.NoError(t, err, b)
		}
	}
	filled, err := Fill("kubectl -n N exec deploy/R-controller -- x --to INSTANCE", map[string]string{"N": "a", "R": "b", "INSTANCE": "c"})
	require.NoError(t, err)
	require.Equal(t, "kubectl -n a exec deploy/b-controller -- x --to c", filled)
	filled, err = Fill("kubectl get pvc -l a=R,b=database", map[string]string{"R": "b"})
	require.NoError(t, err)
	require.Equal(t, "kubectl get pvc -l a=b,b=database", filled)
	filled, err = Fill("kubectl create rolebinding x --serviceaccount=N:ada\nTOKEN=$(token)\nA_TOKEN=$TOKEN program", map[string]string{"N": "b"})
	require.NoError(t, err)
	require.Equal(t, "kubectl create rolebinding x --serviceaccount=b:ada\nTOKEN=$(token)\nA_TOKEN=$TOKEN program", filled)
	_, err = Fill("kubectl delete pod THING", nil)
	require.ErrorContains(t, err, "THING")
}
