package release_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

type workflow struct {
	Permissions map[string]string
	Jobs        map[string]struct {
		Permissions map[string]string
		Timeout     int      `yaml:"timeout-minutes"`
		Needs       []string `yaml:"needs"`
		Steps       []struct{ Uses, Run string }
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

// What a workflow makes is a target, so that everybody can make it at home.
func TestWorkflowsRunTargetsThatThereAre(t *testing.T) {
	makefile, err := os.ReadFile(root + "/Makefile")
	require.NoError(t, err)
	target := regexp.MustCompile(`(?m)^\s*make ([a-z0-9-]+)`)
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

// The commands by which people verify a release ask for what the workflow signs, under the
// identity that it signs with. Nothing else can be tried without a release.
func TestWhatIsVerifiedIsWhatTheWorkflowSigns(t *testing.T) {
	page, err := os.ReadFile(root + "/SECURITY.md")
	require.NoError(t, err)
	require.Contains(t, string(page), "/.github/workflows/release.yaml@refs/tags/$VERSION")
	text, err := os.ReadFile(root + "/.github/workflows/release.yaml")
	require.NoError(t, err)
	for verified, signed := range map[string]string{
		"cosign verify $WHO $IMAGE:${VERSION#v} ":                                   `cosign sign --yes "$IMAGE@$(digest image)"`,
		"cosign verify $WHO ghcr.io/OWNER/charts/memgraph-controller:${VERSION#v} ": `cosign sign --yes "${CHARTS#oci://}/memgraph-controller@$(digest chart)"`,
		"verify-blob $WHO --bundle SHA256SUMS.sigstore.json SHA256SUMS ":            "cosign sign-blob --yes --bundle out/release/SHA256SUMS.sigstore.json out/release/SHA256SUMS\n",
		"verify-attestation $WHO --type cyclonedx $IMAGE:${VERSION#v}-amd64":        `cosign attest --yes --type cyclonedx --predicate "out/release/memgraph-controller-linux-$arch.cdx.json" "$IMAGE@$(digest "image-$arch")"`,
	} {
		require.Contains(t, string(page), verified)
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
