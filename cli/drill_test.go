package cli

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"memgraph-controller/cli/cluster/apiserver"
	"memgraph-controller/clusters/standin"
	"memgraph-controller/clusters/standin/disk"
	"memgraph-controller/controller/api"
)

// drillable is a release with three controllers, whose gateways lead to one database.
type drillable struct {
	*kubernetes
	mu      sync.Mutex
	deleted []string
}

func forDrill(t *testing.T) *drillable {
	t.Helper()
	d := &drillable{kubernetes: inKubernetes(t)}
	address := database(t)
	d.Pods = append(d.Pods, apiserver.Controller("graph", "graph-c", true))
	d.Ports["graph-c:8080"] = d.Ports["graph-a:8080"]
	for _, pod := range []string{"graph-a", "graph-b", "graph-c"} {
		d.Ports[pod+":7687"], d.Ports[pod+":7688"] = address, address
	}
	d.all(func(s *api.Status) {
		s.Controllers = []api.ControllerStatus{{Name: "graph-a", Applied: 7}, {Name: "graph-b", Applied: 7}, {Name: "graph-c", Applied: 7}}
		for i := range s.Instances {
			s.Instances[i].Process, s.Instances[i].PID = "before", ""
		}
	})
	d.Deleted = d.took
	return d
}

// took keeps who was deleted.
func (d *drillable) took(pod string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.deleted = append(d.deleted, pod)
}

// all changes what every controller says.
func (d *drillable) all(change func(*api.Status)) {
	for _, c := range []*controller{d.a, d.b} {
		c.mu.Lock()
		// Not even the arrays are shared with an answer that is under way.
		text, _ := json.Marshal(c.status)
		var status api.Status
		_ = json.Unmarshal(text, &status)
		change(&status)
		c.status = status
		c.mu.Unlock()
	}
}

// database is a database on this machine.
func database(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	config := standin.Defaults()
	config.Name, config.Disk, config.Random = "memgraph-0", &disk.Memory{}, rand.Reader
	config.StorageSnapshotOnExit = false
	config.BoltAddress = listener.Addr().String()
	require.NoError(t, listener.Close())
	instance, err := standin.Start(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(instance.Kill)
	return config.BoltAddress
}

// failsOver lets the controllers answer the loss of the main's pod.
func (d *drillable) failsOver(pod string) {
	d.took(pod)
	failover := ended(goingOn(api.PhaseFence, api.PhasePromote), api.ResultCompleted, "memgraph-0 is dead")
	failover.ID, failover.Kind, failover.From = "epoch-8", api.KindFailover, "memgraph-0"
	d.b.mu.Lock()
	d.b.failovers = append(d.b.failovers, failover)
	d.b.mu.Unlock()
	d.all(func(s *api.Status) {
		s.Record.Main, s.Record.Voter = "memgraph-1", "memgraph-2"
		s.Instances[0].Process = "after"
		s.Transitions = append(s.Transitions, api.Transition{Time: at().Add(time.Second), Text: "epoch 9: main memgraph-1"})
	})
}

func TestDrillKillsTheMainsPodAndSaysWhatClientsSaw(t *testing.T) {
	t.Parallel()
	d := forDrill(t)
	d.Deleted = d.failsOver
	got := d.command(t, "drill", "kill-main", "--yes", "--writes", "--user", "ada")
	require.Equal(t, exitDone, got.code, got.err)
	require.Equal(t, []string{"memgraph-0"}, d.deleted)
	for _, want := range []string{
		"kill-main of release graph in namespace db of context test: main memgraph-0 is deleted by force. Then memgraph-1 becomes main",
		"One node with the label MemgraphDrill is written to and removed.",
		"epoch 9: main memgraph-1", "the cluster is whole again, after ",
		"the write gateway (writes)", "the read gateway", "0 failed",
		"failover (requested), memgraph-0 -> memgraph-1: completed", "promote",
		"Recovered: no client waited longer than ",
	} {
		require.Contains(t, got.out, want)
	}
	require.NotContains(t, got.out, "an error at")
}

func TestDrillOfTheLeadingControllerGoesOnThroughAnother(t *testing.T) {
	t.Parallel()
	d := forDrill(t)
	d.Deleted = func(pod string) {
		d.took(pod)
		delete(d.Ports, "graph-b:8080")
		d.all(func(s *api.Status) { s.Leader = "graph-a" })
	}
	got := d.command(t, "drill", "kill-controller", "--yes", "--user", "ada")
	require.Equal(t, exitDone, got.code, got.err)
	require.Equal(t, []string{"graph-b"}, d.deleted)
	require.Contains(t, got.out, "Recovered: ")
}

func TestDrillFailsWhereTheClusterDoesNotRecover(t *testing.T) {
	t.Parallel()
	d := forDrill(t) // whose main stays as it is
	got := d.command(t, "drill", "kill-main", "--yes", "--user", "ada", "--timeout", "1s")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.err, "the drill failed: the cluster is not whole after 1s: main memgraph-0 still runs as process before")
	require.Contains(t, got.out, "What clients saw")

	d.Deleted = d.failsOver
	got = d.command(t, "drill", "kill-main", "--yes", "--user", "ada", "--within", "1ms")
	require.Equal(t, exitFailed, got.code)
	require.Contains(t, got.err, "and 1ms is the bound")
	require.NotContains(t, got.out, "Recovered")
}

func TestDrillBreaksNothingWhereItShouldNot(t *testing.T) {
	cases := map[string]struct {
		prepare func(*drillable)
		answer  string
		args    []string
		code    int
		says    string
	}{
		"the cluster is not in order": {
			func(d *drillable) { d.all(func(s *api.Status) { s.Record.Voter = "" }) }, "", []string{"--yes"},
			exitRefused, "a drill would be a risk now: if the main were lost: nobody could follow without loss",
		},
		"nobody confirms":        {func(*drillable) {}, "no\n", nil, exitRefused, "nothing was done"},
		"nobody can be asked":    {func(*drillable) {}, "", nil, exitUsage, "confirm with --yes"},
		"may not read the user":  {func(d *drillable) { d.Secrets = nil }, "", []string{"--yes"}, exitFailed, "or give it with --user and --password"},
		"the pod is another one": {func(d *drillable) { d.Pods[2].Name = "memgraph-9" }, "", []string{"--yes"}, exitFailed, "pod main memgraph-0 of release graph"},
		"its node is lost": {
			func(d *drillable) {
				d.Pods[2].Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "in-sync"}}
				d.Pods[2].Status.Conditions = []corev1.PodCondition{
					{Type: corev1.PodReady, Status: corev1.ConditionFalse},
					{Type: corev1.ContainersReady, Status: corev1.ConditionTrue}, {Type: "in-sync", Status: corev1.ConditionTrue},
				}
			}, "", []string{"--yes"}, exitRefused, "main memgraph-0, deleted by force there, would run on",
		},
		"clients are not served": {
			func(d *drillable) {
				d.Ports["graph-a:7687"], d.Ports["graph-b:7687"], d.Ports["graph-c:7687"] = "127.0.0.1:1", "127.0.0.1:1", "127.0.0.1:1"
			},
			"", []string{"--yes", "--user", "ada"}, exitFailed, "nothing was done, because clients are not served as it is",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := forDrill(t)
			c.prepare(d)
			got := command(t, c.answer, append([]string{"drill", "kill-main", "--kubeconfig", d.kubeconfig}, c.args...)...)
			require.Equal(t, c.code, got.code, got.err)
			require.Contains(t, got.err, c.says)
			require.Empty(t, d.deleted)
		})
	}
}

// While somebody is asked, another process may have come into the place of the main's.
func TestDrillStrikesNobodyButWhomItAnnounced(t *testing.T) {
	c := &controller{status: withControllers(healthy(), 3)}
	terminal := &Terminal{Out: io.Discard, Err: io.Discard}
	d := &drilling{
		drillCommand: &drillCommand{Fault: killMain}, terminal: terminal,
		r: (&clusterFlags{}).at(c.serve(t, ""), terminal), before: c.status,
	}
	defer d.r.close()
	var err error
	d.victim, err = d.target(t.Context())
	require.NoError(t, err)
	require.NoError(t, d.again(t.Context()))

	restarted := withControllers(healthy(), 3)
	restarted.Instances[0].Process = "another"
	c.mu.Lock()
	c.status = restarted
	c.mu.Unlock()
	require.ErrorContains(t, d.again(t.Context()), "main memgraph-0 is not what it was when you were asked")
}

func TestDrillByAddressIsForLocalClusters(t *testing.T) {
	c := &controller{status: healthy()}
	c.status.Gateways = nil
	address := c.serve(t, "")
	got := command(t, "", "drill", "kill-controller", "--yes", "--server", address)
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.err, "with 0 controllers")
	for i := range c.status.Instances {
		c.status.Instances[i].PID = ""
	}
	got = command(t, "", "drill", "kill-main", "--yes", "--server", address)
	require.Equal(t, exitRefused, got.code)
	require.Contains(t, got.err, "leave out --server to go through the kubeconfig")
	require.Empty(t, c.asked)
}
