package clients_test

import (
	"os"
	"os/exec"
	"regexp"
	"testing"
	"time"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j/config"
	"github.com/stretchr/testify/require"
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

func TestThePageOfClientSettingsShowsPythonThatRuns(t *testing.T) {
	if _, err := os.Stat(python); err != nil {
		t.Skip("needs the Python driver: make venv")
	}
	out, err := exec.CommandContext(t.Context(), python, "-W", "error", "-c", block(t, "python")+"driver.close()\n").CombinedOutput()
	require.NoError(t, err, string(out))
}
