package clients

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"memgraph-controller/e2e/workload"
)

const (
	header = `{"history":1,"client":"go 5","write":"w:1","read":"r:1","begin":"2026-11-22T10:00:00Z"}` + "\n"
	one    = `[1,"w",1,10,1.5]` + "\n"
	two    = `[2,"r",1,11,1.5]` + "\n"
	three  = `[3,"w",2,12,1.5]` + "\n"
	last   = `{"end":3}` + "\n"
)

// cluster is an API server that knows one pod, whose log is a script: what one
// follower gets after the other until his stream breaks.
type cluster struct {
	*fake.Clientset
	mu     sync.Mutex
	script []string
	opened int
	asked  chan struct{} // closed when the pod's time is over
}

// held is where a stream of the script waits until the client was asked to end.
const held = "\x00"

func newCluster(phase corev1.PodPhase, script ...string) *cluster {
	c := &cluster{script: script, asked: make(chan struct{})}
	c.Clientset = fake.NewClientset(&corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "client", Namespace: "clients"}, Status: corev1.PodStatus{Phase: phase},
	})
	c.PrependReactor("patch", "pods", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if strings.Contains(string(action.(clienttesting.PatchAction).GetPatch()), "activeDeadlineSeconds") {
			close(c.asked)
		}
		return false, nil, nil
	})
	return c
}

// follow gives the next stream of the script, and the last one again and again.
func (c *cluster) follow(ctx context.Context) (io.ReadCloser, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text := c.script[min(c.opened, len(c.script)-1)]
	c.opened++
	if text == "" {
		return nil, errors.New("connection refused")
	}
	before, after, waits := strings.Cut(text, held)
	if !waits {
		return io.NopCloser(strings.NewReader(before)), nil
	}
	stream, out := io.Pipe()
	go func() {
		_, _ = io.WriteString(out, before)
		select {
		case <-c.asked:
			_, _ = io.WriteString(out, after)
		case <-ctx.Done():
		}
		_ = out.Close()
	}()
	return stream, nil
}

func (c *cluster) watch(t *testing.T) (*remote, error) {
	return watch(t.Context(), c.CoreV1().Pods("clients"), "client", c.follow)
}

// pod is nil once it was removed.
func (c *cluster) pod(t *testing.T) *corev1.Pod {
	pod, err := c.CoreV1().Pods("clients").Get(t.Context(), "client", metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return nil
	}
	require.NoError(t, err)
	return pod
}

func TestALogWhoseStreamBreaksIsReadAgainAndCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(corev1.PodRunning,
			"", "", // the container is not there yet
			header+one+`[2,"r",1`, // in the midst of a line
			"",                    // the API server is away
			header+one+two, header,
			header+one+two+held+three+last,
		)
		client, err := c.watch(t)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		require.Equal(t, 1, client.Acknowledged())
		require.Len(t, client.History().Reads, 1)

		history, err := client.Stop(t.Context())
		require.NoError(t, err)
		require.Len(t, history.Writes, 2)
		require.Len(t, history.Reads, 1)
		require.Equal(t, "go 5 in a pod", history.Writes[0].Client)
		require.Nil(t, c.pod(t), "the pod is removed")
		again, err := client.Stop(t.Context())
		require.NoError(t, err)
		require.Equal(t, history, again)
	})
}

func TestALogThatIsReadAfterTheEndOfThePodGivesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(corev1.PodRunning, header+one+held, header+one+two+three+last)
		client, err := c.watch(t)
		require.NoError(t, err)
		history, err := client.Stop(t.Context())
		require.NoError(t, err)
		require.Len(t, history.Writes, 2)
	})
}

func TestLinesThatTheLogLostAreAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(corev1.PodRunning, header+one, header+three)
		client, err := c.watch(t)
		require.NoError(t, err)
		synctest.Wait()
		time.Sleep(time.Second)
		_, err = client.Stop(t.Context())
		require.ErrorContains(t, err, "1 operations are missing before it")
		require.Nil(t, c.pod(t))
	})
}

func TestAClientThatEndsByItselfIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(corev1.PodFailed, header+one+"MemoryError\n")
		client, err := c.watch(t)
		require.NoError(t, err)
		time.Sleep(time.Second)
		history, err := client.Stop(t.Context())
		require.ErrorContains(t, err, "pod client: it ended by itself after 1 acknowledged writes")
		require.ErrorContains(t, err, "MemoryError")
		require.Len(t, history.Writes, 1, "what there is can be looked at")
	})
}

func TestAPodThatSomebodyDeletedIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(corev1.PodRunning, header+one)
		client, err := c.watch(t)
		require.NoError(t, err)
		require.NoError(t, c.CoreV1().Pods("clients").Delete(t.Context(), "client", metav1.DeleteOptions{}))
		time.Sleep(time.Second)
		_, err = client.Stop(t.Context())
		require.ErrorContains(t, err, "its pod was deleted")
	})
}

func TestAPodThatDoesNotStartIsDescribedAndRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(corev1.PodPending, "")
		pod := c.pod(t)
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "no such image"},
		}}}
		_, err := c.CoreV1().Pods("clients").UpdateStatus(t.Context(), pod, metav1.UpdateOptions{})
		require.NoError(t, err)
		begin := time.Now()
		_, err = c.watch(t)
		require.ErrorContains(t, err, "it is not at work: its pod is Pending, its container waits: ErrImagePull no such image")
		require.ErrorContains(t, err, "not at work within 2m0s")
		require.Equal(t, podWithin, time.Since(begin))
		require.Nil(t, c.pod(t))
	})
}

func TestAClientThatDoesNotEndIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(corev1.PodRunning, header+one+held+two)
		client, err := c.watch(t)
		require.NoError(t, err)
		begin := time.Now()
		history, err := client.Stop(t.Context())
		require.ErrorContains(t, err, "it did not end within")
		require.Equal(t, stopWithin, time.Since(begin))
		require.Len(t, history.Writes, 1)
		require.Nil(t, c.pod(t))
	})
}

func TestTheClientIsAskedToEndUntilTheAPIServerHears(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(corev1.PodRunning, header+one+two+held+three+last)
		away := 10
		c.PrependReactor("patch", "pods", func(clienttesting.Action) (bool, runtime.Object, error) {
			away--
			return away > 0, nil, errors.New("connection refused")
		})
		client, err := c.watch(t)
		require.NoError(t, err)
		_, err = client.Stop(t.Context())
		require.NoError(t, err)
	})
}

func TestStopMergesAllAndStopsThemEvenIfOneFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		good := newCluster(corev1.PodRunning, header+one+two+held+three+last)
		bad := newCluster(corev1.PodFailed, header+`[1,"w",100,10,1.5]`+"\n")
		first, err := bad.watch(t)
		require.NoError(t, err)
		second, err := good.watch(t)
		require.NoError(t, err)
		time.Sleep(time.Second)
		history, err := Stop(t.Context(), first, second)
		require.ErrorContains(t, err, "ended by itself")
		require.Len(t, history.Writes, 3)
		require.Nil(t, good.pod(t))
	})
}

func TestThePodIsTakenByEveryNamespace(t *testing.T) {
	kube := fake.NewClientset()
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // there is nobody to run it
	config := Config{Write: "w:1", Read: "r:1", Rates: workload.Rates{Writes: 100}}
	_, err := Run(ctx, kube, Pod{Namespace: "clients", Image: "localhost/client:1", Node: "worker"}, Python, config)
	require.Error(t, err)

	var pod *corev1.Pod
	for _, action := range kube.Actions() {
		if create, ok := action.(clienttesting.CreateAction); ok {
			pod = create.GetObject().(*corev1.Pod)
		}
	}
	require.NotNil(t, pod)
	require.Equal(t, "clients", pod.Namespace)
	require.Equal(t, "worker", pod.Spec.NodeName)
	require.Regexp(t, "^client-python-[a-z0-9]{5}$", pod.Name)
	require.Len(t, pod.Spec.Containers, 1)
	c := pod.Spec.Containers[0]
	require.Equal(t, "localhost/client:1", c.Image)
	require.Equal(t, config.flags(), c.Args)
	require.True(t, *pod.Spec.SecurityContext.RunAsNonRoot)
	require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.Spec.SecurityContext.SeccompProfile.Type)
	require.False(t, *c.SecurityContext.AllowPrivilegeEscalation)
	require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
	require.Equal(t, []corev1.Capability{"ALL"}, c.SecurityContext.Capabilities.Drop)
	require.Greater(t, time.Duration(*pod.Spec.TerminationGracePeriodSeconds)*time.Second, 15*time.Second, "longer than what is under way is given")
}
