package backup

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"memgraph-controller/controller/api"
	"memgraph-controller/controller/topology"
)

// names are those of the instances in their order.
func names(fit []source) (instances []string) {
	for _, s := range fit {
		instances = append(instances, s.instance)
	}
	return instances
}

func TestReplicasThatFollowAreAskedFirstAndTheMainLast(t *testing.T) {
	fit, refused := sources(healthy())
	require.Equal(t, []source{{"graph-2", RoleReplica, 0, 0}, {"graph-1", RoleVoter, 0, 0}, {"graph-0", RoleMain, 0, 0}}, fit)
	require.Empty(t, refused)
	for name, c := range map[string]struct {
		change func(*api.Status)
		want   []string
	}{
		"the replica is being brought up to date": {func(s *api.Status) { s.Instances[2].Status = topology.StatusRecovery }, []string{"graph-1", "graph-0"}},
		"its history is not clean":                {func(s *api.Status) { s.Instances[2].Clean = false }, []string{"graph-1", "graph-0"}},
		"it is being stopped":                     {func(s *api.Status) { s.Instances[2].Terminating = true }, []string{"graph-1", "graph-0"}},
		"its data are set aside":                  {func(s *api.Status) { s.Instances[2].Quarantined = &topology.Quarantine{} }, []string{"graph-1", "graph-0"}},
		"nobody has a clean history": {func(s *api.Status) {
			for i := range s.Instances {
				s.Instances[i].Clean = false
			}
		}, []string{"graph-0"}},
		"what it writes reaches nobody": {func(s *api.Status) { s.Instances[2].Unreplicated = "runs with storage_wal_enabled=false" }, []string{"graph-1", "graph-0"}},
		"the main has what nobody else has, and its gate is closed for that": {func(s *api.Status) {
			s.Record.Gate, s.Record.Voter, s.Instances[0].Unreplicated = topology.GateClosed, "", "runs with storage_mode=IN_MEMORY_ANALYTICAL"
		}, []string{"graph-0"}},
		"there is no main": {func(s *api.Status) { s.Record.Main, s.Record.Gate = "", topology.GateClosed }, nil},
	} {
		status := healthy()
		c.change(&status)
		fit, refused := sources(status)
		require.Equal(t, c.want, names(fit), name)
		require.Empty(t, refused, name)
	}
}

func TestAReplicaThatLacksTooMuchIsRefusedAndWhyIsSaid(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*api.Status)
		says   string // empty: it is not refused
	}{
		"a little, as under load": {func(s *api.Status) { s.Instances[2].Behind, s.Instances[2].Lag = -maxBehind, api.Duration(maxLag) }, ""},
		"by too much":             {func(s *api.Status) { s.Instances[2].Behind = -maxBehind - 1 }, "graph-2 is behind by 2001"},
		"by little, for an hour": {func(s *api.Status) { s.Instances[2].Behind, s.Instances[2].Lag = -2, api.Duration(time.Hour) },
			"graph-2 is behind by 2 and was last in sync 1h0m0s ago"},
		"it has what the main has not":    {func(s *api.Status) { s.Instances[2].Behind = 2 }, "graph-2 is ahead of the main by 2"},
		"nobody knows by how much":        {func(s *api.Status) { s.Instances[0].Health = topology.HealthSilent }, "graph-2 may lack any number of writes"},
		"a voter is ahead during a write": {func(s *api.Status) { s.Instances[1].Behind = 5 }, ""},
	} {
		status := healthy()
		c.change(&status)
		fit, refused := sources(status)
		require.Contains(t, names(fit), "graph-1", "%s: the voter has everything", name)
		if c.says == "" {
			require.Contains(t, names(fit), "graph-2", name)
			require.Empty(t, refused, name)
			continue
		}
		require.NotContains(t, names(fit), "graph-2", name)
		require.Len(t, refused, 1, name)
		require.ErrorContains(t, refused[0], c.says, name)
	}
}

func TestTheFreshestReplicaIsAskedFirst(t *testing.T) {
	status := healthy()
	for _, name := range []string{"graph-3", "graph-4"} {
		more := status.Instances[2]
		more.Name = name
		status.Instances = append(status.Instances, more)
	}
	status.Instances[2].Behind = -40
	status.Instances[3].Behind, status.Instances[3].Lag = -4, api.Duration(2*time.Second)
	status.Instances[4].Behind, status.Instances[4].Lag = -4, api.Duration(time.Second)
	fit, _ := sources(status)
	require.Equal(t, []string{"graph-4", "graph-3", "graph-2", "graph-1", "graph-0"}, names(fit))
}

func TestTheManifestSaysWhoseSnapshotItIsAndWhatItLacks(t *testing.T) {
	whole := stream(t, "the content")
	status := healthy()
	status.Instances[2].Behind, status.Instances[2].Lag = -6, api.Duration(1500*time.Millisecond)
	for _, broken := range []string{"", "graph-2", "graph-2 graph-1"} {
		store := Folder(t.TempDir())
		j := job(store, func(instance string, out io.Writer) error {
			if bytes.Contains([]byte(broken), []byte(instance)) {
				return errors.New("it cannot")
			}
			_, err := out.Write(whole)
			return err
		})
		j.Status = func(context.Context) (api.Status, error) { return status, nil }
		require.NoError(t, j.Run(t.Context()))
		m := latest(t, store)
		want := map[string]source{
			"":                {"graph-2", RoleReplica, 6, api.Duration(1500 * time.Millisecond)},
			"graph-2":         {"graph-1", RoleVoter, 0, 0},
			"graph-2 graph-1": {"graph-0", RoleMain, 0, 0},
		}[broken]
		require.Equal(t, want, source{m.Instance, m.Role, m.Behind, m.Lag})
	}
}

// The first try may have taken hours, in which a replica falls behind.
func TestBeforeEachTryTheClusterIsAskedAnew(t *testing.T) {
	store, whole := Folder(t.TempDir()), stream(t, "the content")
	now := healthy()
	now.Instances = append(now.Instances, now.Instances[2])
	now.Instances[3].Name, now.Instances[3].Behind = "graph-3", -1
	var said bytes.Buffer
	j := job(store, func(instance string, out io.Writer) error {
		if instance == "graph-2" {
			now.Instances[3].Behind = -50000
			return errors.New("its disk is slow")
		}
		_, err := out.Write(whole)
		return err
	})
	j.Status, j.Log = func(context.Context) (api.Status, error) { return now, nil }, slog.New(slog.NewTextHandler(&said, nil))
	require.NoError(t, j.Run(t.Context()))
	require.Equal(t, "graph-1", latest(t, store).Instance)
	require.Contains(t, said.String(), "graph-3 is behind by 50000")
}

// Nothing is better than a backup that is older than its owner believes: the alert says so.
func TestABackupOfAReplicaThatLacksTooMuchIsNotMadeEvenIfNobodyElseCan(t *testing.T) {
	store, lagging, whole := Folder(t.TempDir()), healthy(), stream(t, "the content")
	lagging.Instances[2].Behind = -50000
	j := job(store, func(instance string, out io.Writer) error {
		if instance == "graph-2" {
			_, err := out.Write(whole)
			return err
		}
		return errors.New("no room on " + instance)
	})
	j.Status = func(context.Context) (api.Status, error) { return lagging, nil }
	err := j.Run(t.Context())
	for _, says := range []string{"no room on graph-1", "no room on graph-0", "graph-2 is behind by 50000"} {
		require.ErrorContains(t, err, says)
	}
	all, _, err := List(t.Context(), store)
	require.NoError(t, err)
	require.Empty(t, all)
}
