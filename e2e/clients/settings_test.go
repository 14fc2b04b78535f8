package clients_test

import (
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"

	"memgraph-controller/docs/check"
	"memgraph-controller/e2e/clients"
	"memgraph-controller/e2e/local"
)

// The one of the page.
func newDriver(address string, auth neo4j.AuthToken) (neo4j.DriverWithContext, error) {
	return neo4j.NewDriverWithContext(address, auth, func(c *config.Config) {
		c.ConnectionLivenessCheckTimeout = 30 * time.Second
		c.MaxConnectionLifetime = 10 * time.Minute
	})
}

func TestThePageOfClientSettingsShowsGoThatCompiles(t *testing.T) {
	source, err := os.ReadFile("settings_test.go")
	require.NoError(t, err)
	pages, err := check.Pages("../..")
	require.NoError(t, err)
	page := slices.IndexFunc(pages, func(p check.Page) bool { return p.Path == "docs/clients.md" })
	shown := pages[page].Fenced("go")
	require.Len(t, shown, 1)
	require.Contains(t, string(source), shown[0])
	driver, err := newDriver("bolt://localhost:1", neo4j.NoAuth())
	require.NoError(t, err)
	require.NoError(t, driver.Close(t.Context()))
}

// The Python of all pages runs as it stands there, but for the addresses of a cluster on this
// machine.
func TestThePagesShowPythonThatRuns(t *testing.T) {
	if testing.Short() {
		t.Skip("runs real processes for many seconds; -short skips it")
	}
	python, err := clients.Interpreter()
	if errors.Is(err, clients.ErrNoVenv) {
		t.Skip(err)
	}
	require.NoError(t, err)
	pages, err := check.Pages("../..")
	require.NoError(t, err)
	blocks, err := check.For(pages, check.Python)
	require.NoError(t, err)
	programs, err := local.Build(t.TempDir())
	require.NoError(t, err)
	c := local.Start(t, programs)
	addresses := strings.NewReplacer(
		"localhost:7687", c.Write, "memgraph-gateway:7687", c.Write, "localhost:7688", c.Read, "memgraph-gateway-read:7687", c.Read,
	)
	for _, b := range blocks {
		program := addresses.Replace(b.Text) + "\nif 'driver' in globals():\n    driver.verify_connectivity()\n    driver.close()\n"
		out, err := exec.CommandContext(t.Context(), python, "-W", "error", "-c", program).CombinedOutput()
		require.NoError(t, err, "%s\n%s", b, out)
	}
}
