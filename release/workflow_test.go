package release_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"memgraph-controller/docs/check"
)

type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Timeout     int      `yaml:"timeout-minutes"`
		Needs       []string `yaml:"needs"`
		Steps       []struct{ Uses, Run, If string }
	}
}

// workflows are those of this repository, by the names of their files.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	paths, err := filepath.Glob(root + "/.github/workflows/*")
	require.NoError(t, err)
	all := map[string]workflow{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var w workflow
		require.NoError(t, yaml.Unmarshal(text, &w), path)
		all[filepath.Base(path)] = w
	}
	require.Contains(t, all, "release.yaml")
	require.Contains(t, all, "ci.yml")
	return all
}

// target is what a line of a step makes, be it as root.
var target = regexp.MustCompile(`(?m)^\s*(?:sudo (?:env "PATH=\$PATH" )?)?make ([a-z0-9-]+)`)

// What a workflow makes is a target, so that everybody can make it at home.
func TestWorkflowsRunTargetsThatThereAre(t *testing.T) {
	makefile, err := os.ReadFile(root + "/Makefile")
	require.NoError(t, err)
	for file, w := range workflows(t) {
		made := 0
		for job, j := range w.Jobs {
			require.Positive(t, j.Timeout, "%s: job %s has no time", file, job)
			for _, step := range j.Steps {
				for _, m := range target.FindAllStringSubmatch(step.Run, -1) {
					made++
					require.Regexp(t, `(?m)^`+m[1]+`:`, string(makefile), "%s, job %s: make %s", file, job, m[1])
				}
			}
		}
		require.Positive(t, made, file)
	}
}

// The table of docs/development.md says when each target runs.
func TestTargetsRunWhenThePageSaysSo(t *testing.T) {
	runs := map[string]map[string]bool{"ci.yml": {}, "weekly.yml": {}}
	for file := range runs {
		for _, job := range workflows(t)[file].Jobs {
			for _, step := range job.Steps {
				for _, m := range target.FindAllStringSubmatch(step.Run, -1) {
					runs[file][m[1]] = true
				}
			}
		}
	}
	pages, err := check.Pages(root)
	require.NoError(t, err)
	listed := map[string]bool{}
	for _, p := range pages {
		for _, table := range p.Tables() {
			if p.Path != "docs/development.md" || table.Head[len(table.Head)-1] != "runs" {
				continue
			}
			for _, row := range table.Rows {
				when := row.Cells[len(row.Cells)-1]
				for _, code := range row.Code[0] {
					if name := target.FindStringSubmatch(code); name != nil {
						listed[name[1]] = true
						require.Equal(t, strings.HasPrefix(when, "each change"), runs["ci.yml"][name[1]], "%s: %s", code, when)
						require.Equal(t, strings.HasPrefix(when, "weekly"), runs["weekly.yml"][name[1]], "%s: %s", code, when)
					}
				}
			}
		}
	}
	for _, installs := range []string{"venv", "tools", "bench-tools"} {
		listed[installs] = true
	}
	for file, made := range runs {
		for name := range made {
			require.True(t, listed[name], "the table does not have make %s, which %s runs", name, file)
		}
	}
}

// A run that failed is of no use without its report.
func TestJobsThatMakeReportsKeepThem(t *testing.T) {
	makefile, err := os.ReadFile(root + "/Makefile")
	require.NoError(t, err)
	reports := regexp.MustCompile(`out/reports|REPORT_DIR`)
	kept := 0
	for file, w := range workflows(t) {
		for name, job := range w.Jobs {
			writes := false
			for _, step := range job.Steps {
				writes = writes || reports.MatchString(step.Run)
				for _, m := range target.FindAllStringSubmatch(step.Run, -1) {
					recipe := regexp.MustCompile(`(?m)^` + m[1] + `:.*\n(\t.*\n|#.*\n)*`).FindString(string(makefile))
					writes = writes || reports.MatchString(recipe)
				}
			}
			if !writes {
				continue
			}
			kept++
			last := job.Steps[len(job.Steps)-1]
			require.Contains(t, last.Uses, "actions/upload-artifact@", "%s, job %s", file, name)
			require.Equal(t, "always()", last.If, "%s, job %s: where it failed, too", file, name)
		}
	}
	require.GreaterOrEqual(t, kept, 11)
}

// The commands by which people verify a release ask for what the workflow signs, under the
// identity that it signs with. Nothing else can be tried without a release.
func TestWhatIsVerifiedIsWhatTheWorkflowSigns(t *testing.T) {
	page, names := check.ScriptOf(t, root), map[string]string{"OWNER": "OWNER", "REPOSITORY": "REPOSITORY"}
	for _, line := range []string{
		"VERSION=v1.2.3", "IMAGE=ghcr.io/OWNER/REPOSITORY",
		`WHO="--certificate-oidc-issuer=https://token.actions.githubusercontent.com`,
		`--certificate-identity=https://github.com/OWNER/REPOSITORY/.github/workflows/release.yaml@refs/tags/$VERSION"`,
		"sha256sum --check --ignore-missing SHA256SUMS",
	} {
		require.Equal(t, line, page.Line(line, names))
	}
	text, err := os.ReadFile(root + "/.github/workflows/release.yaml")
	require.NoError(t, err)
	for verified, signed := range map[string]string{
		"cosign verify $WHO $IMAGE:${VERSION#v}":                                    `cosign sign --yes "$IMAGE@$(digest image)"`,
		"cosign verify $WHO ghcr.io/OWNER/charts/memgraph-controller:${VERSION#v}":  `cosign sign --yes "${CHARTS#oci://}/memgraph-controller@$(digest chart)"`,
		"cosign verify-blob $WHO --bundle SHA256SUMS.sigstore.json SHA256SUMS":      "cosign sign-blob --yes --bundle out/release/SHA256SUMS.sigstore.json out/release/SHA256SUMS\n",
		"cosign verify-attestation $WHO --type cyclonedx $IMAGE:${VERSION#v}-amd64": `cosign attest --yes --type cyclonedx --predicate "out/release/memgraph-controller-linux-$arch.cdx.json" "$IMAGE@$(digest "image-$arch")"`,
	} {
		require.Equal(t, verified, page.Line(verified, names))
		require.Contains(t, string(text), signed)
	}
	for _, part := range []string{"id-token: write", "CHARTS=oci://$REGISTRY/${OWNER,,}/charts", "REGISTRY: ghcr.io", "LICENSES.txt SHA256SUMS SHA256SUMS.sigstore.json"} {
		require.Contains(t, string(text), part)
	}
}

// A tag of an action can be moved by whoever gets hold of it; a commit cannot.
func TestActionsArePinnedToCommits(t *testing.T) {
	pinned := regexp.MustCompile(`uses: \S+/\S+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	for file := range workflows(t) {
		text, err := os.ReadFile(filepath.Join(root, ".github/workflows", file))
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "uses:") {
				require.Regexp(t, pinned, strings.TrimRight(line, "\n"), file)
			}
		}
	}
}

// Nothing may write but the job that publishes, after all others have passed.
func TestOnlyTheJobThatPublishesMayWrite(t *testing.T) {
	for file, w := range workflows(t) {
		require.Equal(t, map[string]string{"contents": "read"}, w.Permissions, file)
		for name, job := range w.Jobs {
			if file != "release.yaml" || name != "publish" {
				require.Empty(t, job.Permissions, "%s, job %s", file, name)
				continue
			}
			require.Equal(t, map[string]string{"contents": "write", "packages": "write", "id-token": "write"}, job.Permissions)
			for other := range w.Jobs {
				require.True(t, other == name || len(job.Needs) > 0 && strings.Contains(strings.Join(job.Needs, " "), other), "publish waits for %s", other)
			}
		}
	}
}
