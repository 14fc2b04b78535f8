package kube

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/chaos/fault"
	"memgraph-controller/e2e/clients"
)

// clientsNamespace is one that has nothing to do with the release.
const clientsNamespace = "e2e-clients"

func TestServicesAreFoundByNameInsideTheCluster(t *testing.T) {
	scenario(t, "clients in pods and outside are served alike, through a failover too", func(ctx context.Context, s *Scenario) {
		s.clear(ctx)
		load := s.idle(ctx, writeRate)
		load.inPods(ctx)
		load.steady(ctx, load.rate, "before the fault")
		for range s.Rounds(5, 1) {
			main := s.Whole(ctx, s).Record.Main
			load.Round(ctx, fault.Delete(s.Target(), fault.Main), moved(main))
		}
		load.Judge(ctx, Promise{Gap: targetMax, Connections: true})
	})
}

// inPods puts four clients to work, in both languages: two outside the cluster, one
// in the release's namespace, which uses the short names of the Services, and one
// in another, which uses the full ones.
func (l *Load) inPods(ctx context.Context) {
	s := l.s
	s.Helper()
	images, err := s.site.Clients(ctx, s.Kind)
	require.NoError(s, err)
	_, err = s.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: clientsNamespace}}, metav1.CreateOptions{})
	if !apierrors.IsAlreadyExists(err) {
		require.NoError(s, err)
	}
	gateways := func(suffix string) clients.Config {
		address := func(service string) string { return fmt.Sprintf("%s-%s%s:%d", s.Prefix, service, suffix, boltPort) }
		return l.config(address("gateway"), address("gateway-read"), 4)
	}
	add := func(client clients.Client, err error) {
		s.Helper()
		require.NoError(s, err)
		l.clients = append(l.clients, client)
	}
	add(clients.Run(ctx, s.Client, clients.Pod{Namespace: s.Namespace, Image: images.Go}, clients.Go, gateways("")))
	full := "." + s.Namespace + ".svc.cluster.local"
	add(clients.Run(ctx, s.Client, clients.Pod{Namespace: clientsNamespace, Image: images.Python}, clients.Python, gateways(full)))
	for _, language := range []clients.Language{clients.Go, clients.Python} {
		add(clients.Start(ctx, language, l.config(s.Write, s.Read, 4)))
	}
}
