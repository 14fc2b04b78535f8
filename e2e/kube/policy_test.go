package kube

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/clusters/helm"
	"memgraph-controller/e2e/kube/fleet"
	"memgraph-controller/e2e/kube/node"
)

// openWithin is how long a connection may take to open before it counts as kept
// away.
const openWithin = 2 * time.Second

func TestOnlyGatewaysReachTheDatabases(t *testing.T) {
	scenario(t, "strangers reach the gateways and no database", func(ctx context.Context, s *Scenario) {
		databases, err := s.Pods(ctx, s.Databases)
		require.NoError(s, err)
		controllers, err := s.Pods(ctx, s.Controllers)
		require.NoError(s, err)
		controller, err := fleet.Process(ctx, &controllers[0], fleet.Controller)
		require.NoError(s, err)
		for _, d := range databases {
			if !controller.Reaches(ctx, d.Status.PodIP, boltPort, openWithin) {
				s.Void("not even a controller reaches %s: the policy is not what keeps others away", d.Name)
			}
			require.False(s, controller.Reaches(ctx, d.Status.PodIP, replicationPort, openWithin), "a controller reaches the replication port of %s", d.Name)
		}
		for _, namespace := range []string{"e2e-stranger", s.Namespace} {
			s.strangerIsKeptAway(ctx, namespace, databases)
		}
	})
}

func (s *Scenario) strangerIsKeptAway(ctx context.Context, namespace string, databases []corev1.Pod) {
	s.Helper()
	pod := s.stranger(ctx, namespace, nil)
	process, err := fleet.Process(ctx, pod, strangerName)
	require.NoError(s, err)
	for _, gateway := range []string{s.Prefix + "-gateway", s.Prefix + "-gateway-read"} {
		service, err := s.Client.CoreV1().Services(s.Namespace).Get(ctx, gateway, metav1.GetOptions{})
		require.NoError(s, err)
		require.True(s, process.Reaches(ctx, service.Spec.ClusterIP, boltPort, openWithin), "a pod of namespace %s does not reach %s", namespace, gateway)
	}
	for _, d := range databases {
		for _, port := range []int{boltPort, replicationPort} {
			require.False(s, process.Reaches(ctx, d.Status.PodIP, port, openWithin), "a pod of namespace %s reaches port %d of %s", namespace, port, d.Name)
		}
	}
}

// admitted is the label that the values of the test below let in.
const admitted = "e2e-admitted"

// The values that narrow who may connect do what they say: a pod that they name gets through
// to gateways and API, and the same pod without the label does not. Until it is kept away
// nothing is proved, and where everybody was kept away the other probe would show it.
func TestOnlyClientsThatTheValuesNameReachGatewaysAndAPI(t *testing.T) {
	scenario(t, "gatewayClients and httpClients keep all others away", func(ctx context.Context, s *Scenario) {
		peers := func(kind string) []any {
			return []any{helm.Values{"podSelector": helm.Values{"matchLabels": helm.Values{admitted: kind}}}}
		}
		probes := map[string]node.Process{}
		for kind, labels := range map[string]map[string]string{
			"nobody": nil, "gateway": {admitted: "gateway"}, "http": {admitted: "http"},
		} {
			process, err := fleet.Process(ctx, s.stranger(ctx, s.Namespace, labels), strangerName)
			require.NoError(s, err)
			probes[kind] = process
		}
		controllers, err := s.Pods(ctx, s.Controllers)
		require.NoError(s, err)
		databases, err := s.Pods(ctx, s.Databases)
		require.NoError(s, err)
		for kind, probe := range probes {
			for _, port := range []int{boltPort, readPort, httpPort} {
				if !probe.Reaches(ctx, controllers[0].Status.PodIP, port, openWithin) {
					s.Void("%s does not reach port %d while everybody may: the values are not what keeps it away", kind, port)
				}
			}
		}

		s.Cleanup(func() { require.NoError(s, s.Install(context.WithoutCancel(ctx), nil)) })
		require.NoError(s, s.Install(ctx, helm.Values{"networkPolicy": helm.Values{
			"gatewayClients": peers("gateway"), "httpClients": peers("http"),
		}}))
		controllers, err = s.Pods(ctx, s.Controllers)
		require.NoError(s, err)
		s.Eventually(ctx, "the policies have reached every node", 30*time.Second, func(ctx context.Context) error {
			for _, c := range controllers {
				if probes["nobody"].Reaches(ctx, c.Status.PodIP, httpPort, openWithin) {
					return errors.New("the API of " + c.Name + " is still open")
				}
			}
			return nil
		})
		for kind, probe := range probes {
			for _, c := range controllers {
				for port, who := range map[int]string{boltPort: "gateway", readPort: "gateway", httpPort: "http"} {
					require.Equal(s, kind == who, probe.Reaches(ctx, c.Status.PodIP, port, openWithin), "%s reaches port %d of %s", kind, port, c.Name)
				}
			}
			for _, d := range databases {
				for _, port := range []int{boltPort, replicationPort} {
					require.False(s, probe.Reaches(ctx, d.Status.PodIP, port, openWithin), "%s reaches port %d of %s", kind, port, d.Name)
				}
			}
		}
		for _, c := range controllers { // they ask each other what they know
			process, err := fleet.Process(ctx, &c, fleet.Controller)
			require.NoError(s, err)
			for _, other := range controllers {
				require.True(s, process.Reaches(ctx, other.Status.PodIP, httpPort, openWithin), "%s does not reach %s", c.Name, other.Name)
			}
		}
	})
}

const strangerName = "stranger"

// stranger runs a pod that is none of the release's, until the test ends. It is a
// database, because that image is on every node, but nobody asks it anything: its
// network is what is used. It has the given labels besides its own.
func (s *Scenario) stranger(ctx context.Context, namespace string, labels map[string]string) *corev1.Pod {
	s.Helper()
	if namespace != s.Namespace {
		_, err := s.Client.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
		if err != nil && !apierrors.IsAlreadyExists(err) {
			require.NoError(s, err)
		}
	}
	pods := s.Client.CoreV1().Pods(namespace)
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: strangerName + "-", Labels: map[string]string{"app": strangerName}},
		Spec:       databaseSpec(strangerName, s.Images.Database, corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}),
	}
	maps.Copy(pod.Labels, labels)
	pod, err := pods.Create(ctx, pod, metav1.CreateOptions{})
	require.NoError(s, err)
	name := pod.Name
	s.Cleanup(func() {
		_ = pods.Delete(context.WithoutCancel(ctx), name, metav1.DeleteOptions{GracePeriodSeconds: fleet.ByForce()})
	})
	s.Eventually(ctx, "pod "+name+" runs", time.Minute, func(ctx context.Context) error {
		if pod, err = pods.Get(ctx, name, metav1.GetOptions{}); err != nil {
			return err
		}
		status, err := fleet.ContainerStatus(pod, strangerName)
		if err == nil && status.State.Running == nil {
			err = fmt.Errorf("it is %s", pod.Status.Phase)
		}
		return err
	})
	return pod
}
