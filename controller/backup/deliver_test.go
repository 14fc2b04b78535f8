package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// stored is a store with one backup.
func stored(t *testing.T, content string) Folder {
	t.Helper()
	store, whole := Folder(t.TempDir()), stream(t, content)
	require.NoError(t, job(store, func(_ string, out io.Writer) error { _, err := out.Write(whole); return err }).Run(t.Context()))
	return store
}

// A value that was left in the chart may not harm, whatever has become of the store.
func TestNothingIsBroughtToAClusterThatHadAMain(t *testing.T) {
	d := delivery(Folder("/no/such/store"), "", Latest)
	d.Status = func(context.Context) (api.Status, error) {
		return api.Status{Record: topology.Record{Epoch: 1}}, nil
	}
	d.Awaits = func(context.Context) error { return errors.New("it is not asked") }
	require.NoError(t, d.Run(t.Context()))
}

// Pods come up in any order, and controllers answer when they do.
func TestABackupIsBroughtWhenTheInstanceWaitsForIt(t *testing.T) {
	store := stored(t, "the content")
	synctest.Test(t, func(t *testing.T) {
		var said bytes.Buffer
		asked, brought := 0, 0
		d := delivery(store, "", Latest)
		d.Log = slog.New(slog.NewTextHandler(&said, nil))
		d.Status = func(context.Context) (api.Status, error) { return api.Status{}, errors.New("no controller yet") }
		d.Awaits = func(context.Context) error {
			if asked++; asked < 100 {
				return errors.New("no pod yet")
			}
			return nil
		}
		d.Hand = func(_ context.Context, stream io.Reader) error {
			m, err := Restore(stream, filepath.Join(t.TempDir(), "data"))
			require.NoError(t, err)
			require.Equal(t, "20260304T050607Z-db.graph-2", m.Name)
			brought++
			return nil
		}
		require.NoError(t, d.Run(t.Context()))
		require.Equal(t, 1, brought)
		require.Equal(t, 1, strings.Count(said.String(), "no pod yet"), "it is said once")
	})
}

func TestAnInstanceThatIsTakenAwayIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 100*askAgain)
		defer cancel()
		d := delivery(Folder("/"), "", Latest)
		d.Awaits = func(context.Context) error { return errors.New("no such pod") }
		err := d.Run(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "no such pod")
	})
}

// breaking is a store whose snapshots end in the middle.
type breaking struct{ Store }

// Get implements Store.
func (b breaking) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	if strings.HasSuffix(name, manifestFile) {
		return b.Store.Get(ctx, name)
	}
	return io.NopCloser(&brokenStream{left: 700}), nil
}

// The exec may not tell its program that no more will come.
func TestAStoreThatBreaksEndsTheDelivery(t *testing.T) {
	store, data := stored(t, strings.Repeat("the content ", 100)), filepath.Join(t.TempDir(), "data")
	at, ended := wait(t.Context(), t, data)
	d := delivery(breaking{store}, at, Latest)
	hand := d.Hand
	d.Hand = func(ctx context.Context, stream io.Reader) error { // an open end
		open, writer := io.Pipe()
		defer func() { _ = writer.Close() }()
		go func() { _, _ = io.Copy(writer, stream) }()
		return hand(ctx, open)
	}
	require.ErrorContains(t, d.Run(t.Context()), "the connection was lost")
	require.NoDirExists(t, data)

	require.NoError(t, delivery(store, at, Latest).Run(t.Context()), "another one is waited for")
	require.NoError(t, <-ended)
	restored, err := os.ReadFile(filepath.Join(data, "snapshots", "snap_1"))
	require.NoError(t, err)
	require.Equal(t, strings.Repeat("the content ", 100), string(restored))
}

func TestWaitingEndsWithThePod(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	at, ended := wait(ctx, t, filepath.Join(t.TempDir(), "data"))
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
	require.ErrorContains(t, Forward(t.Context(), at, strings.NewReader("a backup")), "nobody waits for a backup here")
}

// Whoever waits cannot take it, and says so while most of it is still to come.
func TestWhyABackupIsRefusedIsSaidByTheDelivery(t *testing.T) {
	store, data := stored(t, strings.Repeat("the content ", 1_000_000)), filepath.Join(t.TempDir(), "data")
	at, _ := wait(t.Context(), t, data)
	require.NoError(t, os.Mkdir(data, 0o755))
	require.ErrorContains(t, delivery(store, at, Latest).Run(t.Context()), "data is there already")
}
