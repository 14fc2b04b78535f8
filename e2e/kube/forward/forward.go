// Package forward reaches ports of pods from this machine, through the API server
// as `kubectl port-forward` does it: no policy of the network is in the way, and
// nothing but the API server has to be reachable.
package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/httpstream"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
)

// Tunnel leads to one port of one pod. It carries any number of connections. What
// the API server offers breaks as a whole with the first connection that the pod
// resets; it is opened again at the same address until the tunnel is closed.
type Tunnel struct {
	// Address is this end, host:port.
	Address string

	dialer httpstream.Dialer
	remote int
	stop   chan struct{}
	once   sync.Once
}

// again is the pause before a tunnel that broke is opened anew.
const again = 100 * time.Millisecond

// Open returns a tunnel that works until Close, or an error when the pod has not
// answered before ctx ends.
func Open(ctx context.Context, config *rest.Config, client kubernetes.Interface, namespace, pod string, port int) (*Tunnel, error) {
	t := &Tunnel{remote: port, stop: make(chan struct{})}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err == nil {
		url := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
		t.dialer = spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
		err = t.open(ctx)
	}
	if err != nil {
		t.Close()
		return nil, fmt.Errorf("port %d of pod %s/%s: %w", port, namespace, pod, err)
	}
	return t, nil
}

// open opens the tunnel for the first time and keeps it open.
func (t *Tunnel) open(ctx context.Context) error {
	ready, said := make(chan struct{}), &saying{}
	forwarder, err := t.forwarder(0, ready, said)
	if err != nil {
		return err
	}
	failed, broken := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(broken)
		failed <- forwarder.ForwardPorts()
	}()
	select {
	case <-ready:
	case err := <-failed:
		return errors.Join(err, said.error())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	ports, err := forwarder.GetPorts()
	if err != nil {
		return err
	}
	local := int(ports[0].Local)
	t.Address = net.JoinHostPort("127.0.0.1", strconv.Itoa(local))
	go t.keep(local, broken)
	return nil
}

func (t *Tunnel) forwarder(local int, ready chan struct{}, said io.Writer) (*portforward.PortForwarder, error) {
	ports := []string{fmt.Sprintf("%d:%d", local, t.remote)}
	return portforward.NewOnAddresses(t.dialer, []string{"127.0.0.1"}, ports, t.stop, ready, io.Discard, said)
}

// keep opens the tunnel again, each time that it breaks.
func (t *Tunnel) keep(local int, broken <-chan struct{}) {
	select {
	case <-broken:
	case <-t.stop:
	}
	for {
		select {
		case <-t.stop:
			return
		case <-time.After(again):
		}
		if forwarder, err := t.forwarder(local, make(chan struct{}), io.Discard); err == nil {
			_ = forwarder.ForwardPorts() // it breaks again, or the pod is gone
		}
	}
}

// Close ends the tunnel and every connection in it. It may be called twice.
func (t *Tunnel) Close() { t.once.Do(func() { close(t.stop) }) }

// saying keeps what the forwarder prints as errors.
type saying struct {
	mu   sync.Mutex
	text strings.Builder
}

func (s *saying) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *saying) error() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text.Len() == 0 {
		return nil
	}
	return errors.New(strings.TrimSpace(s.text.String()))
}
