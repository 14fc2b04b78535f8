package release

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"memgraph-controller/clusters/command"
)

func TestAPlanThatCannotBeIsRefused(t *testing.T) {
	good := Plan{Version: "v1.2.3-rc.1", Image: "ghcr.io/me/memgraph-controller", Out: "out"}
	require.NoError(t, good.check())
	require.Equal(t, "1.2.3-rc.1", good.Tag())
	for name, c := range map[string]struct {
		spoil func(*Plan)
		says  string
	}{
		"no v":              {func(p *Plan) { p.Version = "1.2.3" }, `version "1.2.3" is not one such as v1.2.3`},
		"no patch":          {func(p *Plan) { p.Version = "v1.2" }, "v1.2.3"},
		"a command":         {func(p *Plan) { p.Version = "v1.2.3; rm" }, "v1.2.3"},
		"image with digest": {func(p *Plan) { p.Image += "@sha256:1" }, "in lower case"},
		"capitals":          {func(p *Plan) { p.Image = "ghcr.io/Me/x" }, "in lower case"},
		"nowhere":           {func(p *Plan) { p.Out = "" }, "no folder"},
	} {
		t.Run(name, func(t *testing.T) {
			p := good
			c.spoil(&p)
			require.ErrorContains(t, Make(t.Context(), command.Exec{}, p), c.says)
		})
	}
}

func TestALicenceThatIsUnknownOrNotAllowedIsAProblem(t *testing.T) {
	require.Empty(t, Disallowed([]Library{{"a", "MIT", "text"}, {"b", "Apache-2.0", "text"}}))
	require.Equal(t, []string{
		`gpl has the licence "GPL-3.0", which is not among those of Allowed`,
		`none has the licence "Unknown", which is not among those of Allowed`,
		`lost has the licence "", which is not among those of Allowed`,
		"the text of the licence of bare is not found",
	}, Disallowed([]Library{{"gpl", "GPL-3.0", "text"}, {"none", "Unknown", ""}, {"lost", "", ""}, {"bare", "MIT", " "}}))
	for name, reason := range Allowed() {
		require.NotEmpty(t, reason, name)
	}
}

func TestAReportOfLicencesThatIsNotUnderstoodIsAnError(t *testing.T) {
	list, err := libraries("a\x1fMIT\x1ftext\nof it\x1eb\x1fISC\x1f\x1e")
	require.NoError(t, err)
	require.Equal(t, []Library{{"a", "MIT", "text\nof it"}, {"b", "ISC", ""}}, list)
	for _, report := range []string{"", "a,MIT", "a\x1fMIT\x1e"} {
		_, err := libraries(report)
		require.ErrorContains(t, err, "instead of 3", "%q", report)
	}
}

func TestTheChartInstallsTheReleasedImage(t *testing.T) {
	values := filepath.Join(t.TempDir(), "values.yaml")
	p := Plan{Image: "ghcr.io/me/memgraph-controller"}
	text, err := os.ReadFile("../charts/memgraph-controller/values.yaml")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(values, text, 0o600))
	require.NoError(t, p.nameImage(values))
	text, err = os.ReadFile(values)
	require.NoError(t, err)
	require.Contains(t, string(text), "  repository: ghcr.io/me/memgraph-controller\n")
	require.ErrorContains(t, p.nameImage(values), "do not say", "it has been named already")
}
