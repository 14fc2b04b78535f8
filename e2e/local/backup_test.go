package local

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/stretchr/testify/require"
)

// Every volume is lost, and a snapshot of one replica brings everything back: the instance
// that has it founds the cluster, and the others are filled from it.
func TestABackupOfAReplicaBringsAClusterBack(t *testing.T) {
	rounds(t, 1, 1)
	c := Start(t, programs)
	require.NoError(t, query(t.Context(), c.Write, "UNWIND range(1, 500) AS i CREATE (:Kept {id: i})"))
	status := c.Whole()
	stream, err := c.backup(third(status))
	if err != nil { // before 3.7.2 replicas take no snapshots
		require.ErrorContains(t, err, "take no snapshots")
		stream, err = c.backup(main(status))
	}
	require.NoError(t, err)
	require.NoError(t, query(t.Context(), c.Write, "CREATE (:Kept {id: 501})"))
	c.Stop()
	require.NoError(t, os.RemoveAll(filepath.Join(c.dir, "data")))

	unpack(t, stream, filepath.Join(c.dir, "data", "memgraph-0", "data", "snapshots"))
	c.Run()
	for _, i := range c.Whole().Instances {
		kept, err := as(t.Context(), i.Bolt, neo4j.NoAuth(), count)
		require.NoError(t, err, i.Name)
		require.Equal(t, int64(500), kept, i.Name)
	}
	require.NoError(t, query(t.Context(), c.Write, "CREATE (:Kept {id: 502})"))
}

// backup is what the program sends when it runs beside an instance.
func (c *Cluster) backup(instance string, flags ...string) (io.Reader, error) {
	c.t.Helper()
	_, port, err := net.SplitHostPort(c.Bolt(instance))
	require.NoError(c.t, err)
	args := append([]string{"backup", "send", "--bolt=127.0.0.1:" + port, "--data=" + filepath.Join(c.dir, "data", instance, "data")}, flags...)
	send := exec.Command(c.args[0], args...)
	var stream, said bytes.Buffer
	send.Stdout, send.Stderr = &stream, &said
	if err := send.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, said.String())
	}
	return &stream, nil
}

// unpack writes the files of a backup's stream into a folder, but for its manifest.
func unpack(t *testing.T, stream io.Reader, folder string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(folder, 0o755))
	archive := tar.NewReader(stream)
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if header.Name == "manifest.json" {
			continue
		}
		content, err := io.ReadAll(archive)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, header.Name), content, 0o600))
	}
}
