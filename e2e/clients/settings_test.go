package clients_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"

	"memgraph-controller/docs/check"
	"memgraph-controller/e2e/local"
)

const (
	clientsPage = "../../docs/clients.md"
	// python is that of the suites' own environment (make venv).
	python = "../../out/venv/bin/python"
)

// The one of the page.
func newDriver(address string, auth neo4j.AuthToken) (neo4j.DriverWithContext, error) {
	return neo4j.NewDriverWithContext(address, auth, func(c *config.Config) {
		c.ConnectionLivenessCheckTimeout = 30 * time.Second
		c.MaxConnectionLifetime = 10 * time.Minute
	})
}

// block is the code of one language on the page.
func block(t *testing.T, language string) string {
	t.Helper()
	page, err := os.ReadFile(clientsPage)
	require.NoError(t, err)
	found := regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	require.Len(t, found, 1)
	return found[0][1]
}

func TestThePageOfClientSettingsShowsGoThatCompiles(t *testing.T) {
	source, err := os.ReadFile("settings_test.go")
	require.NoError(t, err)
	require.Contains(t, string(source), block(t, "go"))
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
	if _, err := os.Stat(python); err != nil {
		t.Skip("needs the Python driver: make venv")
	}
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
