package clients

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/e2e/local"
	"memgraph-controller/e2e/workload"
)

func TestScannersOfAllLanguagesCountEveryNode(t *testing.T) {
	if testing.Short() {
		t.Skip("runs real processes for many seconds; -short skips it")
	}
	const nodes = 50
	programs, err := local.Build(t.TempDir())
	require.NoError(t, err)
	c := local.Start(t, programs)
	c.Whole()
	require.NoError(t, workload.Seed(t.Context(), c.Write, nodes))
	for name, scans := range map[string]float64{"again once they are answered": 0, "by chance": 100} {
		for _, language := range []Language{Go, Python} {
			t.Run(name+" "+string(language), func(t *testing.T) {
				client, err := Start(t.Context(), language, Config{
					Write: c.Write, Read: c.Read, Rates: workload.Rates{Scanners: 3, Scans: scans},
				})
				if errors.Is(err, ErrNoVenv) {
					t.Skip(err)
				}
				require.NoError(t, err)
				t.Cleanup(func() { _, _ = client.Stop(context.Background()) })
				c.Eventually("reads are answered", 30*time.Second, func() bool { return len(client.History().Reads) >= 20 })
				history, err := client.Stop(t.Context())
				require.NoError(t, err)
				require.Empty(t, history.Errors())
				for _, r := range history.Reads {
					require.Equal(t, nodes, r.Records)
					require.False(t, r.End.Before(r.Start), "a read is answered after it was due")
				}
			})
		}
	}
}
