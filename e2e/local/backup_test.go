package local

import (
	"archive/tar"
	"bytes"
	"context"
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
	c := Start(t, programs)
	query := func(address, text string) any {
		t.Helper()
		driver, err := neo4j.NewDriverWithContext("bolt://"+address, neo4j.NoAuth())
		require.NoError(t, err)
		defer driver.Close(context.Background())
		result, err := neo4j.ExecuteQuery(t.Context(), driver, text, nil, neo4j.EagerResultTransformer)
		require.NoError(t, err, text)
		if len(result.Records) == 0 {
			return nil
		}
		return result.Records[0].Values[0]
	}
	query(c.Write, "UNWIND range(1, 500) AS i CREATE (:Kept {id: i})")
	status := c.Whole()
	stream, err := c.backup(third(status))
	if err != nil { // before 3.7.2 replicas take no snapshots
		require.ErrorContains(t, err, "take no snapshots")
		stream, err = c.backup(main(status))
	}
	require.NoError(t, err)
	query(c.Write, "CREATE (:Kept {id: 501})")
	c.Stop()
	require.NoError(t, os.RemoveAll(filepath.Join(c.dir, "data")))

	unpack(t, stream, filepath.Join(c.dir, "data", "memgraph-0", "data", "snapshots"))
	c.Run()
	for _, i := range c.Whole().Instances {
		require.Equal(t, int64(500), query(i.Bolt, "MATCH (n:Kept) RETURN count(n)"), i.Name)
	}
	query(c.Write, "CREATE (:Kept {id: 502})")
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
